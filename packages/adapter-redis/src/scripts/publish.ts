import { append, call, clock, script, type Script } from './script.ts'

/**
 * Stores a batch.
 *
 * KEYS: meta, bell for partitions, base stream, then the partitions' streams that the batch goes to.
 * ARGV: partitions as the caller knows them; 1 if the topic is to be kept; fields per event, 1 or 4; the
 * partitions that the batch goes to, such as '3,7'; then for each event its body, or: place of its stream in KEYS, key,
 * headers, body.
 * Reply: 0, all are stored; -1, the topic is not registered; n, it has n partitions. Nothing is stored in the latter two
 * cases. Otherwise a list of what failed: number in the batch from 0, error, and so on.
 */
export const publish: Script = script(
  'publish',
  clock,
  append,
  call,
  `
local meta = redis.call('HMGET', KEYS[1], 'partitions', 'last', 'kept')
if not meta[1] then return -1 end
if meta[1] ~= ARGV[1] then return tonumber(meta[1]) end
if ARGV[2] == '1' and not meta[3] then redis.call('HSET', KEYS[1], 'kept', '1') end
continue_from(meta[2], KEYS[3])
local failed = {}
local function check(done, number)
  if type(done) == 'table' then
    failed[#failed + 1] = number
    failed[#failed + 1] = done.err
  end
end
if ARGV[3] == '1' then
  -- Not by append: this is done most often, and a call with a list of arguments takes a while.
  local base = KEYS[3]
  for i = 5, #ARGV do
    seq = seq + 1
    local done = redis.pcall('XADD', base, stem .. seq, 'body', ARGV[i])
    if type(done) == 'table' then check(appended(done, base, 'body', ARGV[i]), i - 5) end
  end
else
  for i = 5, #ARGV, 4 do
    local stream, key, headers, body = KEYS[tonumber(ARGV[i])], ARGV[i + 1], ARGV[i + 2], ARGV[i + 3]
    local done
    if key == '' then
      if headers == '' then done = append(stream, 'body', body)
      else done = append(stream, 'headers', headers, 'body', body) end
    elseif headers == '' then done = append(stream, 'key', key, 'body', body)
    else done = append(stream, 'key', key, 'headers', headers, 'body', body) end
    check(done, (i - 5) / 4)
  end
  remember(KEYS[1], KEYS[3])
end
if ARGV[4] ~= '' then call_for(KEYS[1], KEYS[2], ARGV[4]) end
if #failed == 0 then return 0 end
return failed`,
)
