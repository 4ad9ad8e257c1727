import type { Target } from '../targets.ts'

/** What keeps a path from more, as its profile shows. */
export function limitOf({ backend, metric, task, against }: Target): string {
  if (metric !== 'rate') return others[metric === 'p50' || metric === 'p95' ? 'latency' : metric] ?? ''
  if (backend === 'memory') return rates.memory
  if (task.startsWith('publish')) return rates.oneByOne
  if (task.includes('keys')) return rates[backend === 'redis' ? 'redisKeys' : 'slow']
  return against.some((name) => name.startsWith('raw')) ? rates[backend] : rates.peers
}

const rates = {
  memory:
    'Emittery hands the same object to every listener. Here each subscription gets a copy of its own, which it may change, ' +
    'and each event an identity, a place in a log that outlives a slow handler, and a context; the profile shows copies and ' +
    'identities first, then garbage collection',
  oneByOne:
    'One call at a time is a round trip each; what the client spends on one command is nearly all of it, and the bus adds ' +
    'its envelope, its deadline and one script call where the raw client sends a bare command',
  redis:
    'The raw loop moves the payload alone; an event has its envelope as well, which is written, sent, stored, read and ' +
    'parsed: the profile shows JSON, the core’s two ways and the garbage of both where the raw loop has the client library',
  redisKeys:
    'Events with a key go through 16 streams, each read under a lease by a script: more commands for the same events, and ' +
    'smaller batches in each, which the profile shows as waiting and as client library',
  kafka:
    'Both wait for the same client and the same broker; the profile shows JSON and the core beside the client library’s ' +
    'encoding, checksums and garbage',
  slow: 'The handler’s own time and the concurrency bound it, not the bus',
  peers: 'The distance to the raw client is the limit, as above',
} as const

const others: Readonly<Record<string, string>> = {
  latency:
    'What is above the raw loop is the core’s work before the call of the client and after its answer; the rest, and the ' +
    'upper percentiles above all, is the operating system’s scheduling',
  cpu: 'See the profile: the client library and the kernel have the larger part, which no change of the bus can take',
  heap:
    'What is left after a million events is compiled code, and what the runtime keeps of it; it does not grow with more ' +
    'events',
  idle:
    'An idle consumer of Kafka asks for news over and over, each with a connection of its own; an idle member of a group ' +
    'gives signs of life',
}
