#!lua
-- A question was put to these people. KEYS: clock; ctx:<phone> follow. ARGV: activity ('' = none), roll-call until (0 = none), seconds to remember, phones.
for i = 4, #ARGV do
  local key = P .. 'ctx:' .. ARGV[i]
  if ARGV[1] ~= '' then
    call('HSET', key, 'asked', ARGV[1])
  end
  if ARGV[2] ~= '0' then
    call('HSET', key, 'rollcall', ARGV[2])
  end
  if call('TTL', key) < tonumber(ARGV[3]) then
    call('EXPIRE', key, ARGV[3])
  end
end
return {'ok'}
