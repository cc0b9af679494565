#!lua flags=no-writes
-- Texts that nobody understood, newest first; or one. KEYS: clock, texts, texts.done. ARGV: key of the entry shown last ('' = begin), most; or 'one', its key.
-- -> {key, entry, answered at} each.
local r = {'ok'}
local list = ARGV[1] == 'one' and call('XRANGE', KEYS[2], ARGV[2], ARGV[2])
  or call('XREVRANGE', KEYS[2], ARGV[1] == '' and '+' or '(' .. ARGV[1], '-', 'COUNT', ARGV[2])
for _, e in ipairs(list) do
  r[#r + 1] = {e[1], e[2], call('HGET', KEYS[3], e[1]) or '0'}
end
return r
