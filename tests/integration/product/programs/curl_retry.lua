-- SPDX-License-Identifier: MIT
--
-- curl(1), --retry: it waits one second before the first retry and doubles that up to ten minutes; --retry-delay makes
-- them all the same; --retry-connrefused counts a closed port as worth a retry.
local sipfall = require "sipfall"

return sipfall.scenario {
  title = "curl retries a closed port after 1, 2, 4 and 8 s until the server is there, and after its --retry-delay",
  programs = {
    web = {
      command = { "/usr/bin/python3", "-u", "-m", "http.server", "--bind", "{web}", "8080" },
      files = { ["hello.txt"] = "hello\n" },
    },
    client = { command = { "curl", "--no-progress-meter", "--retry-connrefused", "http://{web}:8080/hello.txt" } },
  },
  needs = { "virtual time" },

  run = function(lab)
    local web, client = lab.programs.web, lab.programs.client
    client:start("--retry", 5)
    for _, delay in ipairs { 1, 2, 4, 8 } do
      client:expect(("Will retry in %d seconds"):format(delay)):at(delay // 2)
    end
    web:start()
    client:expect("hello"):at(8)
    client:expect("exited", { status = 0 }):within(0)

    web:stop()
    client:start("--retry", 3, "--retry-delay", 30)
    client:expect("exited", { status = 7 }):at(90)
  end,
}
