#!lua flags=allow-oom
-- The resident's own line, indexes and name: the last step of an erasure but the look whether anything is left. KEYS: clock, people, acts; merged, former, res:<n>, ph:<n>, ad:<n>, ctx:<address>, n:<id>:ans, act:<code>:reg follow. ARGV: id.
local people, acts = KEYS[2], KEYS[3]
local id = ARGV[1]
local block = P .. 'res:' .. int(math.floor(id / 100))
local line = call('HGET', block, id)
if not line then
  return refuse('no-such-resident', 'no resident has this number')
end

-- Registrations keep their seat, without the name.
local function forget_name(phone)
  for _, code in ipairs(call('ZRANGE', acts, 0, -1)) do
    local key = P .. 'act:' .. code .. ':reg'
    local reg = call('HGET', key, phone)
    local head, resident = (reg or ''):match('^(%d+\t%d+\t%d+\t)(%d+)')
    if head and resident == id then
      call('HSET', key, phone, head .. '0\t')
    end
  end
end
-- What was answered to questions that may still be there.
local function forget_answers(phone)
  for notice in (call('HGET', P .. 'ctx:' .. phone, 'choices') or ''):gmatch('%S+') do
    call('HDEL', P .. 'n:' .. notice .. ':ans', phone)
  end
end
for _, phone in ipairs(addresses_of(line)) do
  forget_name(phone)
  if unindex(phone, id) then
    forget_answers(phone)
    call('DEL', P .. 'ctx:' .. phone)
  end
end
for old in (call('HGET', P .. 'former', id) or ''):gmatch('%d+') do
  call('HDEL', P .. 'merged', old)
end
call('HDEL', P .. 'former', id)
-- The person goes last: an erasure cut short is begun again.
call('HINCRBY', people, 'n', -1)
call('HDEL', block, id)
return {'ok'}
