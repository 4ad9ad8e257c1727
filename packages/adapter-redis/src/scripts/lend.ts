import { claim, fence, script, type Script } from './script.ts'

/**
 * Reads what no member was given yet: base streams for every member, partitions only for their owner.
 *
 * KEYS: members, leases, streams.
 * ARGV: me, group, the most entries in all; then for each stream: its partition or '', its token, 1 to be told where
 * the group stands if there is nothing.
 * Reply: generation, 1 if I am a member, places (from 0) of streams that are not mine, the first error or '', then for
 * each stream that was read: its place, its entries or the last id that was given out ('' if not asked for).
 */
export const read: Script = script(
  'read',
  fence,
  `
local me, group, left = ARGV[1], ARGV[2], tonumber(ARGV[3])
local member = is_member(KEYS[1], me)
local foreign, problem = {}, ''
local reply = { generation(KEYS[2]), member and 1 or 0, foreign, '' }
for i = 3, #KEYS do
  local n, token = ARGV[3 * i - 5], ARGV[3 * i - 4]
  if (n == '' and not member) or (n ~= '' and not owns(KEYS[2], n, token)) then
    foreign[#foreign + 1] = i - 3
  elseif left > 0 then
    local got = redis.pcall('XREADGROUP', 'GROUP', group, n == '' and me or 'owner', 'COUNT', left, 'STREAMS', KEYS[i], '>')
    if got and got.err then
      if problem == '' then problem = got.err end
    else
      local found = ''
      if got then
        found = got[1][2]
        left = left - #found
      elseif ARGV[3 * i - 3] == '1' then
        for _, info in ipairs(redis.call('XINFO', 'GROUPS', KEYS[i])) do
          if info[2] == group then found = info[8] end
        end
      end
      reply[#reply + 1] = i - 3
      reply[#reply + 1] = found
    end
  end
end
reply[4] = problem
return reply`,
)

/** Lua for one pending entry: nothing if it was trimmed, which also ends its loan. */
const fetch: string = `
local function fetch(stream, group, notes, n, id, count)
  local entry = redis.call('XRANGE', stream, id, id)[1]
  if not entry then
    redis.call('XACK', stream, group, id)
    return nil
  end
  return { id, count, entry[2], redis.call('HGET', notes, n .. ':' .. id) or '' }
end`

/**
 * Goes through what is on loan under one name: after a lost reply, or when a partition was handed over. Nothing is
 * counted.
 *
 * KEYS: members, leases, stream, notes.
 * ARGV: me, group, partition or '', token, id to go on after ('-' for the beginning), the most entries.
 * Reply: 0, not mine; or: the last id that was looked at ('' at the end), how many were trimmed, then for each entry
 * its id, delivery count, fields, note.
 */
export const page: Script = script(
  'page',
  fence,
  fetch,
  `
local n = ARGV[3]
if n == '' and not is_member(KEYS[1], ARGV[1]) then return 0 end
if n ~= '' and not owns(KEYS[2], n, ARGV[4]) then return 0 end
local from = ARGV[5] == '-' and '-' or '(' .. ARGV[5]
local pending = redis.call('XPENDING', KEYS[3], ARGV[2], from, '+', ARGV[6], n == '' and ARGV[1] or 'owner')
local last = #pending == tonumber(ARGV[6]) and pending[#pending][1] or ''
local reply = { last, 0 }
for _, info in ipairs(pending) do
  local entry = fetch(KEYS[3], ARGV[2], KEYS[4], n, info[1], info[4])
  if entry then reply[#reply + 1] = entry else reply[2] = reply[2] + 1 end
end
return reply`,
)

/**
 * Lends the oldest pending entry of a partition whose owner died, and counts that loan first: if this process dies of
 * it as well, the next one knows. Asked again under the same token it lends the same entry and counts it once.
 *
 * KEYS: leases, stream, notes.
 * ARGV: group, partition, token.
 * Reply: 0, not mine; or: how many were trimmed, and the entry (id, delivery count, fields, note) if there is one.
 */
export const lendOldest: Script = script(
  'lend-oldest',
  fence,
  fetch,
  claim,
  `
local group, n, token = ARGV[1], ARGV[2], ARGV[3]
if not owns(KEYS[1], n, token) then return 0 end
local mark, trimmed = 'lent:' .. n .. ':' .. KEYS[2], 0
while true do
  local info = redis.call('XPENDING', KEYS[2], group, '-', '+', 1, 'owner')[1]
  if not info then
    redis.call('HDEL', KEYS[1], mark)
    return { trimmed }
  end
  local entry = fetch(KEYS[2], group, KEYS[3], n, info[1], info[4])
  if entry then
    local this = token .. ' ' .. info[1]
    if redis.call('HGET', KEYS[1], mark) ~= this then
      entry[2] = info[4] + 1
      claim(KEYS[2], group, 'owner', { info[1] }, 'RETRYCOUNT', entry[2], 'JUSTID')
      redis.call('HSET', KEYS[1], mark, this)
    end
    return { trimmed, entry }
  end
  trimmed = trimmed + 1
end`,
)

/**
 * Takes from the pools of a base stream: what was given back, as many as there is room for; of what dead members had,
 * one, whose count is raised before it is lent.
 *
 * KEYS: members, stream, notes.
 * ARGV: me, group, the most entries, 1 if one of a dead member may be lent.
 * Reply: 0, not a member; or: how many were trimmed; 1 if there may be more in `free`; 1 if there may be more in `lost`;
 * 1 if the last entry was a dead member's; then the entries (id, delivery count, fields, note).
 */
export const take: Script = script(
  'take',
  fence,
  fetch,
  claim,
  `
local me, group, room = ARGV[1], ARGV[2], tonumber(ARGV[3])
if not is_member(KEYS[1], me) then return 0 end
local reply = { 0, 0, 0, 0 }
local function lend(info, raise)
  local entry = fetch(KEYS[2], group, KEYS[3], '', info[1], info[4])
  if not entry then
    reply[1] = reply[1] + 1
    return false
  end
  entry[2] = entry[2] + raise
  claim(KEYS[2], group, me, { info[1] }, 'RETRYCOUNT', entry[2], 'JUSTID')
  reply[#reply + 1] = entry
  return true
end
local free = redis.call('XPENDING', KEYS[2], group, '-', '+', room, 'free')
for _, info in ipairs(free) do lend(info, 0) end
if #free == room then reply[2] = 1 end
if ARGV[4] == '1' and #reply - 4 < room then
  for _, info in ipairs(redis.call('XPENDING', KEYS[2], group, '-', '+', 100, 'lost')) do
    reply[3] = 1
    if lend(info, 1) then
      reply[4] = 1
      break
    end
  end
end
return reply`,
)
