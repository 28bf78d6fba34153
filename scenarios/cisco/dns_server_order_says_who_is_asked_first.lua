-- CISCO-SRV-12 (7800 guide, DNS Server Order): the DNS servers that were configured (Primary DNS) and those that DHCP
-- gave are asked in this order: Manual alone, Manual,DHCP or DHCP,Manual.
local sipfall = require "sipfall"

local manual = "8.8.8.8" -- DHCP gives the other one: see dns_order
local zone = [[
  $ORIGIN example.com.
  _sip._udp 300 IN SRV 10 10 5060 p1
  p1        300 IN A {p1}
]]

local function phone(order)
  return { profile = "cisco-mpp", config = {
    ["Proxy"] = "example.com", ["Use DNS SRV"] = "Yes", ["DNS SRV Auto Prefix"] = "Yes",
    ["DNS Query Mode"] = "Sequential", ["Primary DNS"] = manual, ["DNS Server Order"] = order,
  } }
end

return sipfall.scenario {
  title  = "DNS Server Order says which DNS server is asked first, and whether that of DHCP is asked at all",
  covers = { "CISCO-SRV-12" },
  tags   = { "cisco", "dns" },
  needs  = { "virtual time" },
  dns_servers = { configured = { zone = zone, address = manual }, dhcp = { zone = zone } },
  dns_order   = { "dhcp", "configured" },
  proxies = { p1 = {} },
  phones  = { alice = phone("Manual,DHCP"), bob = phone("DHCP,Manual") },

  run = function(lab)
    local alice, bob = lab.phones.alice, lab.phones.bob
    local configured, dhcp = lab.dns_servers.configured, lab.dns_servers.dhcp
    dhcp:never(nil, { from = "alice" }):before(60)
    alice:start()
    configured:expect("SRV", { from = "alice" }):within(1)
    alice:expect("registered"):within(1)
    configured:never(nil, { from = "bob" }):before(60)
    bob:start()
    dhcp:expect("SRV", { from = "bob" }):within(1)
    bob:expect("registered"):within(1)
  end,
}
