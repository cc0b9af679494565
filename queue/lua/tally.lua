#!lua flags=no-writes
-- How many notices are in which lane and state, among the newest 1,000: 'lane:state', count, ... KEYS[2] notices; the notices' own keys are derived.
local seen, out = {}, {'ok'}
for _, id in ipairs(call('ZRANGE', KEYS[2], 0, 999, 'REV')) do
  local n = call('HMGET', P .. 'n:' .. id, 'lane', 'state')
  if n[1] and n[2] then
    local pair = n[1] .. ':' .. n[2]
    seen[pair] = (seen[pair] or 0) + 1
  end
end
for pair, n in pairs(seen) do
  out[#out + 1] = pair
  out[#out + 1] = n
end
return out
