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

/**
 * What was on loan to a dead member is marked when it is lent again, by a delivery count that no counting reaches: should
 * that loan end with a death as well, it comes by itself from then on, so that the one that kills is found.
 */
const markedFrom = 1_000

const mark: string = `
local function marked(count)
  return ${markedFrom} + count
end`

/**
 * How many loans ended with the death of their process, by the delivery count. A death among several that were marked
 * together is charged to none of them; but whoever dies alone afterwards is taken for the one of then.
 */
export function deathsOf(count: number): number {
  if (count <= markedFrom) return Math.max(0, count - 1)
  const alone = count - markedFrom - 1
  return alone < 2 ? 1 : alone + 1
}

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
 * Goes on with what a dead owner left in a partition, in its order. What was lost with a member once is lent many at a
 * time, and marked; what was marked already comes only when nothing before it is open, by itself, and is counted first:
 * if this process dies of it as well, the next one knows. Asked again under the same token, it lends the same entry and
 * counts it once.
 *
 * KEYS: leases, stream, notes.
 * ARGV: group, partition, token, id to go on after ('-' for the beginning), the most entries, 1 if nothing before is open
 * and one that was marked may be lent.
 * Reply: 0, not mine; or: how many were trimmed; 0 at the end, 1 if there is more, 2 if the next one has to wait, 3 if
 * there is only this one, marked before; then the entries (id, delivery count, fields, note).
 */
export const lendLeft: Script = script(
  'lend-left',
  fence,
  fetch,
  claim,
  mark,
  `
local group, n, token, room = ARGV[1], ARGV[2], ARGV[3], tonumber(ARGV[5])
if not owns(KEYS[1], n, token) then return 0 end
local field = 'lent:' .. n .. ':' .. KEYS[2]
local reply = { 0, 1 }
local from = ARGV[4] == '-' and '-' or '(' .. ARGV[4]
local pending = redis.call('XPENDING', KEYS[2], group, from, '+', room, 'owner')
for _, info in ipairs(pending) do
  local entry = fetch(KEYS[2], group, KEYS[3], n, info[1], info[4])
  if not entry then
    reply[1] = reply[1] + 1
  elseif info[4] == 1 then
    entry[2] = marked(1)
    claim(KEYS[2], group, 'owner', { info[1] }, 'RETRYCOUNT', entry[2], 'JUSTID')
    reply[#reply + 1] = entry
  else
    reply[2] = 2
    if #reply > 2 or ARGV[6] ~= '1' then return reply end
    local this = token .. ' ' .. info[1]
    if redis.call('HGET', KEYS[1], field) ~= this then
      entry[2] = info[4] + 1
      claim(KEYS[2], group, 'owner', { info[1] }, 'RETRYCOUNT', entry[2], 'JUSTID')
      redis.call('HSET', KEYS[1], field, this)
    end
    reply[2] = 3
    reply[3] = entry
    return reply
  end
end
if #pending < room then
  reply[2] = 0
  redis.call('HDEL', KEYS[1], field)
end
return reply`,
)

/**
 * Takes from the pools of a base stream: what was given back, as many as there is room for; of what was lost with a member
 * once, an even share, which is marked; of what was marked already one, whose count is raised before it is lent.
 *
 * KEYS: members, stream, notes.
 * ARGV: me, group, the most entries, 1 if one that was marked may be lent.
 * Reply: 0, not a member; or: how many were trimmed; 1 if there may be more in `free`; 1 if there is more in `lost` that
 * there was no room for, 2 if there are the shares of others; 1 if there are more that were marked; 1 if the last entry is one that was marked; then the entries
 * (id, delivery count, fields, note).
 */
export const take: Script = script(
  'take',
  fence,
  fetch,
  claim,
  mark,
  `
local me, group, room = ARGV[1], ARGV[2], tonumber(ARGV[3])
if not is_member(KEYS[1], me) then return 0 end
local reply = { 0, 0, 0, 0, 0 }
local function lend(info, count)
  local entry = fetch(KEYS[2], group, KEYS[3], '', info[1], info[4])
  if not entry then
    reply[1] = reply[1] + 1
    return false
  end
  entry[2] = count
  claim(KEYS[2], group, me, { info[1] }, 'RETRYCOUNT', count, 'JUSTID')
  reply[#reply + 1] = entry
  return true
end
local free = redis.call('XPENDING', KEYS[2], group, '-', '+', room, 'free')
for _, info in ipairs(free) do lend(info, info[4]) end
if #free == room then reply[2] = 1 end
room = room + 5 - #reply
local lost = redis.call('XPENDING', KEYS[2], group, '-', '+', 1000, 'lost')
local once, again = {}, {}
for _, info in ipairs(lost) do
  local list = info[4] == 1 and once or again
  list[#list + 1] = info
end
local share = math.ceil(#once / redis.call('ZCARD', KEYS[1]))
for i = 1, math.min(share, room) do
  if lend(once[i], marked(1)) then room = room - 1 end
end
if share > room and room == 0 then reply[3] = 1
elseif #once > share then reply[3] = 2 end
for i, info in ipairs(again) do
  reply[4] = 1
  if room == 0 or ARGV[4] ~= '1' then break end
  if lend(info, info[4] + 1) then
    reply[4] = again[i + 1] and 1 or 0
    reply[5] = 1
    break
  end
end
return reply`,
)
