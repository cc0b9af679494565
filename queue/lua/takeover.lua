#!lua flags=allow-oom
-- End leases that nobody works on. A restarted daemon ends those of its former life: its lock proves that the former holder is dead. A daemon
-- that never got the answer to a claim ends that one. Over unfinished notices, <= 100 a call.
-- ARGV: tag of this daemon, nonce of this life, from (rank), former life too (1/0), owner tokens of claims without an answer...
local tag, nonce, from = ARGV[1], ARGV[2], tonumber(ARGV[3])
local ended, _, tick = 0, now()
local unanswered = {}
for i = 5, #ARGV do unanswered[ARGV[i]] = true end
local function former(token)
  local t, life = token:match('^([^.]*)%.([^.]*)')
  return unanswered[token] or ARGV[4] == '1' and t == tag and life ~= nonce
end
local ids = call('ZRANGE', P .. 'expiry', from, from + 99)
for _, id in ipairs(ids) do
  local n = P .. 'n:' .. id
  local own = call('HGETALL', n .. ':own')
  local h = call('HMGET', n, 'lane', 'state', 'stager', 'staged')
  local mine = 0
  for i = 1, #own, 2 do
    if former(own[i + 1]) then
      call('ZADD', n .. ':work', 'XX', 'LT', math.floor(tick), own[i])
      mine = mine + 1
    end
  end
  if mine > 0 and h[2] == RUNNING then call('ZADD', P .. 'lane:' .. h[1], 'LT', tick, id) end
  if h[3] and former(h[3]) and h[4] ~= '1' then call('ZADD', P .. 'staging:' .. h[1], 'XX', 'LT', tick, id) end
  ended = ended + mine
end
return {'ok', #ids == 100 and from + 100 or -1, ended}
