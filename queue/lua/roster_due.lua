#!lua flags=no-writes
-- What comes soon: offers that lapse, activities that begin within ARGV[1] ms. KEYS: clock, acts, offers; act:<code>, :conf, :wait of those listed.
-- ARGV: how far to look, offset, most.
-- -> now, {CODE WHO ... of offers that have lapsed}, when the next one lapses ('0' = none), then {code, fields, taken, waiting} each.
local t = now()
local later = call('ZRANGEBYSCORE', KEYS[3], '(' .. int(t), '+inf', 'WITHSCORES', 'LIMIT', 0, 1)
local r = {'ok', int(t), call('ZRANGEBYSCORE', KEYS[3], '-inf', int(t), 'LIMIT', 0, 20), later[2] or '0'}
for _, code in ipairs(call('ZRANGEBYSCORE', KEYS[2], int(t), int(t + ARGV[1]), 'LIMIT', ARGV[2], ARGV[3])) do
  local act = P .. 'act:' .. code
  r[#r + 1] = {code, call('HGETALL', act), call('ZCARD', act .. ':conf'), call('ZCARD', act .. ':wait')}
end
return r
