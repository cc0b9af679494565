#!lua flags=no-writes
-- Ids of notices, newest first. ARGV: from (rank), most, state ('-1' = all), kinds (a digit each; '' = all). Answers the next rank (-1 = end) and ids.
local from, out = tonumber(ARGV[1]), {'ok', -1}
local page = call('ZRANGE', P .. 'notices', from, from + 199, 'REV')
for i, id in ipairs(page) do
  if #out - 2 >= tonumber(ARGV[2]) then
    out[2] = from + i - 1
    return out
  end
  local state, kind = unpack(call('HMGET', P .. 'n:' .. id, 'state', 'kind'))
  if (ARGV[3] == '-1' or state == ARGV[3]) and (ARGV[4] == '' or kind and ARGV[4]:find(kind, 1, true)) then out[#out + 1] = id end
end
if #page == 200 then out[2] = from + 200 end
return out
