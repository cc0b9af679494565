#!lua flags=allow-oom
-- Permits of a provider account, evenly spaced, for all daemons and communities: the next free moment moves on by n steps.
-- ARGV: provider, per second, n. Answers microseconds until the first permit, and between permits.
local key = P .. 'rl:' .. ARGV[1]
local t = call('TIME')
local at = t[1] * 1000000 + t[2]
local step, n = 1000000 / ARGV[2], tonumber(ARGV[3])
local free = tonumber(call('GET', key) or 0)
if free < at or free > at + 3600000000 then free = at end -- an hour ahead: the clock jumped
local till = free + n * step
call('SET', key, string.format('%.3f', till), 'PX', math.ceil((till - at) / 1000) + 1000)
return {'ok', math.ceil(free - at), math.ceil(step)}
