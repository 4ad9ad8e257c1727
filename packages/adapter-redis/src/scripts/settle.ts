import { append, call, claim, clock, evenIfFull, fence, ring, script, type Script } from './script.ts'
import { wait } from './delay.ts'

/**
 * Acknowledges.
 *
 * KEYS: members, leases, then for each stream: the stream, notes of its topic.
 * ARGV: me, group, then for each stream: its partition or '', its token, how many ids, the ids, how many of them have
 * notes, those ids.
 * Reply: generation, 1 if I am a member, then places (from 0) of streams that are not mine: nothing of them was recorded.
 */
export const acknowledge: Script = script(
  'acknowledge',
  fence,
  `
local member = is_member(KEYS[1], ARGV[1])
local reply = { generation(KEYS[2]), member and 1 or 0 }
local at = 3
for i = 3, #KEYS, 2 do
  local n, token, count = ARGV[at], ARGV[at + 1], tonumber(ARGV[at + 2])
  local noted = tonumber(ARGV[at + 3 + count])
  if (n == '' and not member) or (n ~= '' and not owns(KEYS[2], n, token)) then
    reply[#reply + 1] = (i - 3) / 2
  else
    local done = redis.pcall('XACK', KEYS[i], ARGV[2], unpack(ARGV, at + 3, at + 2 + count))
    -- Without its group there is nothing left to record.
    if type(done) == 'table' and not string.find(done.err, 'NOGROUP', 1, true) then return done end
    for j = at + 4 + count, at + 3 + count + noted do redis.call('HDEL', KEYS[i + 1], n .. ':' .. ARGV[j]) end
  end
  at = at + 4 + count + noted
end
return reply`,
)

/**
 * Gives back single loans, uncharged: of a base stream into the pool `free` (`lost` if it came from a dead member); of a
 * partition they stay where they are, for its owner.
 *
 * KEYS: members, leases, stream, notes, bell.
 * ARGV: me, group, partition or '', token, then for each: id, 1 if it came from a dead member, what to do about the note
 * (0 nothing, 1 keep, 2 remove), note.
 * Reply: generation, 1 if they were mine.
 */
export const giveBack: Script = script(
  'give-back',
  fence,
  ring,
  claim,
  evenIfFull,
  `
local me, group, n = ARGV[1], ARGV[2], ARGV[3]
local mine
if n == '' then mine = is_member(KEYS[1], me) else mine = owns(KEYS[2], n, ARGV[4]) end
if not mine then return { generation(KEYS[2]), 0 } end
even_if_full(KEYS[4])
for i = 5, #ARGV, 4 do
  local id, suspect, about, note = ARGV[i], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
  local info = redis.call('XPENDING', KEYS[3], group, id, id, 1, n == '' and me or 'owner')[1]
  if info then
    if suspect == '1' then
      claim(KEYS[3], group, n == '' and 'lost' or 'owner', { id }, 'RETRYCOUNT', math.max(0, info[4] - 1), 'JUSTID')
      if n ~= '' then redis.call('HDEL', KEYS[2], 'lent:' .. n .. ':' .. KEYS[3]) end
    elseif n == '' then
      claim(KEYS[3], group, 'free', { id }, 'JUSTID')
    end
    if about == '1' then redis.call('HSET', KEYS[4], n .. ':' .. id, note)
    elseif about == '2' then redis.call('HDEL', KEYS[4], n .. ':' .. id) end
  end
end
if n == '' then ring(KEYS[5]) end
return { generation(KEYS[2]), 1 }`,
)

/**
 * Lets go of one partition.
 *
 * KEYS: leases, bell.
 * ARGV: partition, token, 1 if entries of a dead owner are left in it.
 * Reply: 1, or 0 if it was not mine.
 */
export const yieldPartition: Script = script(
  'yield-partition',
  fence,
  ring,
  evenIfFull,
  `
if not owns(KEYS[1], ARGV[1], ARGV[2]) then return 0 end
even_if_full(KEYS[1])
redis.call('HSET', KEYS[1], ARGV[1], '- ' .. string.match(ARGV[2], ' (%d+) ') .. ' ' .. ARGV[3])
redis.call('HINCRBY', KEYS[1], 'gen', 1)
ring(KEYS[2])
return 1`,
)

/**
 * Leaves the group: everything that is still on loan is free at once, uncharged.
 *
 * KEYS: members, leases, bell, base streams.
 * ARGV: me, group, then partitions in which entries of a dead owner are left.
 * Reply: 1, or 0 if I was not a member.
 */
