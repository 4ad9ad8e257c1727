import type { Command } from '../command.ts'
import { dlqDiscard } from './dlq-discard.ts'
import { dlqLs } from './dlq-ls.ts'
import { dlqRedrive } from './dlq-redrive.ts'
import { dlqShow } from './dlq-show.ts'
import { history } from './history.ts'
import { publish } from './publish.ts'
import { tail } from './tail.ts'
import { topics } from './topics.ts'
import { trace } from './trace.ts'

/** In the order in which the help tells them. */
export const commands: readonly Command[] = [
  publish,
  tail,
  history,
  trace,
  dlqLs,
  dlqShow,
  dlqRedrive,
  dlqDiscard,
  topics,
]
