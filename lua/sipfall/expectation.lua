-- SPDX-License-Identifier: MIT
--
-- Expectations: what must happen, and when (expect), and what must not (never).
--
--   p1:expect("REGISTER"):within(1)                      the next one comes 1 s from now at the latest
--   p1:expect("REGISTER"):at(600, { after = invite })    … exactly 600 s after that event
--   p1:expect("REGISTER"):between(30, 40)                … no sooner and no later
--   p1:never("REGISTER"):before(600, { after = invite })
--   p1:never("REGISTER"):during(10, 20)                  … from 10 s to 20 s from now
--   p1:never():before(600)                               no request at all
--
-- Expectations wait, one after the other, and return the event that meets them. Each looks at what came at the
-- instant at which the one before it was met, or later (or since the action before it began): the order within
-- one instant is nobody's promise. No event meets two expectations. What must never happen is watched
-- meanwhile; the scenario doesn't end before that is decided.
--
-- Each expectation that was decided is one check. One that fails ends the scenario.

local fields = require "sipfall.fields"
local tolerance = require "sipfall.tolerance"

local expectation = {}

local Expectation = {}
Expectation.__index = Expectation

local Never = {}
Never.__index = Never

-- What events can be asked for (common/event.h, docs/phone-control.md); a misspelt one would match nothing, and
-- never() would hold for ever.
local members = {}
for name in ([[from to from_address to_address transport request status reason uri cseq cseq_method call_id branch
  retransmission message malformed id query qname qtype rcode truncated line call state server expires_s local
  retry_in_s from_server to_server caller name text stream signal]]):gmatch("%S+") do members[name] = true end

local function check_members(lab, wanted)
  if type(wanted) ~= "table" then lab:fail("what is expected besides must be a table: { server = \"p1\" }") end
  for _, name in ipairs(fields.names(wanted)) do
    if not members[name] then lab:fail(fields.unknown("member", name, fields.names(members))) end
  end
end

