# shellcheck shell=bash disable=SC2034
# SPDX-License-Identifier: MIT
#
# Which files a style check looks at. Each check is called as NAME [ROOT] and prints FILE:LINE: TEXT for each
# offence, with status 1; a check that found no file to look at fails too.

root=$(cd "${1:-$(dirname "${BASH_SOURCE[0]}")/../../..}" && pwd)
cd "$root" || exit 1

# project_files GLOB…: sets `files` to those whose name matches one of the globs: what git tracks, or, where
# there is no git (an unpacked archive), everything outside build/.
project_files() {
  local path glob
  files=()
  while IFS= read -r path; do
    [ -f "$path" ] || continue
    for glob in "$@"; do
      # shellcheck disable=SC2053 # it is a glob
      if [[ $path == $glob ]]; then
        files+=("$path")
        break
      fi
    done
  done < <(all_files)
  if [ ${#files[@]} -eq 0 ]; then
    echo "$0: nothing to look at in $root ($*)"
    exit 1
  fi
}

all_files() {
  if [ -e .git ] && command -v git >/dev/null; then
    git -c safe.directory='*' ls-files
  else
    find . -path ./build -prune -o -type f -printf '%P\n'
  fi | LC_ALL=C sort
}
