import { clock, evenIfFull, lastId, ring, script, type Script } from './script.ts'

/** Lua for comparing ids: too long for the doubles of Lua, so by length and then as text. */
const compare: string = `
local function digits_before(a, b)
  if #a ~= #b then return #a < #b end
  return a < b
end
local function before(a, b)
  local aMs, aSeq = string.match(a, '^(%d+)-(%d+)$')
  local bMs, bSeq = string.match(b, '^(%d+)-(%d+)$')
  if aMs ~= bMs then return digits_before(aMs, bMs) end
  return digits_before(aSeq, bSeq)
end`

/**
 * Removes what is too old or too much, in the order of the merged streams, and nothing that a group or a reader has
 * yet to see; beyond the hard cap regardless of them.
 *
 * KEYS: meta, readers, streams.
 * ARGV: age in ms, age in ms for a topic that is kept, length, hard cap.
 * Reply: how many were removed, how many of them at most were not handled yet.
 */
export const trim: Script = script(
  'trim',
  clock,
  compare,
  `
local now = clock()
local meta = redis.call('HMGET', KEYS[1], 'partitions', 'kept')
if not meta[1] then return { 0, 0 } end
local kept = meta[2] == '1'
local guard
for _, value in ipairs(redis.call('HVALS', KEYS[2])) do
  local id, ends = string.match(value, '^(%S+) (%d+)$')
  if tonumber(ends) > now and (not guard or before(id, guard)) then guard = id end
end

local total, oldest, newest, streams = 0, nil, nil, {}
for i = 3, #KEYS do
  local length = redis.call('EXISTS', KEYS[i]) == 1 and redis.call('XLEN', KEYS[i]) or 0
  if length > 0 then
    local floor = guard
    for _, info in ipairs(redis.call('XINFO', 'GROUPS', KEYS[i])) do
      local pending = redis.call('XPENDING', KEYS[i], info[2])
      local id = pending[2] or info[8]
      if not floor or before(id, floor) then floor = id end
    end
    streams[#streams + 1] = { KEYS[i], floor }
    total = total + length
    local first = tonumber(string.match(redis.call('XRANGE', KEYS[i], '-', '+', 'COUNT', 1)[1][1], '^%d+'))
    local last = tonumber(string.match(redis.call('XREVRANGE', KEYS[i], '+', '-', 'COUNT', 1)[1][1], '^%d+'))
    if not oldest or first < oldest then oldest = first end
    if not newest or last > newest then newest = last end
  end
end
local removed, lost = 0, 0
local function cut(ms, forced)
  local id, gone = string.format('%.0f', ms) .. '-0', 0
  for _, stream in ipairs(streams) do
    local upTo, floor = id, stream[2]
    local unseen = floor and before(floor, upTo)
    if unseen and not forced then upTo = floor end
    local n = redis.call('XTRIM', stream[1], 'MINID', '~', upTo, 'LIMIT', 10000)
    if unseen and forced then lost = lost + n end
    gone = gone + n
  end
  removed = removed + gone
  total = total - gone
end
-- Which id would leave the right number is not known; time between the ends tells about where it is.
local function shrink(length, forced)
  local from = oldest
  for _ = 1, 8 do
    if total <= length or from >= newest then return end
    from = math.min(newest, from + math.max(1, (newest - from) * (total - length) / total))
    cut(from, forced)
  end
end
if total > 0 then
  cut(now - tonumber(kept and ARGV[2] or ARGV[1]), false)
  if not kept then
    shrink(tonumber(ARGV[3]), false)
    shrink(tonumber(ARGV[4]), true)
  end
end
if lost > 0 then redis.call('HINCRBY', KEYS[1], 'lost', lost) end
return { removed, lost }`,
)

/**
 * Says how far a reader without a group has read, and forgets those that have not said so in time: the key lives as long
 * as any of them does.
 *
 * KEYS: readers.
 * ARGV: name of the reader, id, for how long this counts in ms.
 */
export const guardReader: Script = script(
  'guard-reader',
  clock,
  evenIfFull,
  `
even_if_full(KEYS[1])
local now = clock()
redis.call('HSET', KEYS[1], ARGV[1], ARGV[2] .. ' ' .. string.format('%.0f', now + ARGV[3]))
redis.call('PEXPIRE', KEYS[1], ARGV[3])
local flat = redis.call('HGETALL', KEYS[1])
for i = 1, #flat, 2 do
  if tonumber(string.match(flat[i + 1], '%d+$') or 0) <= now then redis.call('HDEL', KEYS[1], flat[i]) end
end
return 1`,
)

/**
 * Where a group stands.
 *
 * KEYS: meta, delayed, streams.
 * ARGV: group.
 * Reply: 0 if there is none; or: entries not given out, entries on loan, age in ms of the oldest of either kind, entries
 * that are not due.
 */
export const inspect: Script = script(
  'inspect',
  clock,
  compare,
  `
local found, lag, pending, oldest = false, 0, 0, nil
for i = 3, #KEYS do
  local groups = redis.pcall('XINFO', 'GROUPS', KEYS[i])
  if not groups.err then
    for _, info in ipairs(groups) do
      if info[2] == ARGV[1] then
        found = true
        pending = pending + info[6]
        local id = info[6] > 0 and redis.call('XPENDING', KEYS[i], ARGV[1])[2]
        local unread = redis.call('XRANGE', KEYS[i], '(' .. info[8], '+', 'COUNT', 1)[1]
        if unread and not id then id = unread[1] end
        if id and (not oldest or before(id, oldest)) then oldest = id end
        if unread then
          -- Redis 6.2 does not count the lag, and later ones not always.
          if type(info[12]) == 'number' then lag = lag + info[12]
          else
            local from = '(' .. info[8]
            for _ = 1, 100 do
              local rows = redis.call('XRANGE', KEYS[i], from, '+', 'COUNT', 100)
              lag = lag + #rows
              if #rows < 100 then break end
              from = '(' .. rows[100][1]
            end
          end
        end
      end
    end
  end
end
if not found then return 0 end
return { lag, pending, oldest and math.max(0, clock() - tonumber(string.match(oldest, '^%d+'))) or 0,
  redis.call('ZCARD', KEYS[2]) }`,
)

/**
 * Forgets a group without members, but not at once where the streams ended: a member that was taken for dead goes on there.
 *
 * KEYS: meta, members, leases, notes, bell, ends, streams.
 * ARGV: group, for how long the ends are remembered in ms.
 * Reply: 0 if it has members.
 */
export const forget: Script = script(
  'forget',
  clock,
  ring,
  lastId,
  `
if #redis.call('ZRANGEBYSCORE', KEYS[2], string.format('%.0f', clock()), '+inf', 'LIMIT', 0, 1) > 0 then return 0 end
for i = 7, #KEYS do
  redis.pcall('XGROUP', 'DESTROY', KEYS[i], ARGV[1])
  redis.call('HSETNX', KEYS[6], KEYS[i], last_id_of(KEYS[i]))
end
redis.call('PEXPIRE', KEYS[6], ARGV[2])
redis.call('HDEL', KEYS[1], 'group:' .. ARGV[1])
local members = redis.call('ZCARD', KEYS[2])
redis.call('DEL', KEYS[2], KEYS[3], KEYS[4], KEYS[5])
if members > 0 then ring(KEYS[5]) end
return 1`,
)
