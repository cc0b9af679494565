#!lua
-- Seat, waiting list, promotion: the one place where they are decided.
-- KEYS: clock, act:<code>, :reg, :conf, :wait, :out, reg:<phone>, rdone, replies, offers; to change also acts, acts.v, inbox. ctx:<phone> of whom a seat is offered.
-- ARGV: 'join' | 'leave' | 'promote' | 'change' | 'forget' | 'lapse' | 'merge', op id ('' = none), phone, name, resident id, people (0 = not said), most promotions, code; to change also the
-- revision that was looked at, the news for those concerned as an entry of the inbox ('' = none), then name, value ... of the fields; to merge also the first number, and 1 = of two
-- registrations one goes.
-- -> result, status, people, place, position, seats left, opens, closes, then phone, name, place, people of everyone who moved up, and, when they must
-- confirm it, until when.
--
-- In :conf and :wait every person of a party is a member: the phone itself, then phone#2, phone#3 ... side by side. So seats taken = ZCARD and
-- place = ZRANK + 1, always true, however a torn log ends. A seat that is offered is held: its people are in :conf, and `offers` says until when.
local act, reg, conf, wait, out, mine, done, replies, offers = unpack(KEYS, 2, 10)
local what, op, phone, name, resident, said, most = ARGV[1], ARGV[2], ARGV[3], ARGV[4], ARGV[5], tonumber(ARGV[6]), tonumber(ARGV[7])
local CONFIRMED, WAITING, WITHDRAWN, ATTENDED, OFFERED = 0, 1, 2, 3, 4
local R = {confirmed = 0, waiting = 1, left = 2, already = 3, changed = 4, not_registered = 5, not_open = 6, no_activity = 7, too_many = 8, cancelled = 9}

-- The record was merged into another one since the reply was read: the registration is that person's.
local is = resident ~= '0' and (what == 'join' or what == 'leave') and call('HGET', P .. 'merged', resident)
local first = is and (call('HGET', P .. 'res:' .. int(math.floor(is / 100)), is) or ''):match('^[^ \t]+')
if first then
  resident, phone, mine = is, first, P .. 'reg:' .. first
end
if op ~= '' then
  local before = call('HGET', done, op)
  if before then
    return cmsgpack.unpack(before)
  end
  if not undecided(replies, op) then
    return refuse_decided()
  end
end
local t = now()
local f = call('HMGET', act, 'seats', 'opens', 'closes', 'starts', 'state', 'max_party', 'confirm')
if not f[1] then
  return {'ok', R.no_activity, 0, 0, 0, 0, 0, '0', '0'}
end
local seats, opens, closes, starts, state, max_party =
  tonumber(f[1]), tonumber(f[2]), tonumber(f[3]), tonumber(f[4]), tonumber(f[5]), tonumber(f[6])
if closes == 0 then
  closes = starts
end
local within, deadline = tonumber(f[7] or 0), 0 -- minutes to confirm what is offered; until when what is offered now
local promoted = {}
local n_conf, n_wait = call('ZCARD', conf), call('ZCARD', wait) -- kept up to date below

local function line(status, count, at, id, who)
  return status .. '\t' .. int(count) .. '\t' .. int(at) .. '\t' .. id .. '\t' .. who
end
local function read(who)
  local status, count, at, id, n = (call('HGET', reg, who) or ''):match('^(%d+)\t(%d+)\t(%d+)\t(%d+)\t(.*)$')
  return tonumber(status), tonumber(count), tonumber(at), id, n
end
local function place(zset, who)
  local rank = call('ZRANK', zset, who)
  return rank and rank + 1 or 0
end
local function free()
  return seats - n_conf
