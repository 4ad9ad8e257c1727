import { evenIfFull, lastId, script, type Script } from './script.ts'

/**
 * Registers a topic. What is settled already stays.
 *
 * KEYS: meta, meta of the topic it is derived from (or its own again).
 * ARGV: partitions for a new topic.
 * Reply: its partitions.
 */
export const createTopic: Script = script(
  'create-topic',
  evenIfFull,
  `
even_if_full(KEYS[1])
local partitions = redis.call('HGET', KEYS[2], 'partitions') or ARGV[1]
redis.call('HSETNX', KEYS[1], 'partitions', partitions)
return tonumber(redis.call('HGET', KEYS[1], 'partitions'))`,
)

/**
 * Where the streams of a topic end.
 *
 * KEYS: streams.
 * Reply: the last id that each has ever had; '0-0' where there was none.
 */
export const ends: Script = script(
  'ends',
  lastId,
  `
local ids = {}
for i, key in ipairs(KEYS) do ids[i] = last_id_of(key) end
return ids`,
)

/**
 * How far streams have come.
 *
 * KEYS: streams.
 * Reply: for each: the last id it has ever had ('0-0' where there was none), how many entries it has had in all (-1 before
 * Redis 7), how many of them are gone.
 */
export const tally: Script = script(
  'tally',
  `
local reply = {}
for _, key in ipairs(KEYS) do
  local last, added, length = '0-0', 0, 0
  local info = redis.pcall('XINFO', 'STREAM', key)
  if not info.err then
    added = -1
    for at = 1, #info, 2 do
      if info[at] == 'last-generated-id' then last = info[at + 1]
      elseif info[at] == 'entries-added' then added = info[at + 1]
      elseif info[at] == 'length' then length = info[at + 1] end
    end
  end
  reply[#reply + 1] = last
  reply[#reply + 1] = added
  reply[#reply + 1] = added < 0 and 0 or added - length
end
return reply`,
)

/**
 * Sees to it that a group exists on all streams of a topic.
 *
 * KEYS: meta, where each stream ended when the group was deleted, streams.
 * ARGV: group; 1 if a member asks, who goes on there; then for each stream the id after which a new group starts ('$' for its end) and the one for a group
 * that was registered but is gone.
 * Reply: 1.
 */
export const createGroup: Script = script(
  'create-group',
  evenIfFull,
  `
even_if_full(KEYS[1])
local field = 'group:' .. ARGV[1]
local known = redis.call('HEXISTS', KEYS[1], field) == 1
local function entries_added(key)
  local info = redis.pcall('XINFO', 'STREAM', key)
  for at = 1, #info, 2 do
    if info[at] == 'entries-added' then return info[at + 1] end
  end
  return 0
end
for i = 3, #KEYS do
  local start = ARGV[known and 2 * i - 2 or 2 * i - 3]
  if ARGV[2] == '1' and not known then start = redis.call('HGET', KEYS[2], KEYS[i]) or start end
  local done
  -- Redis 7 counts the lag if it is told how far the group has come.
  if start == '$' or start == '0-0' then
    local read = start == '$' and entries_added(KEYS[i]) or 0
    done = redis.pcall('XGROUP', 'CREATE', KEYS[i], ARGV[1], start, 'MKSTREAM', 'ENTRIESREAD', read)
  end
  if not done or (done.err and not string.find(done.err, 'BUSYGROUP', 1, true)) then
    done = redis.pcall('XGROUP', 'CREATE', KEYS[i], ARGV[1], start, 'MKSTREAM')
  end
  if done.err and not string.find(done.err, 'BUSYGROUP', 1, true) then return done end
end
redis.call('HSET', KEYS[1], field, '1')
redis.call('DEL', KEYS[2])
return 1`,
)
