#!lua
-- Replies of one callback, each only once per provider and id. KEYS: clock, replies; in:<provider>:<id>, ctx:<from> follow. ARGV: most undecided, then provider, channel, id,
-- from, text, sent at, event for each. -> how many are new. The reply is stored before its id is remembered: a torn log may repeat it, never lose it.
local replies = KEYS[2]
if call('XLEN', replies) >= tonumber(ARGV[1]) then
  return refuse('busy', 'too many replies wait to be decided')
end
local at = now()
local n_new = 0

-- Loop guards: how often the same words came (ten minutes), how much came at all (a minute). -> 0, 1 (same words a third time), 2 (flood).
local function guard(from, text)
  local key = P .. 'ctx:' .. from
  local g = {}
  for v in (call('HGET', key, 'in') or ''):gmatch('%S+') do
    g[#g + 1] = v
  end
  local minute, words = int(math.floor(at / 60000)), redis.sha1hex(text):sub(1, 12)
  local n_minute = g[1] == minute and g[2] + 1 or 1
  local same = g[3] == words and at - g[5] < 600000
  local n_same, since = same and g[4] + 1 or 1, same and g[5] or int(at)
  call('HSET', key, 'in', minute .. ' ' .. n_minute .. ' ' .. words .. ' ' .. n_same .. ' ' .. since)
  call('EXPIRE', key, 604800)
  return n_minute > 30 and 2 or (n_same >= 3 and 1 or 0)
end

for i = 2, #ARGV, 7 do
  local seen = P .. 'in:' .. ARGV[i] .. ':' .. ARGV[i + 2]
  if call('EXISTS', seen) == 0 then
    call('XADD', replies, '*', 'provider', ARGV[i], 'channel', ARGV[i + 1], 'id', ARGV[i + 2], 'from', ARGV[i + 3], 'text', ARGV[i + 4], 'sent', ARGV[i + 5],
      'at', int(at), 'mute', guard(ARGV[i + 3], ARGV[i + 4]), 'event', ARGV[i + 6])
    call('SET', seen, '1', 'EX', 604800)
    n_new = n_new + 1
  end
end
return {'ok', n_new}
