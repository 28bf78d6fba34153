-- CISCO-SRV-10 (MPP common guide, Control SIP and RTP Behaviour in Dual Mode): the rows of the guide's table. Within
-- one priority the family of SIP IP Preference comes first, then the other one, then the next priority; a mode of one
-- family skips the other; a server without the preferred family is tried in the one that it has. (The "Result" of the
-- table's fourth row contradicts its own sequence, which is what is asserted.) Each address is a proxy of its own, and
-- all are dead, so that each phone goes through its whole list.
local sipfall = require "sipfall"

local timer_f = 16

-- By phone: its proxy's name, IP Mode, SIP IP Preference, and in which order it tries the servers.
local rows = {
  alice = { "both.example.com", "Dual Mode", "IPv4", { "p1v4", "p1v6", "p2v4", "p2v6" } },
  bob   = { "both.example.com", "Dual Mode", "IPv6", { "p1v6", "p1v4", "p2v6", "p2v4" } },
  carol = { "both.example.com", "IPv4 Only", "IPv4", { "p1v4", "p2v4" } },
  dave  = { "both.example.com", "IPv6 Only", "IPv6", { "p1v6", "p2v6" } },
  erin  = { "v6.example.com", "Dual Mode", "IPv4", { "p1v6", "p2v4", "p2v6" } },
  frank = { "v4.example.com", "Dual Mode", "IPv6", { "p1v4", "p2v6", "p2v4" } },
}

local phones, number = {}, 0
for name, row in pairs(rows) do
  number = number + 1
  phones[name] = { address = { "10.0.0." .. number, "2001:db8::a:" .. number }, profile = "cisco-mpp", config = {
    ["Proxy"] = row[1], ["Use DNS SRV"] = "Yes", ["DNS SRV Auto Prefix"] = "Yes",
    ["IP Mode"] = row[2], ["SIP IP Preference"] = row[3],
  } }
end

return sipfall.scenario {
  title  = "each priority's addresses are tried by SIP IP Preference, and those of IP Mode only",
  covers = { "CISCO-SRV-10" },
  tags   = { "cisco", "dns", "failover" },
  needs  = { "virtual time" },
  dns    = { zone = [[
    $ORIGIN example.com.
    $TTL 86400
    _sip._udp.both IN SRV 10 10 5060 p1
    _sip._udp.both IN SRV 20 10 5060 p2
    _sip._udp.v4   IN SRV 10 10 5060 p1v4
    _sip._udp.v4   IN SRV 20 10 5060 p2
    _sip._udp.v6   IN SRV 10 10 5060 p1v6
    _sip._udp.v6   IN SRV 20 10 5060 p2
    p1             IN A    {p1v4}
    p1             IN AAAA {p1v6}
    p1v4           IN A    {p1v4}
    p1v6           IN AAAA {p1v6}
    p2             IN A    {p2v4}
    p2             IN AAAA {p2v6}
  ]] },
  proxies = {
    p1v4 = { address = "1.1.1.1" }, p1v6 = { address = "2009:1:1:1::1" },
    p2v4 = { address = "2.2.2.2" }, p2v6 = { address = "2009:2:2:2::2" },
  },
  phones  = phones,

  run = function(lab)
    for _, proxy in pairs(lab.proxies) do proxy:down { how = "drop" } end
    for name, phone in pairs(lab.phones) do
      local servers = rows[name][4]
      for server, proxy in pairs(lab.proxies) do
        local is_used = table.concat(servers, " "):find(server, 1, true)
        if not is_used then proxy:never(nil, { from = name }):before(#servers * timer_f + 1) end
      end
      phone:start()
      local first = lab.proxies[servers[1]]:expect("REGISTER", { from = name }):within(1)
      for i = 2, #servers do
        lab.proxies[servers[i]]:never(nil, { from = name }):before((i - 1) * timer_f, { after = first })
        lab.proxies[servers[i]]:expect("REGISTER", { from = name }):at((i - 1) * timer_f, { after = first })
      end
      phone:expect("registration_failed", { server = servers[#servers] }):at(#servers * timer_f, { after = first })
      phone:stop()
    end
  end,
}