export const leave: Script = script(
  'leave',
  ring,
  claim,
  `
local me, group = ARGV[1], ARGV[2]
if redis.call('ZREM', KEYS[1], me) == 0 then return 0 end
redis.call('HDEL', KEYS[2], 'late:' .. me)
local dirty = {}
for i = 3, #ARGV do dirty[ARGV[i]] = true end
local flat = redis.call('HGETALL', KEYS[2])
for i = 1, #flat, 2 do
  local owner, epoch = string.match(flat[i + 1], '^(%S+) (%d+) %d$')
  if owner == me then
    redis.call('HSET', KEYS[2], flat[i], '- ' .. epoch .. ' ' .. (dirty[flat[i]] and '1' or '0'))
  end
end
for i = 4, #KEYS do
  while true do
    local pending = redis.pcall('XPENDING', KEYS[i], group, '-', '+', 1000, me)
    if pending.err or #pending == 0 then break end
    local ids = {}
    for at, info in ipairs(pending) do ids[at] = info[1] end
    claim(KEYS[i], group, 'free', ids, 'JUSTID')
    if #redis.call('XPENDING', KEYS[i], group, ids[1], ids[1], 1, me) > 0 then redis.call('XACK', KEYS[i], group, unpack(ids)) end
  end
  redis.pcall('XGROUP', 'DELCONSUMER', KEYS[i], group, me)
end
redis.call('HINCRBY', KEYS[2], 'gen', 1)
ring(KEYS[3])
return 1`,
)

/**
 * Stores a copy and acknowledges what it was made from, in one step.
 *
 * KEYS: members, leases, stream, notes; of the copy's topic: meta, delayed, entries, delayed bell, stream, bell
 * for partitions, base stream.
 * ARGV: me, group, partition or '', token, id; for the copy: partitions as the caller knows them, 1 if its topic is to
 * be kept, due time or '', key, headers, body, head (for one that waits), its partition or ''.
 * Reply: as for publish (0 stored, -1 not registered, n partitions), -2 not mine; or the server's error. Then
 * milliseconds until the first of all that wait is due, or -1.
 */
export const forward: Script = script(
  'forward',
  clock,
  append,
  call,
  fence,
  ring,
  wait,
  `
local group, n, id = ARGV[2], ARGV[3], ARGV[5]
local mine
if n == '' then mine = is_member(KEYS[1], ARGV[1]) else mine = owns(KEYS[2], n, ARGV[4]) end
-- One that is settled already was moved by a call whose reply was lost.
if not mine or not redis.call('XPENDING', KEYS[3], group, id, id, 1, n == '' and ARGV[1] or 'owner')[1] then return { -2, -1 } end
local meta = redis.call('HMGET', KEYS[5], 'partitions', 'last', 'kept')
if not meta[1] then return { -1, -1 } end
if meta[1] ~= ARGV[6] then return { tonumber(meta[1]), -1 } end
if ARGV[7] == '1' and not meta[3] then redis.call('HSET', KEYS[5], 'kept', '1') end
local due, key, headers, body, done = ARGV[8], ARGV[9], ARGV[10], ARGV[11], nil
if due ~= '' and tonumber(due) > clock() then
  local before = redis.call('ZRANGE', KEYS[6], 0, 0)[1]
  done = wait(KEYS[5], KEYS[6], KEYS[7], due, ARGV[12], body)
  if redis.call('ZRANGE', KEYS[6], 0, 0)[1] ~= before then ring(KEYS[8]) end
else
  continue_from(meta[2], KEYS[11])
  local fields = {}
  if key ~= '' then fields = { 'key', key } end
  if headers ~= '' then fields[#fields + 1] = 'headers' fields[#fields + 1] = headers end
  fields[#fields + 1] = 'body'
  fields[#fields + 1] = body
  done = append(KEYS[9], unpack(fields))
  if type(done) ~= 'table' then
    remember(KEYS[5], KEYS[11])
    if ARGV[13] ~= '' then call_for(KEYS[5], KEYS[10], ARGV[13]) end
  end
end
if type(done) == 'table' then return done end
redis.pcall('XACK', KEYS[3], group, id)
redis.call('HDEL', KEYS[4], n .. ':' .. id)
return { 0, next_due(KEYS[6]) }`,
)
