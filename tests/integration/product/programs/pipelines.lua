-- SPDX-License-Identifier: MIT
--
-- Shell pipelines, whose programs read and write through stdio: what goes through them comes at its exact instant, as
-- lines or as more than a pipe holds. They run on a host of the network and beside others.
local sipfall = require "sipfall"

local function shell(...)
  return { command = { "sh", "-c", table.concat({ ... }, "; ") } }
end

return sipfall.scenario {
  title = "shell pipelines take no time of their own, and end when their slowest program does",
  needs = { "virtual time" },
  programs = {
    lines = shell "(sleep 2; echo a; sleep 2; echo b) | sed -u s/a/A/ | tee /dev/null | cat",
    together = shell "(sleep 2; echo b; sleep 2; echo a) | awk '{print}' | tee /dev/null | sort | sed s/$/!/",
    much = shell("sleep 1; head -c 1000000 /dev/zero | cat | wc -c", "seq 1 300000 | sort -rn | tail -n 1"),
    endless = shell("yes | head -n 1", "sleep 3", "(sleep 1; echo c; sleep 2) | grep -q c", "echo end"),
  },

  run = function(lab)
    local programs = lab.programs
    for _, name in ipairs { "lines", "together", "much", "endless" } do
      programs[name]:start()
    end
    programs.endless:expect("y"):within(0)
    programs.much:expect("1000000"):at(1)
    programs.much:expect("1"):within(0)
    programs.much:expect("exited", { status = 0 }):within(0)
    programs.lines:expect("A"):at(1)
    programs.lines:expect("b"):at(2)
    programs.together:expect("a!"):within(0)
    programs.together:expect("b!"):within(0)
    programs.endless:expect("end"):at(2)
    programs.endless:expect("exited", { status = 0 }):within(0)
  end,
}
