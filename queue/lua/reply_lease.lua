#!lua flags=allow-oom
-- Who decides replies. KEYS: clock, replies.lease. ARGV: who, ms (0 = give it up). -> 1 when it is theirs.
local holder = call('GET', KEYS[2])
if holder and holder ~= ARGV[1] then
  return {'ok', 0}
end
if ARGV[2] == '0' then
  call('DEL', KEYS[2])
  return {'ok', 0}
end
call('SET', KEYS[2], ARGV[1], 'PX', ARGV[2])
return {'ok', 1}
