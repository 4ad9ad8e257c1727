import type { CaseBug } from './case-bug.ts'

const [letters, redrive, filter] = ['dead-letters/dead-letters.ts', 'dead-letters/redrive.ts', 'dead-letters/filter.ts']
const copies = 'failure/copies.ts'
const paged = 'dead letters are listed page by page'
const found = 'dead letters are found by topic, group'
const led = 'a redrive leads dead letters back'
const again = 'what fails again after a redrive comes back'
const parked = 'an event that was redriven too often is parked'
const interrupted = 'an interrupted redrive is repeated without loss'
const tried = 'a redrive can be tried first'
const asPublished = 'an event that is redriven to its topic is as it was published'
const groupless = 'dead letters of a subscription without a group'
const discarded = 'discarded dead letters are not listed'

/** Of the list of dead letters, redriving and discarding. */
export const deadLetterBugs: readonly CaseBug[] = [
  {
    name: 'there is no second page',
    file: letters,
    from: 'next: items.at(-1)?.id',
    to: 'next: undefined',
    foundBy: paged,
  },
  {
    name: 'what is asked for by its id is any dead letter',
    file: letters,
    from: 'this.list({ ids: [id], limit: 1 })',
    to: 'this.list({ limit: 1 })',
    foundBy: paged,
  },
  {
    name: 'counting knows no filter',
    file: letters,
    from: 'of this.#all(filter)) count++',
    to: 'of this.#all({})) count++',
    foundBy: found,
  },
  {
    name: 'the group of a dead letter does not matter',
    file: filter,
    from: 'same(filter.group, group ?? BROADCAST) &&',
    to: '',
    foundBy: found,
  },
  {
    name: 'the time of a death does not matter',
    file: 'dead-letters/scan.ts',
    from: 'since: filter.from?.getTime()',
    to: 'since: undefined',
    foundBy: found,
  },
  {
    name: 'dead letters of topics that were named are not looked for',
    file: filter,
    from: 'if (dlqTopic !== undefined) return [dlqTopic]',
    to: '',
    foundBy: 'dead letters in a topic that the subscription named',
  },
  {
    name: 'what is discarded is not written down',
    file: letters,
    from: "await ledger.write('discarded', places)",
    to: '',
    foundBy: discarded,
  },
  {
    name: 'discarding takes one more than its limit',
    file: letters,
    from: 'terms.limit - counts.matched',
    to: 'terms.limit + 1 - counts.matched',
    foundBy: discarded,
  },
  {
    name: 'a redrive goes to every group',
    file: redrive,
    from: 'const to = toTopic ? topic : retryTopicOf(topic, group as string)',
    to: 'const to = topic',
    foundBy: led,
  },
  {
    name: 'what is redriven is not written down',
    file: redrive,
    from: "await ledger.write('redriven', places)\n    this.#counts",
    to: 'this.#counts',
    foundBy: led,
  },
  {
    name: 'attempts go on from those of the first life',
    file: copies,
    from: 'for (const name of lastDeath) delete headers[name]',
    to: 'headers[header.attempt] = headers[header.deadAttempts]',
    foundBy: again,
  },
  {
    name: 'a topic is told which group failed on what is redriven to it',
    file: copies,
    from: 'if (toTopic) for (const name of firstDeath) delete headers[name]',
    to: '',
    foundBy: asPublished,
  },
  {
    name: 'the time of a failure stays on what is redriven to a topic',
    file: copies,
    from: '[header.deadTopic, header.deadGroup, header.deadFirst]',
    to: '[header.deadTopic, header.deadGroup]',
    foundBy: asPublished,
  },
  {
    name: 'what is redriven forgets where it was first',
    file: copies,
    from: 'source, { ...headers, [header.deadPosition]: originalPosition(source) })',
    to: 'source, (delete headers[header.deadPosition], headers))',
    foundBy: asPublished,
  },
  {
    name: 'redrives are not counted',
    file: redrive,
    from: 'redriveCopy(to, message, redrives + 1, toTopic)',
    to: 'redriveCopy(to, message, redrives, toTopic)',
    foundBy: again,
  },
  {
    name: 'what is parked is not written down',
    file: redrive,
    from: 'parked.map(({ message }) => message.position)',
    to: '[]',
    foundBy: parked,
  },
  {
    name: 'nothing is ever parked',
    file: redrive,
    from: 'if (!force && (parked',
    to: 'if (false && (parked',
    foundBy: parked,
  },
  { name: 'force moves nothing that is parked', file: redrive, from: 'if (!force && (', to: 'if ((', foundBy: parked },
  {
    name: 'a dead letter counts as redriven before its copy is stored',
    file: redrive,
    from: 'await storeCopies(this.#host, copies)',
    to: "await ledger.write('redriven', places)\n      await storeCopies(this.#host, copies)",
    foundBy: interrupted,
  },
  {
    name: 'a batch of which nothing was stored counts as redriven',
    file: redrive,
    from: 'places.filter((_, index) => !open.has(index))',
    to: 'places',
    foundBy: interrupted,
  },
  {
    name: 'a redrive that is only tried is carried out',
    file: redrive,
    from: 'if (this.#options.dryRun !== true) {',
    to: 'if (this.#left >= 0) {',
    foundBy: tried,
  },
  { name: 'a redrive knows no limit', file: redrive, from: 'this.#left--', to: '', foundBy: tried },
  {
    name: 'a redrive has no pace',
    file: redrive,
    from: 'await pace.turn(batch.length, signal)',
    to: '',
    foundBy: tried,
  },
  {
    name: 'what is stopped is called complete',
    file: redrive,
    from: 'complete: !this.#terms.signal.aborted',
    to: 'complete: true',
    foundBy: tried,
  },
  {
    name: 'what no group failed on is led back to a group',
    file: redrive,
    from: 'if (group === undefined)\n',
    to: 'if (topic === undefined)\n',
    foundBy: groupless,
  },
  {
    name: 'what a handler failed on counts as redriven',
    file: redrive,
    from: 'return this.#skip(`the handler failed',
    to: 'this.#skip(`the handler failed',
    foundBy: groupless,
  },
  {
    name: 'dead letters are led back to a group that is gone',
    file: redrive,
    from: 'if (await this.#consumes(topic, group)) return undefined',
    to: 'if (group !== undefined) return undefined',
    foundBy: 'nothing is led back to a group that was deleted',
  },
  {
    name: 'what could not be read is listed without its bytes',
    file: 'dead-letters/dead-letter.ts',
    from: 'body: event === undefined ? message.body : undefined',
    to: 'body: undefined',
    foundBy: 'what could not be read is listed with its bytes',
  },
]
