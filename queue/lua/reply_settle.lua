#!lua
-- End replies, with their answers, in one step, once; or queue an answer that staff wrote.
-- KEYS: clock, replies, rdone, replies.log, texts, texts.done; ctx:<from>, n:<notice>:ans and the rolling notices n:_a.<lane>.<minute> follow.
-- ARGV: 'settle' | 'answer', how many, then for each: key, name, intent, activity, result, to the inbox (1/0), help answer (1/0), answers that count (1/0), offered, notice whose question
-- it answers ('' = none), which choice, who answers, answers, and for each answer its lane and its line (model/audience.h, without LF).
-- Answers first, then what is known of the sender, the reply itself last: a torn log repeats, never loses.
local replies, done, log, texts, texts_done = KEYS[2], KEYS[3], KEYS[4], KEYS[5], KEYS[6]
local at, tick = now()
local MAX_ATTEMPTS = {['0'] = 0, ['1'] = 60, ['2'] = 15, ['3'] = 15}
local LANE_NAMES = {['0'] = 'emergency', ['1'] = 'urgent', ['2'] = 'normal', ['3'] = 'bulk'}

-- The rolling notice of this lane and minute; a new one when it is closed already.
local function rolling(lane)
  local minute = math.floor(at / 60000)
  for k = 0, 99 do
    local id = '_a.' .. lane .. '.' .. int(minute) .. (k > 0 and '.' .. k or '')
    local n = P .. 'n:' .. id
    local h = call('HMGET', n, 'state', 'total', 'cur', 'tail', 'until', 'staged')
    if not h[1] then
      call('HSET', n, 'id', id, 'kind', '5', 'lane', lane, 'state', RUNNING, 'unk', 0, 'maxa', MAX_ATTEMPTS[lane], 'due', at, 'exp', at + 43200000,
        'json', '{"id":"' .. id .. '","kind":"notice","lane":"' .. LANE_NAMES[lane] .. '","v":1}', 'digest', '', 'created', at, 'total', 0, 'nsl', 0, 'cur', 0,
        'staged', 0, 'cursor', '', 'tail', 0, 'until', (minute + 1) * 60000 + 2000)
      call('ZADD', P .. 'expiry', at + 43200000, id)
      return id, n, 0, 0, 0
    end
    if h[1] == RUNNING and h[6] ~= '1' and at < tonumber(h[5]) then
      return id, n, tonumber(h[2]), tonumber(h[3]), tonumber(h[4])
    end
  end
  return nil
end

