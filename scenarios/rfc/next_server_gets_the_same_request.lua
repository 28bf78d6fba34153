-- RFC3263-4.3-b: what the next server gets is a new request, identical to the first but for the branch of its Via,
-- which makes it a new transaction.
local sipfall = require "sipfall"

-- The message without the branch.
local function rest(event)
  local text, count = event.message:gsub("branch=" .. event.branch:gsub("%W", "%%%0"), "branch=")
  assert(count == 1, "the branch must stand in the message once")
  return text
end

return sipfall.scenario {
  title  = "the next server gets the same INVITE with another branch",
  covers = { "RFC3263-4.3-b" },
  tags   = { "rfc", "failover", "call" },
  needs  = { "virtual time" },
  dns    = { zone = [[
    $ORIGIN example.com.
    _sip._udp 300 IN SRV 10 10 5060 p1
    _sip._udp 300 IN SRV 20 10 5060 p2
    p1        300 IN A {p1}
    p2        300 IN A {p2}
  ]] },
  proxies = { p1 = {}, p2 = {} },
  phones  = { alice = { profile = "rfc3263", config = { ["Proxy"] = "example.com" } } },

  run = function(lab)
    local alice, p1, p2 = lab.phones.alice, lab.proxies.p1, lab.proxies.p2
    alice:start()
    alice:expect("registered", { server = "p1" }):within(1)
    p1:down { how = "drop" }
    local call = alice:dial("sip:bob@example.com")
    local first = p1:expect("INVITE"):within(1)
    local second = p2:expect("INVITE"):at(32, { after = first }) -- Timer B, 64*T1
    assert(second.branch ~= first.branch, "the branch must be a new one for each server")
    assert(rest(second) == rest(first), "everything else must be the same")
    call:expect("answered"):within(1)
  end,
}
