/** Facts of the bus itself. They stand beside the envelope, and only on copies that the bus made. */
export const header = {
  /** The number of the next start. */
  attempt: 'bus-attempt',
  /** How often its process died while what it is a copy of was handled. */
  deaths: 'bus-deaths',
  /** Epoch milliseconds before which a copy is not to be handled. */
  notBefore: 'bus-not-before',
  deadReason: 'bus-dead-reason',
  deadError: 'bus-dead-error',
  deadStack: 'bus-dead-stack',
  deadTopic: 'bus-dead-topic',
  deadGroup: 'bus-dead-group',
  deadAttempts: 'bus-dead-attempts',
  deadFirst: 'bus-dead-first',
  deadLast: 'bus-dead-last',
  deadPosition: 'bus-dead-position',
  redrives: 'bus-redrives',
  replayed: 'bus-replayed',
} as const
