#!lua
-- Create an activity. KEYS: clock, act:<code>, acts, acts.v. ARGV: code, then name, value ... of the fields.
-- Creating the same again is fine (an answer may have been lost).
local act, acts = KEYS[2], KEYS[3]
local code = ARGV[1]
local there = call('EXISTS', act) == 1
local starts = '0'
for i = 2, #ARGV, 2 do
  if there and (call('HGET', act, ARGV[i]) or '') ~= ARGV[i + 1] then
    return refuse('exists', 'there is an activity with this code already', 'code')
  end
  if ARGV[i] == 'starts' then
    starts = ARGV[i + 1]
  end
end
if not there and tonumber(starts) > 0 and tonumber(starts) <= now() then
  return refuse('starts-passed', 'the activity would have begun already', 'starts_at')
end
call('ZADD', acts, starts, code)
call('HSET', act, 'created', call('HGET', act, 'created') or int(now()), 'fixed', call('HGET', act, 'fixed') or int(now()), 'state', call('HGET', act, 'state') or '1', unpack(ARGV, 2))
call('INCR', KEYS[4])
return {'ok'}
