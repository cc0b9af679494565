#!lua flags=no-writes
-- A page of registrations. KEYS: clock, act:<code>, :reg, one of :conf, :wait, :out, and offers. ARGV: offset, most, code.
-- -> members looked at, {phone, line, rank, until when it is to be confirmed or '0', ...}.
if call('EXISTS', KEYS[2]) == 0 then
  return refuse('no-such-activity', 'there is no activity with this code', 'code')
end
local offset = tonumber(ARGV[1])
local members = call('ZRANGE', KEYS[4], offset, offset + tonumber(ARGV[2]) - 1)
local list = {}
for i, m in ipairs(members) do
  local reg = not m:find('#', 1, true) and call('HGET', KEYS[3], m)
  if reg then
    list[#list + 1] = m
    list[#list + 1] = reg
    list[#list + 1] = offset + i
    list[#list + 1] = reg:sub(1, 2) == '4\t' and call('ZSCORE', KEYS[5], ARGV[3] .. ' ' .. m) or '0'
  end
end
return {'ok', #members, list}
