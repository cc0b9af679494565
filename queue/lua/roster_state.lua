#!lua
-- What staff decide. KEYS: clock, act:<code>, acts.v. ARGV: 1 open | 2 closed | 3 cancelled. To open one before its window opens the window; after an early closing
-- time registration lasts until the start.
local act, state = KEYS[2], ARGV[1]
local f = call('HMGET', act, 'opens', 'closes', 'starts', 'state')
if not f[1] then
  return refuse('no-such-activity', 'there is no activity with this code', 'code')
end
if state == '2' and f[4] == '3' then
  return refuse('wrong-state', 'it was called off: nobody can register any more', 'state')
end
if state == '1' then
  local t = now()
  local opens, closes, starts = tonumber(f[1]), tonumber(f[2]), tonumber(f[3])
  if t >= starts then
    return refuse('wrong-state', 'it has begun already: give it a later start first', 'starts_at')
  end
  if closes > 0 and t >= closes then
    call('HSET', act, 'closes', '0')
  end
  if opens > t then
    call('HSET', act, 'opens', '0')
  end
end
call('HSET', act, 'state', state)
call('INCR', KEYS[3])
return {'ok'}
