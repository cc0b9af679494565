#!lua
-- Store residents. KEYS: clock, people, optout; the blocks res:<n> and the indexes ph:<n> and ad:<n> follow from the lines. ARGV: 1 = only count, then one line
-- (model/resident.h) each. -> added, changed, kept, duplicate.
local people = KEYS[2]
local dry = ARGV[1] == '1'
local n_added, n_changed, n_kept, n_duplicate = 0, 0, 0, 0

local function block(id)
  return P .. 'res:' .. int(math.floor(id / 100))
end
-- Fields that the new row leaves empty stay as they were; an opt-out is never lifted by an import.
local function merge(old, new)
  local a, b = fields_of(old), fields_of(new)
  if b[7] ~= '' and b[7] ~= a[7] and math.floor((tonumber(a[8]) or 0) / 2) % 2 == 1 then
    a[8] = int(a[8] - 2) -- another WeChat id: what was known of the old one says nothing
    a[8] = a[8] ~= '0' and a[8] or ''
  end
  for i = 1, 9 do
    if b[i] == '' or i == 8 then
      b[i] = a[i]
    end
  end
  return line_of(b)
end
local function index(line, id)
  for _, address in ipairs(addresses_of(line)) do
    local key = index_of(address)
    local ids = call('HGET', key, address)
    if not ids then
      call('HSET', key, address, id)
    elseif not (' ' .. ids .. ' '):find(' ' .. id .. ' ', 1, true) then
      call('HSET', key, address, ids .. ' ' .. id)
    end
  end
end
local function drop_old(old, new, id)
  local kept = {}
  for _, address in ipairs(addresses_of(new)) do
    kept[address] = true
  end
  for _, address in ipairs(addresses_of(old)) do
    if not kept[address] then
      unindex(address, id)
    end
  end
end
-- The stored person with this number and name; an index entry without a person (a torn write) is used again.
local function find(phone, name)
  local vacant
  for id in (call('HGET', index_of(phone), phone) or ''):gmatch('%d+') do
    local line = call('HGET', block(id), id)
    if not line then
      vacant = vacant or id
    elseif line:match('^[^\t]*\t?([^\t]*)') == name then
      return id, line
    end
  end
  return vacant
end
local function add(id, line)
  n_added = n_added + 1
  if dry then
    return
  end
  id = id or int(call('HINCRBY', people, 'next', 1))
  for _, address in ipairs(addresses_of(line)) do
    if opted_out(address) then
      local f = fields_of(line)
      f[8] = '1'
      line = line_of(f)
    end
  end
  index(line, id)
  call('HSET', block(id), id, line)
  call('HINCRBY', people, 'n', 1)
end
local function change(id, old, line)
  n_changed = n_changed + 1
  if dry then
    return
  end
  index(line, id)
  call('HSET', block(id), id, line)
  drop_old(old, line, id)
end

local seen = {}
for i = 2, #ARGV do
  local line = ARGV[i]
  local phones, name = line:match('^([^\t]*)\t?([^\t]*)')
  local phone = phones:match('^[^ ]*')
  local person = phone .. '\t' .. name
  if seen[person] then
    n_duplicate = n_duplicate + 1
  else
    seen[person] = true
    local id, old = find(phone, name)
    if not old then
      add(id, line)
    else
      local new = merge(old, line)
      if new == old then
        n_kept = n_kept + 1
      else
        change(id, old, new)
      end
    end
  end
end
return {'ok', n_added, n_changed, n_kept, n_duplicate}
