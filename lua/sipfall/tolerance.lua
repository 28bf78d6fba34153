-- SPDX-License-Identifier: MIT
--
-- How exact times must be: the one place that says so. In virtual time nothing may be off: times are compared
-- in whole milliseconds, which is what timers of SIP stacks count in. In real time a loaded machine is late,
-- and two machines' clocks drift apart.

local tolerance = {}

-- Seconds, to either side.
tolerance.virtual = 0.0005
tolerance.real = 0.25

--- Half the width of the instant `t` (s after the start of the expectation).
function tolerance.of(t, real_time)
  if not real_time then return tolerance.virtual end
  return tolerance.real + math.abs(t) * 1e-4 -- 100 ppm: a bad quartz on either side
end

return tolerance
