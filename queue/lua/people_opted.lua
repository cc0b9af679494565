#!lua flags=no-writes
-- Do these want no notices? KEYS: clock, optout, optout.key. ARGV: addresses. -> 1 or 0 each. Who was erased is known by a keyed hash only.
local r = {'ok'}
for _, address in ipairs(ARGV) do
  r[#r + 1] = opted_out(address) and 1 or 0
end
return r