-- Append to the last slice, also when it is claimed: `finish` sees what came after the claim.
local function append(lane, lines)
  local id, n, total, cur, tail = rolling(lane)
  if not id then
    return false
  end
  local slice, have = math.floor(total / 100), total % 100
  local first, s = slice, have > 0 and (call('HGET', n .. ':aud', slice) or ''):sub(1, tail) or ''
  local part = {s}
  for i, line in ipairs(lines) do
    part[#part + 1] = line .. '\n'
    have, total = have + 1, total + 1
    if have == 100 or i == #lines then
      s = table.concat(part)
      call('HSET', n .. ':aud', slice, s)
      tail = #s
      if have == 100 then
        slice, have, part, tail = slice + 1, 0, {}, 0
      end
    end
  end
  call('SETRANGE', n .. ':st', 2 * total - 1, '\0')
  call('HSET', n, 'total', total, 'nsl', math.ceil(total / 100), 'tail', tail)
  if first < cur and call('HEXISTS', n .. ':own', first) == 0 then
    call('ZADD', n .. ':work', 'LT', tick, first)
  end
  call('ZADD', P .. 'lane:' .. lane, 'LT', tick, id)
  return true
end

-- Automatic answers to a sender: hour, of these limited ones; day, of these limited ones, all; day of the last help answer.
local function remember(from, d)
  local key = P .. 'ctx:' .. from
  local c = call('HMGET', key, 'out', 'offered')
  if #d.lines == 0 and d.offered == '' and not c[2] then
    return
  end
  local g = {}
  for v in (c[1] or ''):gmatch('%S+') do
    g[#g + 1] = tonumber(v)
  end
  local hour, day = math.floor(at / 3600000), math.floor(at / 86400000)
  local n_hour = g[1] == hour and g[2] or 0
  local n_day, n_all = g[3] == day and g[4] or 0, g[3] == day and g[5] or 0
  if #d.lines > 0 then
    n_all = n_all + 1
    if d.limited then
      n_hour, n_day = n_hour + 1, n_day + 1
    end
  end
  call('HSET', key, 'out', table.concat({hour, n_hour, day, n_day, n_all, d.helped and day or g[6] or 0}, ' '))
  if d.offered ~= '' then
    call('HSET', key, 'offered', d.offered)
  elseif c[2] then
    call('HDEL', key, 'offered')
  end
  if call('TTL', key) == -1 then call('EXPIRE', key, 604800) end -- it had ended, or was erased, since the reply was stored
end

local function read_decisions()
  local list, i = {}, 3
  for _ = 1, tonumber(ARGV[2]) do
    local d = {key = ARGV[i], name = ARGV[i + 1], intent = ARGV[i + 2], activity = ARGV[i + 3], result = ARGV[i + 4], inbox = ARGV[i + 5] == '1',
      helped = ARGV[i + 6] == '1', limited = ARGV[i + 7] == '1', offered = ARGV[i + 8], question = ARGV[i + 9], choice = ARGV[i + 10], who = ARGV[i + 11], lines = {}}
    local n = tonumber(ARGV[i + 12])
    i = i + 13
    for _ = 1, n do
      d.lines[#d.lines + 1] = {ARGV[i], ARGV[i + 1]}
      i = i + 2
    end
    list[#list + 1] = d
  end
  return list
end

local function fields(entry)
  local f = {}
  for i = 1, #entry, 2 do
    f[entry[i]] = entry[i + 1]
  end
  return f
end

-- A new text for staff. The oldest ones go with what is known of their answers: whoever counts one less the other counts who waits.
local function to_inbox(d, f)
  if call('XLEN', texts) >= 100000 then
    local old = {}
    for _, e in ipairs(call('XRANGE', texts, '-', '+', 'COUNT', 100)) do
      old[#old + 1] = e[1]
    end
    call('HDEL', texts_done, unpack(old))
    call('XDEL', texts, unpack(old))
  end
  call('XADD', texts, '*', 'from', f.from, 'name', d.name, 'text', f.text, 'channel', f.channel, 'provider', f.provider, 'at', f.at)
end

local function answer_all(list)
  local lanes = {}
  for _, d in ipairs(list) do
    for _, a in ipairs(d.lines) do
      lanes[a[1]] = lanes[a[1]] or {}
      table.insert(lanes[a[1]], a[2])
    end
  end
  for lane, lines in pairs(lanes) do
    if not append(lane, lines) then
      return false
    end
  end
  return true
end

-- The entries of the decisions that are still open; they are the oldest ones, unless somebody else was faster.
local open, stream = {}, ARGV[1] == 'settle' and replies or texts
local list = read_decisions()
local head = ARGV[1] == 'settle' and call('XRANGE', stream, '-', '+', 'COUNT', #list) or {}
local in_order = #head == #list
for i, d in ipairs(list) do
  in_order = in_order and head[i][1] == d.key
  local e = in_order and head[i] or call('XRANGE', stream, d.key, d.key)[1]
  if e then
    d.reply = fields(e[2])
    open[#open + 1] = d
  end
end
if ARGV[1] == 'answer' and #open == 0 then
  return refuse('no-such-entry', 'there is no such text in the inbox')
end
if not answer_all(open) then
  return refuse('busy', 'too many rolling answer notices in this minute')
end
local keys = {}
for _, d in ipairs(open) do
  local f = d.reply
  if ARGV[1] == 'answer' then
    call('HSET', texts_done, d.key, int(at))
  else
    -- One answer a person: a later one takes the place of the earlier.
    if d.question ~= '' and call('EXISTS', P .. 'n:' .. d.question) == 1 then
      call('HSET', P .. 'n:' .. d.question .. ':ans', d.who, d.choice .. ' ' .. f.at .. ' ' .. d.name)
    end
    if d.inbox then
      to_inbox(d, f)
    end
    call('XADD', log, 'MAXLEN', '~', 100000, '*', 'from', f.from, 'text', f.text or '', 'intent', d.intent, 'activity', d.activity, 'result', d.result,
      'provider', f.provider or '', 'at', f.at)
    if not f.promoted then
      remember(f.from, d)
    end
    keys[#keys + 1] = d.key
  end
end
if #keys > 0 then
  if in_order then -- cheaper than naming them
    local ms, seq = keys[#keys]:match('^(%d+)-(%d+)$')
    call('XTRIM', replies, 'MINID', '=', ms .. '-' .. int(seq + 1))
  else
    call('XDEL', replies, unpack(keys))
  end
  call('HDEL', done, unpack(keys))
end
return {'ok', #open}
