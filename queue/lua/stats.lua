#!lua flags=no-writes
-- Numbers for status and metrics.
local at = now()
local out = {'ok', call('LLEN', P .. 'inbox'), call('LLEN', P .. 'inbox:e'), call('ZCARD', P .. 'sched'), 0, call('XLEN', P .. 'rejected')}
for lane = 0, 3 do
  local z = P .. 'lane:' .. lane
  local oldest = 0
  out[5] = out[5] + call('ZCARD', P .. 'staging:' .. lane)
  for _, id in ipairs(call('ZRANGE', z, 0, 31)) do
    local h = call('HMGET', P .. 'n:' .. id, 'due', 'kind', 'cur', 'nsl')
    if h[1] and not (h[2] == '5' and h[3] == h[4]) then -- a rolling notice that waits for more answers is not late
      oldest = math.max(oldest, at - h[1])
    end
  end
  out[#out + 1] = call('ZCARD', z)
  out[#out + 1] = oldest
end
-- Texts of residents that wait for an answer. What is answered is among the texts: both end together (reply_settle).
out[#out + 1] = math.max(0, call('XLEN', P .. 'texts') - call('HLEN', P .. 'texts.done'))
out[#out + 1] = call('HLEN', P .. 'dead.numbers')
return out
