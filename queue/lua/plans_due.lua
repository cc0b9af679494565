#!lua flags=no-writes
-- Plans whose next occurrence is to be made. ARGV: most -> now, ms until the next one (-1 = none), {id, json, cursor} each
local at = now()
local out = {'ok', at, -1}
for _, id in ipairs(call('ZRANGE', P .. 'plans.due', '-inf', at, 'BYSCORE', 'LIMIT', 0, ARGV[1])) do
  local h = call('HMGET', P .. 'plan:' .. id, 'json', 'cursor')
  out[#out + 1] = {id, h[1] or '', h[2] or ''}
end
local nx = call('ZRANGE', P .. 'plans.due', 0, 0, 'WITHSCORES')
if nx[2] then out[3] = math.max(0, nx[2] - at) end
return out
