#!lua flags=no-writes
-- Texts that nobody understood, newest first. KEYS: clock, texts, texts.done. ARGV: key of the entry shown last ('' = begin), most. -> {key, entry, answered at} each.
local r = {'ok'}
for _, e in ipairs(call('XREVRANGE', KEYS[2], ARGV[1] == '' and '+' or '(' .. ARGV[1], '-', 'COUNT', ARGV[2])) do
  r[#r + 1] = {e[1], e[2], call('HGET', KEYS[3], e[1]) or '0'}
end
return r
