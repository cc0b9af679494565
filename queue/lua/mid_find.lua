#!lua
-- The reference that a receipt's id stands for; without one the receipt is held for an hour, the better of two. ARGV: provider:id, state (3 delivered | 5 failed), detail, number, about (as receipt has them)
-- -> ok, reference or ''
local ref = call('GET', P .. 'mid:' .. ARGV[1])
if ref then
  return {'ok', ref}
end
local early = P .. 'early:' .. ARGV[1]
if call('HGET', early, 'state') ~= '3' then
  call('HSET', early, 'state', ARGV[2], 'detail', ARGV[3], 'to', ARGV[4], 'about', ARGV[5])
  call('PEXPIRE', early, 3600000)
end
return {'ok', ''}
