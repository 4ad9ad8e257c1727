import { Crew } from '../crew.ts'
import type { Topics } from '../topics.ts'
import type { Memory } from './disk-journal.ts'

/** How topics are filled from a log, and what a new log is to begin with. */
export function memoryIn(topics: Topics): Memory {
  return {
    restore(image, journal) {
      for (const topic of image.topics.values()) topics.get(topic.name).log.restore(topic)
      const crews = new Map<number, Crew>()
      for (const { id, crew: number, topic, name, cursor, open } of image.groups.values()) {
        let crew = crews.get(number)
        if (crew === undefined) crews.set(number, (crew = new Crew()))
        journal.knownCrew(crew, number)
        const group = topics.get(topic).addGroup(name, crew, cursor)
        group.restore(cursor, open)
        group.book = journal.knownGroup(id, topic, name, crew)
      }
      for (const [order, message] of image.delayed) topics.delay(message, order)
      topics.journal = journal
    },
    snapshot: () => ({
      topics: [...topics.all()].map(({ name, log }) => {
        const { messages, ...state } = log.content()
        return { record: { kind: 'topic', topic: name, ...state }, messages }
      }),
      groups: [...topics.all()].flatMap((topic) =>
        topic.groups.flatMap((group) => {
          const open = group.open().map(({ message, note }) => ({ sequence: message.sequence, note }))
          return group.book === undefined ? [] : [{ book: group.book, cursor: group.cursor, open }]
        }),
      ),
      delayed: topics.delayed(),
    }),
  }
}
