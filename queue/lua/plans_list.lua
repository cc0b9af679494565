#!lua flags=no-writes
-- Plans, newest first. ARGV: from (rank), most -> {id, state, json, cursor, created} each; fewer than ${most} looked at = the end
local out = {'ok', 0}
for _, id in ipairs(call('ZRANGE', P .. 'plans', ARGV[1], ARGV[1] + ARGV[2] - 1, 'REV')) do
  local h = call('HMGET', P .. 'plan:' .. id, 'state', 'json', 'cursor', 'created')
  out[2] = out[2] + 1
  if h[1] then out[#out + 1] = {id, h[1], h[2], h[3], h[4]} end
end
return out
