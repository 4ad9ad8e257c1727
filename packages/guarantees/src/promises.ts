export const adapters = { memory: 'Memory', redis: 'Redis', kafka: 'Kafka' } as const

/** A promise of docs/delivery.md, the cases that prove it, and what a backend adds to it in words. */
export interface Guarantee {
  readonly text: string
  /** Names of conformance cases. */
  readonly cases: readonly [string, ...string[]]
  readonly limits?: Partial<Readonly<Record<keyof typeof adapters, string>>>
}

export const promises: readonly Guarantee[] = [
  {
    text: 'At least once per group',
    cases: [
      'every published message is delivered once',
      'a released message is not passed over when later ones are acknowledged',
      'after a close, what was not acknowledged comes again, and what was does not',
      'every message is delivered in spite of many releases',
      'every event is handled once, as it was published: one by one, at the same time, or as a batch',
    ],
    limits: {
      memory: 'until the process ends, or as far as `fsync` says',
      redis: 'as far as `appendfsync` keeps what was written',
      kafka: '`acks: all`, so as far as `min.insync.replicas` says',
    },
  },
  {
    text: 'What was stored outlives the process that stored it',
    cases: ['what was stored outlives the adapter that stored it'],
  },
  {
    text: '`publish()` resolves only when stored, and always settles',
    cases: [
      'concurrent publishers lose nothing, and each keeps its order within a key',
      'close settles every publish that is under way, and what resolved is stored',
      'a publish that the backend does not take is rejected, and can be repeated with its eventId',
      'a publish stops waiting when its signal aborts, and says what is known',
    ],
    limits: {
      redis: 'an unanswered batch is never sent again',
      kafka: 'only the idempotent producer repeats a batch',
    },
  },
  {
    text: 'One member of each group gets each event; positions outlive members',
    cases: [
      'each group gets every message, and one member of the group gets each',
      'a group goes on where it was after all its members have closed, whatever startFrom says',
      'one group name on two topics keeps two positions',
      'each group gets every event, and one member of it gets each',
      'the position of a group outlives its members',
    ],
    limits: { memory: 'within the process' },
  },
  {
    text: 'Without a group, every subscription gets every event',
    cases: [
      'without a group every consumer gets every message',
      'without a group a consumer gets what is published once consume() has resolved, and nothing from before',
      'every subscription without a group gets every event',
    ],
  },
  {
    text: 'Events of one key in order, one at a time, over all members',
    cases: [
      'the messages of each key come in the order in which they were published',
      'over several members each key keeps its order and is with one of them at a time',
      'keys keep their order and their one holder when members join and leave in the middle of the work',
      'what is released comes again in the order of its key',
      'order holds under retry, with many keys at once and several members',
      'members may come and go while events flow: nothing is lost, and every key keeps its order',
    ],
    limits: {
      redis: '16 keyed streams a topic (`partitions`)',
      kafka: 'per partition, until partitions are added',
    },
  },
  {
    text: 'Retries with back-off; `attempt` exact until a crash',
    cases: [
      'a released message comes again, at no charge, with its note',
      'an event whose handler fails is handled again, and the handler is told which start it is',
      'delays grow by the factor up to the longest one, and are kept to the millisecond',
      'a graceful close in the middle of a retry keeps its number: the next member goes on from there',
    ],
  },
  {
    text: 'Delays are waited out by the backend, not by a consumer',
    cases: [
      'a delayed message is not delivered before its time, and is delivered then',
      'a delayed message does not hold up those published after it',
      'a delayed message is delivered to a group whose members were away when it became due',
    ],
    limits: { memory: 'in the process', redis: 'in a sorted set', kafka: 'in a topic of their own' },
  },
  {
    text: 'Dead letters with reason, error, place and times',
    cases: [
      'an event whose retries are used up goes to the dead letter topic of its group, with everything about its failure',
      'what is no event is dead-lettered at once with its original bytes, and the events behind it flow',
      'an event that dies a second time says where it came from first, and why it failed last',
    ],
    limits: { redis: 'kept 30 days', kafka: 'kept 30 days' },
  },
  {
    text: 'Dead letters can be listed, redriven to the group that failed, and discarded',
    cases: [
      'dead letters are listed page by page, each once, with everything that is known of them',
      'discarded dead letters are not listed any more, and not redriven',
      'a redrive leads dead letters back to the group that failed, and to nobody else',
      'an interrupted redrive is repeated without loss: at most the batch under way comes twice, with the same ids',
      'an event that was redriven too often is parked: still listed, and redriven only when forced',
      'an event that is redriven to its topic is as it was published, without a trace of its failure',
    ],
  },
  {
    text: 'The past can be replayed into a handler or one group, and no other group notices',
    cases: [
      'a replay gives a handler the events of the past, from a time to a time, and ends while publishing goes on',
      'a replay into a group reaches that group only, says that it is one, and moves nobody',
      'a replayed event that fails is retried and dead-lettered like any other',
      'what is replayed into a group is the event that it was, and says where it was stored first when it fails again',
    ],
  },
  {
    text: 'With an idempotency store, an event that comes twice is handled once',
    cases: [
      'with an idempotency store an event that comes twice is handled once, and a failed start does not count',
      'what a process that died had claimed is free after its lease, and a claim is kept as long as the handler runs',
    ],
  },
  {
    text: 'Killed processes, killed servers and broken wires lose nothing',
    cases: [
      'what killed processes were at is handled by others: nothing is lost, and every key keeps its order',
      'a server that is killed and started again, twice in the middle of the work, loses nothing that it had confirmed',
      'a wire that lets nothing through is noticed; when it is back all goes on, nothing is lost, and no death is counted',
      'connections that are reset and a wire that stalls again and again change nothing for those who handle events',
    ],
  },
  {
    text: 'A copy and its acknowledgement are one step',
    cases: ['forward stores the copy and settles the delivery', 'forward stores nothing when the loan is lost'],
    limits: { kafka: 'first the copy, then the acknowledgement' },
  },
  {
    text: 'An event that kills its process is given up after `maxDeliveries`',
    cases: [
      'an event that killed its process too often is no longer started, and the events behind it flow',
      'an event whose process died less often than maxDeliveries allows is handled',
    ],
    limits: {
      memory: 'nothing outlives the process',
      redis: 'counted for each event',
      kafka: 'counted for the oldest open event of a partition',
    },
  },
  {
    text: 'A busy member of a group leaves work to idle ones',
    cases: ['a slow member leaves work to its peers'],
  },
  {
    text: 'A failing or slow subscription leaves the others alone',
    cases: [
      'a member that holds messages does not keep the others from getting more',
      'a subscription that fails is the only one that retries',
      'a subscription whose handler is stuck holds up no other, in its process or elsewhere',
    ],
    limits: { memory: 'up to `maxBacklog`' },
  },
  {
    text: '`close()` drains, gives back the rest untouched, never hangs',
    cases: [
      'close() in the middle of 100 handlers costs none of their events an attempt, and buries nothing',
      'the last acknowledgements are recorded before close resolves, however many they are',
      'the loans of a member that closes pass on to the others at once, at no charge',
      'close ends waiting pulls with nothing and gives back what is on loan',
      'handlers at work when the bus closes end and are acknowledged; the rest comes on reopening, nothing twice',
      'at its deadline close() tells the handlers to stop and gives their events back',
    ],
  },
  {
    text: 'Slow handlers do not make the process grow',
    cases: [
      'a pull never returns more than it was asked for',
      'events that wait for their retry cannot fill the window',
    ],
    limits: { memory: '`publish()` rejects beyond `maxBacklog`' },
  },
  {
    text: 'Health is a round trip, not a memory of one',
    cases: [
      'ping resolves while the backend answers',
      'health is a round trip: true while the backend answers, false while it does not, and true again',
    ],
  },
  {
    text: 'The books balance: published is handled, dead-lettered, given up, still there, or counted as lost',
    cases: [
      'the books balance by event ids: what was published is handled, dead-lettered, given up, or still there',
      'the counters add up: what was published has succeeded, is dead-lettered or was given up',
      'statistics tell where the groups of a process stand, and how many dead letters they have',
      'listGroups has every group of a topic, of all topics if none is named, also one without members',
      'inspect tells how far a group is behind and what it has on loan',
    ],
  },
  {
    text: 'History can be read from a position or a time, and touches no group',
    cases: [
      'history holds every message, in order of position, the last one included',
      'history can be read from a position and up to a limit',
      'history can be read by time: from a time inclusive, to a time exclusive',
      'reading history neither creates nor moves a group',
      'reading history takes nothing from anybody',
      'history, a trace and a replay pass over what is no event, tell of each, and miss nothing behind it',
    ],
    limits: {
      memory: 'last 1,000 handled events a topic',
      redis: '7 days or 1,000,000 events a topic',
      kafka: 'what the log keeps',
    },
  },
]
