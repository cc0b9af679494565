#!lua flags=no-writes
-- What is known of some notices, each as a flat array of name, value; with the ledger when it is short. ARGV: ids...
local out = {'ok'}
for i = 1, #ARGV do
  local n = P .. 'n:' .. ARGV[i]
  local h = call('HMGET', n, 'id', 'kind', 'lane', 'state', 'total', 'staged', 'created', 'due', 'started', 'finished', 'exp', 'reason', 'head')
  if h[1] then
    if tonumber(h[5]) <= 5000 then h[14] = call('GETRANGE', n .. ':st', 0, 2 * h[5] - 1) end
    out[#out + 1] = h
  end
end
return out
