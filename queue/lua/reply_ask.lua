#!lua
-- A question was put to these people. KEYS: clock; ctx:<phone>, n:<notice> follow. ARGV: activity ('' = none), roll-call until (0 = none), seconds to remember, notice
-- whose choices these are ('' = none), choices separated by tabs, open until, phones.
local seconds, notice = tonumber(ARGV[3]), ARGV[4]
if notice ~= '' then
  local at = now()
  call('HSET', P .. 'n:' .. notice, 'q', ARGV[5], 'quntil', ARGV[6])
  seconds = math.max(seconds, math.ceil((ARGV[6] - at) / 1000) + seconds)
end

-- Choices that were put to one person: the newest last, eight at most.
local function opened(list)
  local ids = {}
  for id in (list or ''):gmatch('%S+') do
    if id ~= notice then
      ids[#ids + 1] = id
    end
  end
  ids[#ids + 1] = notice
  return table.concat(ids, ' ', math.max(1, #ids - 7))
end

for i = 7, #ARGV do
  local key = P .. 'ctx:' .. ARGV[i]
  if ARGV[1] ~= '' then
    call('HSET', key, 'asked', ARGV[1])
  end
  if ARGV[2] ~= '0' then
    call('HSET', key, 'rollcall', ARGV[2])
  end
  if notice ~= '' then
    call('HSET', key, 'choices', opened(call('HGET', key, 'choices')))
  end
  if call('TTL', key) < seconds then
    call('EXPIRE', key, seconds)
  end
end
return {'ok'}
