#!lua flags=allow-oom
-- Remember which of our references a provider's id stands for (APIs whose receipts do not echo it). A receipt that was faster than its own answer was held: it is told now.
-- ARGV: ms to keep, then provider:id, reference for each -> ok, then reference, state, detail, number, about of each held receipt
local out = {'ok'}
for i = 2, #ARGV, 2 do
  call('SET', P .. 'mid:' .. ARGV[i], ARGV[i + 1], 'PX', ARGV[1])
  local held = call('HMGET', P .. 'early:' .. ARGV[i], 'state', 'detail', 'to', 'about')
  if held[1] then
    call('DEL', P .. 'early:' .. ARGV[i])
    out[#out + 1] = ARGV[i + 1]
    for k = 1, 4 do
      out[#out + 1] = held[k] or ''
    end
  end
end
return out
