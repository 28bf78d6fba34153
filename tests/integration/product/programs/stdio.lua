-- SPDX-License-Identifier: MIT
--
-- What a program writes by stdio is read by the lab at the instant at which it wrote it: bash's echo does, and neither
-- `read -t` nor anything else that this program calls would tell the lab of it.
local sipfall = require "sipfall"

return sipfall.scenario {
  title = "lines that a program prints by stdio come when it prints them",
  needs = { "virtual time" },
  programs = {
    shell = {
      command = { "bash", "-c", [[
mkfifo never
exec 3<>never
echo one
read -t 1 -u 3
echo two
read -t 2 -u 3
echo three >&2
read -t 4 -u 3
exit 0
]] },
    },
  },

  run = function(lab)
    local shell = lab.programs.shell
    shell:start()
    shell:expect("one"):within(0)
    shell:expect("two"):at(1)
    shell:expect("three"):at(2)
    shell:expect("exited", { status = 0 }):at(4)
  end,
}
