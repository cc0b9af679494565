#!lua flags=allow-oom
-- The access token of a provider account, one for all daemons, got by one of them at a time. KEYS: clock, access:<account>. ARGV: 'get' | 'put' | 'fail', who asks, then
-- get: number of the token that was refused (0 = none), ms before its end from which a new one is got, ms that getting it may take
-- put: token, ms it is good   fail: why, 1 = the account is at fault
-- -> token ('' = none), its number, ms it is good, 1 = go and get one, 1 = by force, ms until somebody may get one, why the last try failed, 1 = the account is at fault.
-- A refused token that comes back in the ordinary way and is refused again is renewed by force: 30 s apart at least, 5 times a day at most.
local key, op, who = KEYS[2], ARGV[1], ARGV[2]
local FORCE_APART, FORCE_DAY, KEPT = 30000, 5, 86400000
local _, tick = now()
local names = {'token', 'serial', 'till', 'holder', 'lease', 'refused', 'same', 'force', 'forced', 'forces', 'not_before', 'fails', 'why', 'bad'}
local f, stored = {}, call('HMGET', key, unpack(names))
for i, name in ipairs(names) do
  f[name] = stored[i] or ''
end
local function num(name)
  return tonumber(f[name]) or 0
end
local function set(name, value)
  f[name] = value
  call('HSET', key, name, value)
end
local function drop(...)
  for _, name in ipairs({...}) do
    f[name] = ''
  end
  call('HDEL', key, ...)
end

local mine, force = 0, 0
-- How often it was forced today: "DAY COUNT".
local function forces_today()
  local day, n = f.forces:match('^(%d+) (%d+)$')
  return int(math.floor(tick / 86400000)), tonumber(day) == math.floor(tick / 86400000) and tonumber(n) or 0
end
local function may_force()
  local day, n = forces_today()
  if num('forced') + FORCE_APART > tick or n >= FORCE_DAY then
    set('not_before', int(n >= FORCE_DAY and tick + 600000 or num('forced') + FORCE_APART))
    set('why', 'the access token is refused again and again')
    set('bad', '1')
    return false
  end
  set('forced', int(tick))
  set('forces', day .. ' ' .. int(n + 1))
  return true
end

if op == 'get' then
  if f.token ~= '' and ARGV[3] == f.serial then
    set('refused', f.token)
    if f.same == '1' then
      set('force', '1')
    end
    drop('token')
  end
  local left = f.token ~= '' and num('till') - tick or 0
  local free = num('lease') <= tick or f.holder == who
  if left <= tonumber(ARGV[4]) and free and num('not_before') <= tick and (f.force ~= '1' or may_force()) then
    mine, force = 1, f.force == '1' and 1 or 0
    set('holder', who)
    set('lease', int(tick + tonumber(ARGV[5])))
  end
elseif op == 'put' then
  set('same', f.refused == ARGV[3] and '1' or '0')
  set('till', int(tick + tonumber(ARGV[4])))
  set('token', ARGV[3])
  f.serial = int(call('HINCRBY', key, 'serial', 1))
  drop('holder', 'lease', 'force', 'not_before', 'fails', 'why', 'bad')
elseif op == 'fail' and f.holder == who then
  local fails = call('HINCRBY', key, 'fails', 1)
  set('not_before', int(tick + math.min(60000, 1000 * 2 ^ math.min(fails - 1, 6))))
  set('why', ARGV[3])
  set('bad', ARGV[4])
  drop('holder', 'lease')
end
call('PEXPIRE', key, KEPT)
local left = f.token ~= '' and math.floor(num('till') - tick) or 0
local wait = math.max(num('lease'), num('not_before')) - tick
return {'ok', left > 0 and f.token or '', f.serial, int(math.max(left, 0)), mine, force, int(math.max(math.ceil(wait), 0)), f.why, f.bad == '1' and 1 or 0}
