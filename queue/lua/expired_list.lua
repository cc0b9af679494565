#!lua flags=no-writes
-- Ids of notices that ended in state expired lately, latest first; those whose recipients are still being turned come before. Answers notices of people
-- only, in the form of notice_list. ARGV: how far back in ms, most
local at = now()
local out, most = {'ok', -1}, tonumber(ARGV[2])
local function add(ids)
  for _, id in ipairs(ids) do
    local h = call('HMGET', P .. 'n:' .. id, 'state', 'kind')
    if #out - 2 < most and h[1] == EXPIRED and h[2] ~= '5' then out[#out + 1] = id end
  end
end
add(call('ZRANGE', P .. 'closing', 0, 99))
add(call('ZRANGE', P .. 'purge', '+inf', at - ARGV[1], 'BYSCORE', 'REV', 'LIMIT', 0, 1000))
return out