end
-- Members number from..to of a party whose first has the whole score ${seq}.
local function seat(zset, who, seq, from, to)
  local args = {}
  for k = from, to do
    args[#args + 1] = k == 1 and int(seq) or string.format('%.0f.%04d', seq, k)
    args[#args + 1] = k == 1 and who or who .. '#' .. k
  end
  local added = call('ZADD', zset, unpack(args))
  if zset == conf then
    n_conf = n_conf + added
  else
    n_wait = n_wait + added
  end
end
local function unseat(zset, who, from, to)
  local args = {}
  for k = from, to do
    args[#args + 1] = k == 1 and who or who .. '#' .. k
  end
  local removed = call('ZREM', zset, unpack(args))
  if zset == conf then
    n_conf = n_conf - removed
  else
    n_wait = n_wait - removed
  end
end
local function begun()
  return starts > 0 and t >= starts
end
local function next_seq()
  return call('HINCRBY', act, 'seq', 1)
end

local function offer_of(who)
  return ARGV[8] .. ' ' .. who
end
-- Moves up; with a time to confirm it in, the seat is only offered: "好" answers that, from whatever way they write.
local function take_seat(who, count, at, id, name)
  local status = CONFIRMED
  if within > 0 then
    status, deadline = OFFERED, t + within * 60000
    if starts > 0 and deadline > starts then
      deadline = starts
    end
    call('ZADD', offers, int(deadline), offer_of(who))
  end
  seat(conf, who, next_seq(), 1, count)
  unseat(wait, who, 1, count)
  call('HSET', reg, who, line(status, count, at, id, name))
  if status == OFFERED then
    call('HSET', P .. 'ctx:' .. who, 'asked', ARGV[8])
    if call('TTL', P .. 'ctx:' .. who) < 604800 then
      call('EXPIRE', P .. 'ctx:' .. who, 604800)
    end
  end
end

-- The head of the waiting list moves up as long as it fits; nobody jumps over it.
local function promote()
  if state == 3 or begun() then
    return
  end
  while n_wait > 0 and #promoted < most do
    local head = call('ZRANGE', wait, 0, 0)[1]
    if not head then
      return
    end
    local status, count, at, id, who = read(head)
    if status ~= WAITING then
      unseat(wait, head, 1, 1)
    else
      local holds = call('ZSCORE', conf, head) -- a torn promotion
      if not holds and count > free() then
        return
      end
      if holds then
        unseat(wait, head, 1, count)
        call('HSET', reg, head, line(CONFIRMED, count, at, id, who))
      else
        take_seat(head, count, at, id, who)
      end
      promoted[#promoted + 1] = {head, who, place(conf, head), count}
    end
  end
end

local function outcome(result, status, count, at_end)
  local left = free()
  local r = {'ok', result, status, count, 0, 0, left > 0 and left or 0, int(opens), int(closes)}
  if status == CONFIRMED or status == ATTENDED or status == OFFERED then
    r[5] = at_end and n_conf - count + 1 or place(conf, phone)
  elseif status == WAITING then
    r[6] = at_end and n_wait - count + 1 or place(wait, phone)
  end
  for _, p in ipairs(promoted) do
    for i = 1, 4 do
      r[#r + 1] = p[i]
    end
  end
  if deadline > 0 then
    r[#r + 1] = int(deadline)
  end
  return r
end

-- The registration as the sets tell it; the line alone may be from a torn write.
local function current()
  local status, count, at, id, who = read(phone)
  if status == WAITING and place(wait, phone) == 0 then
    status = CONFIRMED
  end
  if (status == CONFIRMED or status == ATTENDED or status == OFFERED) and place(conf, phone) == 0 then
    status = nil
  end
  return status, count, at, id, who
end

local function add(n, before)
  local status = CONFIRMED
  if n_wait > 0 and free() > 0 then
    promote() -- usually done already
  end
  if n_wait > 0 or n > free() then
    status = WAITING
  end
  local seq = next_seq()
  call('HSET', reg, phone, line(status, n, t, resident, name))
  seat(status == CONFIRMED and conf or wait, phone, seq, 1, n)
  if before then
    call('ZREM', out, phone)
  end
  call('SADD', mine, ARGV[8])
  return outcome(status == CONFIRMED and R.confirmed or R.waiting, status, n, true)
end

local function resize(status, old, n, at, id, who)
  local zset = status == WAITING and wait or conf
  if n < old then
    unseat(zset, phone, n + 1, old)
  else
    if status ~= WAITING and (n_wait > 0 or n - old > free()) then
      return outcome(R.too_many, status, old)
    end
    seat(zset, phone, math.floor(tonumber(call('ZSCORE', zset, phone))), old + 1, n)
  end
  call('HSET', reg, phone, line(status, n, at, id, who))
  promote()
  return outcome(R.changed, (current()), n)
end

local function join()
  local status, count, at, id, who = current()
  local live = status == CONFIRMED or status == WAITING or status == ATTENDED or status == OFFERED
  local n = said > 0 and said or 1
  if state == 3 then
    return outcome(R.cancelled, WITHDRAWN, 0)
  end
  if status == OFFERED and not begun() then -- they confirm; the seat was held, also after registration has closed
    call('HSET', reg, phone, line(CONFIRMED, count, at, id, who))
    call('ZREM', offers, offer_of(phone))
    status = CONFIRMED
    if said == 0 or said == count then
      return outcome(R.confirmed, status, count)
    end
  end
  if live and (said == 0 or said == count) then
    return outcome(R.already, status, count)
  end
  if state == 2 or t < opens or (closes > 0 and t >= closes) then
    return outcome(R.not_open, live and status or WITHDRAWN, live and count or 0)
  end
  if n > max_party or n > seats then
    return outcome(R.too_many, live and status or WITHDRAWN, live and count or 0)
  end
  if live then
    return resize(status, count, n, at, id, who)
  end
  return add(n, count)
end

local function leave()
  local status, count, at, id, who = current()
  if status == ATTENDED then
    return outcome(R.not_open, status, count)
  end
  if status ~= CONFIRMED and status ~= WAITING and status ~= OFFERED then
    return outcome(R.not_registered, WITHDRAWN, 0)
  end
  unseat(status == WAITING and wait or conf, phone, 1, count)
  call('ZREM', offers, offer_of(phone))
  call('ZADD', out, int(t), phone)
  call('HSET', reg, phone, line(WITHDRAWN, count, at, id, who))
  call('SREM', mine, ARGV[8])
  promote()
  return outcome(R.left, WITHDRAWN, count)
end

-- Staff gave more seats: those who moved up are told through the stream of replies, like everything that is answered.
local function move_up()
  promote()
  for _, p in ipairs(promoted) do
    call('XADD', replies, '*', 'promoted', ARGV[8], 'from', p[1], 'name', p[2], 'place', p[3], 'count', p[4], 'until', int(deadline), 'at', int(t))
  end
  return outcome(R.already, WITHDRAWN, 0)
end

-- An offer was not confirmed in time: the seat goes to the next in line. Of what has begun or does not take place nobody need be told. The offer goes last: cut short,
-- it lapses again.
local function lapse()
  local status, count, at, id, who = read(phone)
  local till = call('ZSCORE', offers, offer_of(phone))
  if not till or tonumber(till) > t then
    return outcome(R.already, status or WITHDRAWN, count or 0)
  end
  if status == OFFERED then
    if state ~= 3 and not begun() then
      call('XADD', replies, '*', 'promoted', ARGV[8], 'from', phone, 'name', who, 'place', 0, 'count', count, 'lapsed', '1', 'at', int(t))
    end
    unseat(conf, phone, 1, count)
    call('ZADD', out, int(t), phone)
    call('SREM', mine, ARGV[8])
    call('HSET', reg, phone, line(WITHDRAWN, count, at, id, who))
  end
  local r = move_up()
  call('ZREM', offers, offer_of(phone))
  r[2] = R.left
  return r
end

-- A party that waits and would never fit holds up everybody behind it.
local function largest_waiting()
  local most_people = 0
  for _, m in ipairs(call('ZRANGE', wait, 0, -1)) do
    local status, count = read(m)
    if status == WAITING and count > most_people then
      most_people = count
    end
  end
  return most_people
end

-- It begins at another time or not at all: what still goes out of the last reminder would be wrong. One that no daemon has taken out of the inbox yet meets a
-- mark in its place and is refused there.
local function recall_reminder()
  local id = call('HGET', act, 'reminder')
  if not id or id == '' then
    return
  end
  local h = call('HMGET', P .. 'n:' .. id, 'state', 'lane')
  if not h[1] then
    call('HSET', P .. 'n:' .. id, 'id', id, 'kind', '3', 'lane', '2', 'state', CANCELLED, 'digest', '-', 'reason', 'superseded', 'created', int(t))
    call('EXPIRE', P .. 'n:' .. id, 86400)
  elseif h[1] < AUDITING then
    over(id, h[2], CANCELLED, 'superseded', t)
  end
  call('HSET', act, 'reminder', '')
end

-- Staff change it, or call it off. The news goes first: cut short, the same change asked for again has the same revision and so the same news, which is
-- accepted once.
local function change()
  local rev, new = tonumber(call('HGET', act, 'rev') or 0), {}
  if int(rev) ~= ARGV[9] then
    return refuse('changed-meanwhile', 'somebody else changed it at the same moment: look at it and try again', '')
  end
  for i = 11, #ARGV, 2 do
    new[ARGV[i]] = ARGV[i + 1]
  end
  local wanted = tonumber(new.seats)
  if wanted < n_conf then
    return refuse('seats-taken', 'seats cannot be ' .. int(wanted) .. ': ' .. int(n_conf) .. ' are taken', 'seats')
  end
  if wanted < seats and n_wait > 0 and largest_waiting() > wanted then
    return refuse('seats-taken', 'seats cannot be ' .. int(wanted) .. ': ' .. int(largest_waiting()) .. ' people wait as one party', 'seats')
  end
  if ARGV[10] ~= '' and n_conf + n_wait > 0 then
    call('LPUSH', KEYS[13], ARGV[10])
  end
  if new.starts ~= f[4] or new.state == '3' then
    recall_reminder()
    if new.starts ~= f[4] then
      call('HSET', act, 'fixed', int(t))
    end
  end
  call('ZADD', KEYS[11], new.starts, ARGV[8])
  call('HSET', act, 'rev', int(rev + 1), unpack(ARGV, 11))
  call('INCR', KEYS[12])
  seats, starts, state, within = wanted, tonumber(new.starts), tonumber(new.state or state), tonumber(new.confirm)
  return move_up()
end

-- Somebody is erased: who holds a seat or waits for what has not begun leaves as usual, so that the waiting list moves up; what is history keeps its row, and what has begun its
-- seats, under a mark.
local function forget()
  local status, count, at = current()
  local over = state == 3 or begun()
  local line_there = call('HGET', reg, phone)
  if not line_there then
    return outcome(R.not_registered, WITHDRAWN, 0)
  end
  local left = (status == CONFIRMED or status == WAITING or status == OFFERED) and not over
  call('ZREM', offers, offer_of(phone))
  if left then
    unseat(status == WAITING and wait or conf, phone, 1, count)
    call('ZADD', out, int(t), phone)
    status = WITHDRAWN
  end
  local mark = 'erased:' .. int(call('HINCRBY', P .. 'people', 'erased', 1))
  call('HSET', reg, mark, line(status or WITHDRAWN, count or 1, at or t, '0', ''))
  for _, zset in ipairs({conf, wait, out}) do
    for k = 1, math.max(count or 1, 1) do
      local tail = k == 1 and '' or '#' .. k
      local score = call('ZSCORE', zset, phone .. tail)
      if score then
        call('ZADD', zset, score, mark .. tail)
        call('ZREM', zset, phone .. tail)
      end
    end
  end
  call('HDEL', reg, phone)
  call('SREM', mine, ARGV[8])
  local r = move_up()
  r[2] = left and R.left or R.already
  return r
end

-- Two records became one person: what was registered under this address is the person's, under their first number ${to}, once.
local function merge()
  local from, to = phone, ARGV[9]
  local function standing(who)
    phone = who
    local status, count, at, _, name_there = current()
    local live = status == CONFIRMED or status == WAITING or status == ATTENDED or status == OFFERED
    return {who = who, status = status, count = count, at = at, name = name_there, live = live, row = call('HGET', reg, who)}
  end
  local src, dst = standing(from), standing(to)
  phone = from
  if not src.row then return outcome(R.not_registered, WITHDRAWN, 0) end
  local function rename(x, old, new, status)
    call('HSET', reg, new, line(status, x.count or 1, x.at or t, resident, x.name and x.name ~= '' and x.name or name))
    if old == new then return end
    local till = call('ZSCORE', offers, offer_of(old))
    if till then
      call('ZADD', offers, till, offer_of(new))
      call('ZREM', offers, offer_of(old))
    end
    for k = math.max(x.count or 1, 1), 1, -1 do
      local tail = k == 1 and '' or '#' .. k
      for _, zset in ipairs({conf, wait, out}) do
        local score = call('ZSCORE', zset, old .. tail)
        if score then call('ZADD', zset, score, new .. tail) end
        call('ZREM', zset, old .. tail)
      end
    end
  end
  local function drop(x)
    if x.live then unseat(x.status == WAITING and wait or conf, x.who, 1, x.count) end
    call('ZREM', out, x.who)
    call('ZREM', offers, offer_of(x.who))
  end
  local given_up = src.live and dst.live and from ~= to
  if given_up and ARGV[10] ~= '1' then return refuse('both-registered', 'both are registered for ' .. ARGV[8], 'one_seat') end
  if from == to then
    rename(src, from, to, src.status or WITHDRAWN)
    return outcome(R.already, WITHDRAWN, 0)
  end
  if (src.live and not (dst.live and stands_before(dst.status, dst.at, src.status, src.at))) or not dst.row then
    drop(dst)
    rename(src, from, to, src.status or WITHDRAWN)
    if src.live then call('SADD', P .. 'reg:' .. to, ARGV[8]) end
  else
    drop(src)
  end
  call('HDEL', reg, from)
  call('SREM', mine, ARGV[8])
  local r = move_up()
  r[2] = given_up and R.left or R.already
  return r
end

local verbs = {join = join, leave = leave, promote = move_up, change = change, forget = forget, lapse = lapse, merge = merge}
local r = verbs[what]()
if op ~= '' then
  call('HSET', done, op, cmsgpack.pack(r))
end
return r
