#!lua flags=no-writes
-- Recipients [from, from + n) of a notice. ARGV: id, from, n. Answers total, ledger, blobs of the slices they are in, details.
local n, from = P .. 'n:' .. ARGV[1], tonumber(ARGV[2])
local total = tonumber(call('HGET', n, 'total'))
if not total then return refuse('no-such-notice', 'there is no such notice') end
local last = math.min(total, from + ARGV[3]) - 1
if last < from then return {'ok', total, '', {}, {}} end
local slices, indices = {}, {}
for s = math.floor(from / 100), math.floor(last / 100) do slices[#slices + 1] = s end
for i = from, last do indices[#indices + 1] = i end
return {'ok', total, call('GETRANGE', n .. ':st', 2 * from, 2 * last + 1), call('HMGET', n .. ':aud', unpack(slices)),
  call('EXISTS', n .. ':det') == 1 and call('HMGET', n .. ':det', unpack(indices)) or {}}
