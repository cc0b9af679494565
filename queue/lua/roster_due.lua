#!lua flags=no-writes
-- What comes soon: activities that begin within ARGV[1] ms. KEYS: clock, acts; act:<code>, :conf, :wait of those listed. ARGV: how far to look, offset, most.
-- -> now, then {code, fields, taken, waiting} each.
local t = now()
local r = {'ok', int(t)}
for _, code in ipairs(call('ZRANGEBYSCORE', KEYS[2], int(t), int(t + ARGV[1]), 'LIMIT', ARGV[2], ARGV[3])) do
  local act = P .. 'act:' .. code
  r[#r + 1] = {code, call('HGETALL', act), call('ZCARD', act .. ':conf'), call('ZCARD', act .. ':wait')}
end
return r
