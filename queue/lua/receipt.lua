#!lua flags=allow-oom
-- A provider's later report on one attempt: raises, never lowers. ARGV: id, index, attempt, state (3 delivered | 5 failed), detail,
-- the number it names ('' = none), what it says of it for the time to come ('' | 'out' | 'dead' | 'missed'), why. That is believed only of a number that this very recipient has.
local n, index, att = P .. 'n:' .. ARGV[1], tonumber(ARGV[2]), tonumber(ARGV[3])
local total = tonumber(call('HGET', n, 'total'))
if not total then return refuse('no-such-notice', 'there is no such notice') end
if index >= total then return refuse('no-such-recipient', 'this notice has no recipient with this number') end
local v, tries = call('GETRANGE', n .. ':st', 2 * index, 2 * index + 1):byte(1, 2)
local lo = v % 16
local to
if att >= 1 and att <= tries then
  -- who was reached by an earlier attempt was reached, whatever became of the latest one
  if ARGV[4] == '3' and lo ~= 3 and lo ~= 0 and lo ~= 8 and (lo ~= 5 or att < tries) then to = 3 end
  -- only the latest attempt's failure is the recipient's
  if ARGV[4] == '5' and att == tries and (lo == 1 or lo == 2 or lo == 4 or lo == 7) then to = 5 end
end

-- The number this recipient was told at, when it is the one that the report names.
local function number()
  local text = call('HGET', n .. ':aud', math.floor(index / 100)) or ''
  local k, own = index % 100, ''
  for line in text:gmatch('([^\n]*)\n') do
    if k == 0 then own = line:match('^[^\t]*') break end
    k = k - 1
  end
  for address in own:gmatch('[^ ]+') do
    if address:sub(1, 1) == '+' and (ARGV[6] == '' or ARGV[6] == address) then return address end
  end
end
-- Is there anything that a delivery clears?
local function in_doubt()
  local dead, soft = P .. 'dead.numbers', P .. 'soft.numbers'
  if ARGV[6] == '' then return call('EXISTS', dead, soft) > 0 end
  return call('HEXISTS', dead, ARGV[6]) == 1 or call('HEXISTS', soft, ARGV[6]) == 1
end
local about = ARGV[4] == '3' and 'alive' or ARGV[7]
if att >= 1 and att <= tries and (about == 'out' or about == 'dead' or about == 'missed' and to == 5 or about == 'alive' and in_doubt()) then
  local address = number()
  if address then heard_of(address, about, ARGV[8]) end
end
if not to then return {'ok', 0} end
call('SETRANGE', n .. ':st', 2 * index, string.char(v - lo + to))
if ARGV[5] ~= '' then call('HSET', n .. ':det', index, ARGV[5]) end
return {'ok', 1}
