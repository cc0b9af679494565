#!lua flags=no-writes
-- Activities by their start. KEYS: clock, acts; act:<code>, :conf, :wait of those listed. ARGV: earliest start, offset, most. -> {code, fields, taken, waiting} each.
local r = {'ok'}
for _, code in ipairs(call('ZRANGEBYSCORE', KEYS[2], ARGV[1], '+inf', 'LIMIT', ARGV[2], ARGV[3])) do
  local act = P .. 'act:' .. code
  r[#r + 1] = {code, call('HGETALL', act), call('ZCARD', act .. ':conf'), call('ZCARD', act .. ':wait')}
end
return r
