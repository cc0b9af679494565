#!lua flags=allow-oom
-- One step of looking through the ledger of a notice whose slices are all settled: <= 1,000 recipients. Only this sets `done`.
local at, tick = now()
local id = call('ZRANGE', P .. 'auditing', 0, 0)[1]
if not id then return {'ok', 0} end
local n = P .. 'n:' .. id
local h = call('HMGET', n, 'state', 'total', 'audited', 'lane')
if h[1] ~= AUDITING then
  call('ZREM', P .. 'auditing', id)
  return {'ok', 1}
end
local from, total = tonumber(h[3] or 0), tonumber(h[2])
local s = call('GETRANGE', n .. ':st', 2 * from, 2 * math.min(total, from + 1000) - 1)
local b = {s:byte(1, -1)}
local live = {}
for i = 1, #b, 2 do
  local lo = b[i] % 16
  if lo == 0 or lo == 1 or lo == 4 then live[math.floor((from + (i - 1) / 2) / 100)] = true end
end
if next(live) then -- a lost write: reopen its slices
  for slice in pairs(live) do call('ZADD', n .. ':work', tick, slice) end
  call('ZADD', P .. 'lane:' .. h[4], 'LT', tick, id)
  call('HSET', n, 'state', RUNNING)
  call('ZREM', P .. 'auditing', id)
elseif from + 1000 < total then
  call('HSET', n, 'audited', from + 1000)
else
  call('ZADD', P .. 'purge', at, id)
  call('HSET', n, 'state', DONE, 'finished', at)
  call('ZREM', P .. 'expiry', id)
  call('ZREM', P .. 'auditing', id)
  call('UNLINK', n .. ':own', n .. ':work')
end
return {'ok', call('EXISTS', P .. 'auditing')}
