#!lua flags=allow-oom
-- Permits of a provider account, evenly spaced, for all daemons and communities: the next free moment moves on by n steps.
-- ARGV: provider, per second, n. Answers microseconds until the first permit, and between permits.
local key = P .. 'rl:' .. ARGV[1]
local t = call('TIME')
local at = t[1] * 1000000 + t[2]
local step, n = 1000000 / ARGV[2], tonumber(ARGV[3])
local was = {(call('GET', key) or ''):match('^(%S+) (%S+)$')} -- the next free moment, and when that was said
local free, said = tonumber(was[1] or 0), tonumber(was[2] or 0)
if said > at then free = free - (said - at) end -- the clock was set back
if free < at then free = at end
local till = free + n * step
call('SET', key, string.format('%.3f %.0f', till, at), 'PX', math.ceil((till - at) / 1000) + 1000)
return {'ok', math.ceil(free - at), math.ceil(step)}