local function new(class, lab, subject, what, wanted)
  check_members(lab, wanted or {})
  local self = setmetatable({
    lab = lab, subject = subject, what = what, fields = wanted or {}, line = lab:scenario_line(),
    called_ns = lab:now_ns(), mark = lab.mark, class = class,
  }, class)
  lab.open[#lab.open + 1] = self
  return self
end

function expectation.expect(lab, subject, what, wanted) return new(Expectation, lab, subject, what, wanted) end
function expectation.never(lab, subject, what, wanted) return new(Never, lab, subject, what, wanted) end

local function seconds(ns) return ns / 1e9 end

local function show(ns) return ("%.3f s"):format(seconds(ns)) end

-- Bounds, which have half a millisecond of tolerance, as the whole milliseconds within them.
local function show_latest(ns) return show(ns // 1000000 * 1000000) end
local function show_earliest(ns) return show(-(-ns // 1000000) * 1000000) end

-- "REGISTER to p1"
local function describe(self)
  local text = self.subject:describe(self.what)
  local names = {}
  for name in pairs(self.fields) do names[#names + 1] = name end
  table.sort(names)
  for _, name in ipairs(names) do text = ("%s, %s = %s"):format(text, name, tostring(self.fields[name])) end
  return text
end

local function matches(self, event)
  if not self.subject:matches(event, self.what) then return false end
  for name, value in pairs(self.fields) do
    if event[name] ~= value then return false end
  end
  return true
end

-- From which event on, and from which instant, this expectation looks and counts.
local function set_reference(self, options)
  local after = options and options.after
  if options then
    for name in pairs(options) do
      if name ~= "after" then
        self.lab:fail_at(self.line, ("option \"%s\" is unknown (there is: after)"):format(name))
      end
    end
  end
  if after ~= nil and (type(after) ~= "table" or not after.t_ns or not after.seq) then
    self.lab:fail_at(self.line, "after must be an event, as expect(…):within(…) returns it")
  end
  self.base_ns = after and after.t_ns or self.called_ns
  self.next = after and after.seq + 1 or self.mark
  -- What must happen, must happen in order; what must not is watched from its reference on.
  if self.class == Expectation then self.next = math.max(self.next, self.mark) end
  self.reference = after and (" after the event at %s"):format(show(after.t_ns)) or ""
end

local function close(self)
  for i, open in ipairs(self.lab.open) do
    if open == self then
      table.remove(self.lab.open, i)
      return
    end
  end
end

-- The next matching event that has come by now, or nil.
local function find(self)
  local count = self.lab.core.event_count()
  while self.next < count do
    local event = self.lab.core.event(self.next)
    self.next = self.next + 1
    local taken = self.class == Expectation and self.lab.met[event.seq]
    if not taken and matches(self, event) then return event end
  end
end

-- What came at the subject meanwhile, for the failure's text: the last few, and how many more.
local function seen_meanwhile(self)
  local lines, more = {}, 0
  for sequence = self.lab.core.event_count() - 1, self.first, -1 do
    local event = self.lab.core.event(sequence)
    local text = self.subject:show(event)
    if text then
      if #lines < 8 then
        table.insert(lines, 1, ("    %s  %s"):format(show(event.t_ns), text))
      else
        more = more + 1
      end
    end
  end
  if #lines == 0 then return ("  seen meanwhile at %s: nothing"):format(self.subject.name) end
  return ("  seen meanwhile at %s%s:\n%s"):format(self.subject.name,
    more > 0 and (" (the last 8 of %d)"):format(more + 8) or "", table.concat(lines, "\n"))
end

-- One that came before the expectation began to look: a hint that the order of the scenario is another.
local function seen_before(self)
  for sequence = self.first - 1, 0, -1 do
    local event = self.lab.core.event(sequence)
    if matches(self, event) then
      return ("\n  (the last one before that came at %s)"):format(show(event.t_ns))
    end
  end
  return ""
end

local function decide(self, passed, text, seen)
  close(self)
  self.lab:check(passed, text, self.line, seen)
  if not passed then
    self.lab:fail_at(self.line, ("%s; %s\n%s%s"):format(text, seen, seen_meanwhile(self), seen_before(self)))
  end
end

-- Waits for the next matching event, which must come from `earliest` to `latest` (s after the reference).
local function await(self, earliest, latest, when, options)
  set_reference(self, options)
  self.first = self.next
  local early_ns = self.base_ns + math.floor(earliest * 1e9 + 0.5)
  local late_ns = self.base_ns + math.floor(latest * 1e9 + 0.5)
  local text = ("expected %s %s%s"):format(describe(self), when, self.reference)
  local event = self.lab:wait(function() return find(self) end, late_ns)
  if not event or event.t_ns > late_ns then
    decide(self, false, text, event
      and ("it came at %s, too late (%s was the latest)"):format(show(event.t_ns), show_latest(late_ns))
      or ("none came until %s"):format(show_latest(late_ns)))
  elseif event.t_ns < early_ns then
    decide(self, false, text,
      ("it came at %s, too early (%s was the earliest)"):format(show(event.t_ns), show_earliest(early_ns)))
  end
  self.lab:met_by(event)
  decide(self, true, text, ("at %s"):format(show(event.t_ns)))
  return event
end

-- A number of seconds; a year is more than any scenario has.
local function check_number(self, value, name)
  if type(value) ~= "number" or not (value >= 0 and value <= 366 * 86400) then
    self.lab:fail_at(self.line, ("%s wants seconds, from 0 to a year, not %s"):format(name, tostring(value)))
  end
end

local function check_interval(self, from, until_, name)
  check_number(self, from, name)
  check_number(self, until_, name)
  if from > until_ then
    self.lab:fail_at(self.line, ("%s(%g, %g) ends before it begins"):format(name, from, until_))
  end
end

function Expectation:within(duration, options)
  check_number(self, duration, "within")
  local slack = self.lab.real_time and tolerance.of(duration, true) or 0
  return await(self, -math.huge, duration + slack, ("within %g s"):format(duration), options)
end

function Expectation:at(instant, options)
  check_number(self, instant, "at")
  local slack = tolerance.of(instant, self.lab.real_time)
  return await(self, instant - slack, instant + slack, ("at %g s"):format(instant), options)
end

function Expectation:between(earliest, latest, options)
  check_interval(self, earliest, latest, "between")
  local slack = tolerance.of(latest, self.lab.real_time)
  return await(self, earliest - slack, latest + slack, ("between %g s and %g s"):format(earliest, latest), options)
end

-- Watches until the time is over; `decided` is asked by the lab whenever something happened. In real time what
-- belongs to the edges of the interval may fall into it, so it is narrower there.
local function watch(self, from, until_, includes_end, when, options)
  set_reference(self, options)
  self.first = self.next
  local slack = tolerance.of(until_, self.lab.real_time)
  local narrower = self.lab.real_time and slack or 0
  self.from_ns = self.base_ns + math.floor((from > 0 and from + narrower or 0) * 1e9 + 0.5)
  self.until_ns = self.base_ns + math.floor((until_ - (includes_end and narrower or slack)) * 1e9 + 0.5)
  self.text = ("expected no %s %s%s"):format(describe(self), when, self.reference)
  self.lab:watch(self)
end

--- True once it is decided; raises the failure when what must never happen has.
function Never:decided()
  local event = find(self)
  while event and event.t_ns < self.from_ns do event = find(self) end
  if event and event.t_ns <= self.until_ns then
    decide(self, false, self.text, ("one came at %s"):format(show(event.t_ns)))
  end
  if not event and self.lab:now_ns() <= self.until_ns then return false end
  decide(self, true, self.text, "none came")
  return true
end

function Never:before(instant, options)
  check_number(self, instant, "before")
  if instant == 0 then self.lab:fail_at(self.line, "before(0) is no time at all") end
  watch(self, 0, instant, false, ("before %g s"):format(instant), options)
end

function Never:during(from, until_, options)
  check_interval(self, from, until_, "during")
  watch(self, from, until_, true, ("between %g s and %g s"):format(from, until_), options)
end

return expectation
