import { append, call, clock, evenIfFull, ring, script, type Script } from './script.ts'

/**
 * Lua for one entry that waits: partition or -1, lengths of key and headers in bytes, end of line, then key, headers and
 * body. Lengths, because no decoder can stumble over what the bytes between them are.
 */
export const wait: string = `
local function wait(meta, delayed, entries, due, head, body)
  local number = string.format('%016.0f', redis.call('HINCRBY', meta, 'waiting', 1))
  local done = redis.pcall('HSET', entries, number, head .. body)
  if type(done) == 'table' then return done end
  done = redis.pcall('ZADD', delayed, due, number)
  if type(done) == 'table' then redis.pcall('HDEL', entries, number) end
  return done
end
local function next_due(delayed)
  local first = redis.call('ZRANGE', delayed, 0, 0, 'WITHSCORES')
  if not first[2] then return -1 end
  return math.max(0, math.ceil(tonumber(first[2]) - clock()))
end`

/**
 * Puts events aside until they are due.
 *
 * KEYS: meta, delayed, entries, bell.
 * ARGV: partitions as the caller knows them; 1 if the topic is to be kept; then for each event: due time in
 * milliseconds, head, body.
 * Reply: a list of its outcome as for publish (0, -1 or n), milliseconds until the first of all is due or -1, then what
 * failed: number in the batch from 0, error, and so on.
 */
export const delay: Script = script(
  'delay',
  clock,
  ring,
  wait,
  `
local meta = redis.call('HMGET', KEYS[1], 'partitions', 'kept')
if not meta[1] then return { -1, -1 } end
if meta[1] ~= ARGV[1] then return { tonumber(meta[1]), -1 } end
if ARGV[2] == '1' and not meta[2] then redis.call('HSET', KEYS[1], 'kept', '1') end
local before = redis.call('ZRANGE', KEYS[2], 0, 0)[1]
local reply = { 0, 0 }
for i = 3, #ARGV, 3 do
  local done = wait(KEYS[1], KEYS[2], KEYS[3], ARGV[i], ARGV[i + 1], ARGV[i + 2])
  if type(done) == 'table' then
    reply[#reply + 1] = (i - 3) / 3
    reply[#reply + 1] = done.err
  end
end
if redis.call('ZRANGE', KEYS[2], 0, 0)[1] ~= before then ring(KEYS[4]) end
reply[2] = next_due(KEYS[2])
return reply`,
)

/**
 * Moves what is due into the topic's streams.
 *
 * KEYS: meta, delayed, entries, bell for partitions, base stream, streams of all partitions.
 * ARGV: the most to move; the most bytes, about.
 * Reply: how many were moved, milliseconds until the next is due or -1, the error that stopped it or '', numbers of those
 * that cannot be read: they are still among the entries, but are not tried again.
 */
export const move: Script = script(
  'move',
  clock,
  append,
  call,
  wait,
  evenIfFull,
  `
local function read_entry(entry)
  local partition, key, headers, at = string.match(entry, '^(%-?%d+) (%d+) (%d+)\\n()')
  if not partition then return nil end
  local keyEnd = at + tonumber(key)
  local headersEnd = keyEnd + tonumber(headers)
  return tonumber(partition), string.sub(entry, at, keyEnd - 1), string.sub(entry, keyEnd, headersEnd - 1), string.sub(entry, headersEnd)
end
local due = redis.call('ZRANGEBYSCORE', KEYS[2], '-inf', string.format('%.0f', clock()), 'WITHSCORES', 'LIMIT', 0, ARGV[1])
local moved, bytes, problem, partitions, unreadable = 0, 0, '', {}, {}
-- What is moved is stored already.
even_if_full(KEYS[3])
if #due > 0 then continue_from(redis.call('HGET', KEYS[1], 'last'), KEYS[5]) end
for i = 1, #due, 2 do
  if bytes > tonumber(ARGV[2]) then break end
  local entry = redis.call('HGET', KEYS[3], due[i])
  local partition, key, headers, body = read_entry(entry or '')
  if partition then
    local fields = { 'due', due[i + 1] }
    if key ~= '' then fields[3] = 'key' fields[4] = key end
    if headers ~= '' then fields[#fields + 1] = 'headers' fields[#fields + 1] = headers end
    fields[#fields + 1] = 'body'
    fields[#fields + 1] = body
    bytes = bytes + #entry
    local done = append(KEYS[6 + partition] or KEYS[5], unpack(fields))
    if type(done) == 'table' then problem = done.err break end
    moved = moved + 1
    if partition >= 0 then partitions[#partitions + 1] = partition end
  end
  redis.call('ZREM', KEYS[2], due[i])
  if partition then redis.call('HDEL', KEYS[3], due[i])
  elseif entry then unreadable[#unreadable + 1] = due[i] end
end
if moved > 0 then remember(KEYS[1], KEYS[5]) end
if #partitions > 0 then call_for(KEYS[1], KEYS[4], table.concat(partitions, ',')) end
return { moved, next_due(KEYS[2]), problem, unreadable }`,
)
