#!lua flags=allow-oom
-- After every connect and now and then: schema, clock, whether this Redis is another process than before, and what it holds. ARGV: schema, run id,
-- hold ms, a random name for data that has none (a Redis that came back empty has another one than before)
local schema = call('GET', P .. 'schema')
if not schema then
  call('SET', P .. 'schema', ARGV[1])
elseif tonumber(schema) > tonumber(ARGV[1]) then
  return refuse('newer-schema', 'Redis holds data of a newer crier (schema ' .. schema .. ', this one knows ' .. ARGV[1] .. '): update this daemon')
end
local last = call('GET', P .. 'lastrun')
local changed, rewrite = last ~= ARGV[2], 0
if changed then
  -- Redis restarted: nobody claims until results that the daemons still know are in again.
  if last then call('SET', P .. 'hold', ARGV[3], 'PX', ARGV[3]) end
  call('SET', P .. 'lastrun', ARGV[2])
  rewrite = call('SET', P .. 'rewrite:' .. ARGV[2], 1, 'NX', 'EX', 86400) and 1 or 0
end
-- The rights that everything else needs, on a key of its own.
call('LPUSH', P .. 'inproc:check', 'x')
call('LMOVE', P .. 'inproc:check', P .. 'inproc:check', 'RIGHT', 'LEFT')
call('DEL', P .. 'inproc:check')
call('SET', P .. 'born', ARGV[4], 'NX')
local t = call('TIME')
return {'ok', t[1] * 1000 + math.floor(t[2] / 1000), rewrite, call('INCR', P .. 'gen'), call('GET', P .. 'born'), call('GET', P .. 'acked') or '',
  call('HGET', P .. 'people', 'n') or 0, call('ZCARD', P .. 'acts'), call('ZCARD', P .. 'expiry'), unpack(call('ZRANGE', P .. 'expiry', 0, 4))}
