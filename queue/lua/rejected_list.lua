#!lua flags=no-writes
-- Some rejected entries, newest first. Long ones are cut: what is listed must fit an answer. ARGV: before this stream id ('' = the newest),
-- most entries, most bytes of one
local from = ARGV[1] == '' and '+' or '(' .. ARGV[1]
local out, bytes = {}, 0
for _ = 1, ARGV[2] do
  local r = call('XREVRANGE', P .. 'rejected', from, '-', 'COUNT', 1)[1]
  if not r or bytes > 1048576 then break end
  local f = r[2]
  for i = 1, #f, 2 do
    if f[i] == 'entry' then
      f[i + 1] = f[i + 1]:sub(1, tonumber(ARGV[3]))
      bytes = bytes + #f[i + 1]
    end
  end
  out[#out + 1] = r
  from = '(' .. r[1]
end
return {'ok', out}
