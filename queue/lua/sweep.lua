#!lua flags=allow-oom
-- One bounded step of housekeeping; any daemon, no leader. Answers whether there is more.
-- ARGV: daemon, its heartbeat's life in ms, version, nonce, how long audiences are kept in ms
local more = 0

-- Redis' TIME was set back: ticks go on from where they were at the last sweep, or whatever waits would wait longer by as much. One command, so that
-- a torn write neither forgets nor repeats it.
local function keep_ticks()
  local t, was = call('TIME'), call('MGET', P .. 'tick.seen', P .. 'tick.back')
  local time, seen = t[1] * 1000 + math.floor(t[2] / 1000), tonumber(was[1] or 0)
  if time < seen - 1000 then
    call('MSET', P .. 'tick.back', int(tonumber(was[2] or 0) + seen - time), P .. 'tick.seen', int(time))
  else
    call('SET', P .. 'tick.seen', int(time))
  end
end
keep_ticks()
local at, tick = now()

local function heartbeat()
  call('HSET', P .. 'd:' .. ARGV[1], 'at', at, 'version', ARGV[3], 'nonce', ARGV[4])
  call('PEXPIRE', P .. 'd:' .. ARGV[1], ARGV[2])
  call('SADD', P .. 'daemons', ARGV[1])
end

local function expire()
  for _, id in ipairs(call('ZRANGE', P .. 'expiry', '-inf', at, 'BYSCORE', 'LIMIT', 0, 50)) do
    local h = call('HMGET', P .. 'n:' .. id, 'state', 'lane')
    if h[1] == AUDITING then -- all is settled; the audit decides
    elseif h[1] and h[1] < DONE then
      over(id, h[2], EXPIRED, 'expired', at)
      more = 1
    else
      call('ZREM', P .. 'expiry', id)
    end
  end
end

-- Bytes of an ended notice: pending and retry become `final`; sending only where nobody can report any more: it may have arrived.
local function turn(st, first, last, final, sending)
  local b = {call('GETRANGE', st, 2 * first, 2 * last - 1):byte(1, -1)}
  local changed = false
  for i = 1, #b, 2 do
    local lo = b[i] % 16
    local to = (lo == 0 or lo == 4) and final or (lo == 1 and sending(first + (i - 1) / 2)) or lo
    if to ~= lo then b[i], changed = b[i] - lo + to, true end
  end
  if changed then call('SETRANGE', st, 2 * first, string.char(unpack(b))) end
end

local function close()
  local id = call('ZRANGE', P .. 'closing', '-inf', tick, 'BYSCORE', 'LIMIT', 0, 1)[1]
  if not id then return end
  local n = P .. 'n:' .. id
  local h = call('HMGET', n, 'state', 'total', 'closed')
  more = 1
  if h[1] ~= CANCELLED and h[1] ~= EXPIRED then return call('ZREM', P .. 'closing', id) end
  local final, total, from = h[1] == CANCELLED and 9 or 10, tonumber(h[2]), tonumber(h[3] or 0)
  local st, own, work = n .. ':st', n .. ':own', n .. ':work'
  if from < total then -- first all that waits; what is being sent is in `work` and comes after
    turn(st, from, math.min(total, from + 1000), final, function(i)
      return call('ZSCORE', work, math.floor(i / 100)) and 1 or 7
    end)
    return call('HSET', n, 'closed', from + 1000)
  end
  local w = call('ZRANGE', work, 0, 9, 'WITHSCORES')
  for i = 1, #w, 2 do
    if call('HEXISTS', own, w[i]) == 0 or tonumber(w[i + 1]) <= tick then
      turn(st, w[i] * 100, math.min(total, w[i] * 100 + 100), final, function() return 7 end)
      call('HDEL', own, w[i])
      call('ZREM', work, w[i])
    end
  end
  if call('ZCARD', work) > 0 then return call('ZADD', P .. 'closing', tick + 500, id) end
  call('ZADD', P .. 'purge', at, id)
  call('ZREM', P .. 'closing', id)
  call('UNLINK', own, work, n .. ':seen', n .. ':late')
end

-- A notice without the numbers it was addressed to; groups, residents' own numbers and the text stay. Quotes inside of texts are escaped: nothing of them looks like a member.
local function without_numbers(json)
  local list = '"phones":%[[^%]]*%]'
  json = json:gsub(list .. ',', ''):gsub(',' .. list, ''):gsub(list, '')
  for _, left in ipairs({'"not":{}', '"not":{}', '"not":{}', '"not":{}', '"to":{}'}) do -- what held nothing else, from the inside out
    json = json:gsub(',' .. left, ''):gsub(left .. ',', ''):gsub(left, '')
  end
  return json
end

-- Audiences are kept for a while (who was told what), then only the ledger stays. Rolling answer notices go altogether.
local function purge()
  for _, id in ipairs(call('ZRANGE', P .. 'purge', '-inf', at - ARGV[5], 'BYSCORE', 'LIMIT', 0, 10)) do
    local n = P .. 'n:' .. id
    local h = call('HMGET', n, 'state', 'kind', 'json')
    if not h[1] or h[1] >= DONE then -- otherwise a redrive was cut off before its last write, and the notice needs its audience
      call('UNLINK', n .. ':aud', n .. ':det', n .. ':late', n .. ':ans')
      if h[2] == '5' then
        call('UNLINK', n, n .. ':st')
      elseif h[3] and h[3]:find('"phones":[', 1, true) then
        call('HSET', n, 'json', without_numbers(h[3]))
      end
    end
    call('ZREM', P .. 'purge', id)
    more = 1
  end
end

-- Entries that a dead daemon had taken go back, oldest first to be read again.
local function recover()
  for _, d in ipairs(call('SMEMBERS', P .. 'daemons')) do
    if d ~= ARGV[1] and call('EXISTS', P .. 'd:' .. d) == 0 then
      local left = 100
      while left > 0 and (call('LMOVE', P .. 'inproc:' .. d .. ':e', P .. 'inbox:e', 'LEFT', 'RIGHT')
                          or call('LMOVE', P .. 'inproc:' .. d, P .. 'inbox', 'LEFT', 'RIGHT')) do
        left = left - 1
      end
      if left > 0 then call('SREM', P .. 'daemons', d) else more = 1 end
    end
  end
end

heartbeat()
expire()
close()
purge()
recover()
return {'ok', more}
