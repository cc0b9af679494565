#!lua flags=no-writes
-- States of the notices that somebody may be looking at: the newest 50, those under way, those asked for. Rolling answers are left out. KEYS[2] notices; the rest
-- is derived. ARGV: ids... Answers id, state, ...
local seen, out = {}, {'ok'}
local function tell(ids)
  for _, id in ipairs(ids) do
    if not seen[id] then
      seen[id] = true
      local h = call('HMGET', P .. 'n:' .. id, 'state', 'kind')
      if h[1] and h[2] ~= '5' then
        out[#out + 1] = id
        out[#out + 1] = h[1]
      end
    end
  end
end
tell(ARGV)
tell(call('ZRANGE', KEYS[2], 0, 49, 'REV'))
for lane = 0, 3 do
  tell(call('ZRANGE', P .. 'staging:' .. lane, 0, 49))
  tell(call('ZRANGE', P .. 'lane:' .. lane, 0, 49))
end
tell(call('ZRANGE', P .. 'auditing', 0, 49))
return out
