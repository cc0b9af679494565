#!lua flags=no-writes
-- What a phone is registered for, earliest registration first. KEYS: clock, reg:<phone>; act:<code>:reg, :conf, :wait of these. ARGV: phone, most.
-- -> {code, line, place, position} each.
local phone = ARGV[1]
local list = {}
for _, code in ipairs(call('SMEMBERS', KEYS[2])) do
  local act = P .. 'act:' .. code
  local line = call('HGET', act .. ':reg', phone)
  local place, position = call('ZRANK', act .. ':conf', phone), call('ZRANK', act .. ':wait', phone)
  if line and (place or position) then
    list[#list + 1] = {code, line, place and place + 1 or 0, position and position + 1 or 0, tonumber(line:match('^%d+\t%d+\t(%d+)')) or 0}
  end
end
table.sort(list, function(a, b)
  return a[5] < b[5] or (a[5] == b[5] and a[1] < b[1])
end)
local r = {'ok'}
for i = 1, math.min(#list, tonumber(ARGV[2])) do
  r[#r + 1] = {list[i][1], list[i][2], list[i][3], list[i][4]}
end
return r
