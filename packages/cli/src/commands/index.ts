import type { Command } from '../command.ts'
import { completionOf } from './completion.ts'
import { dlqDiscard } from './dlq-discard.ts'
import { dlqLs } from './dlq-ls.ts'
import { dlqRedrive } from './dlq-redrive.ts'
import { dlqShow } from './dlq-show.ts'
import { doctor } from './doctor.ts'
import { groups } from './groups.ts'
import { health } from './health.ts'
import { history } from './history.ts'
import { publish } from './publish.ts'
import { replay } from './replay.ts'
import { stats } from './stats.ts'
import { tail } from './tail.ts'
import { topics } from './topics.ts'
import { trace } from './trace.ts'

/** In the order in which the help tells them. */
export const commands: readonly Command[] = [
  publish,
  tail,
  history,
  trace,
  replay,
  dlqLs,
  dlqShow,
  dlqRedrive,
  dlqDiscard,
  topics,
  groups,
  stats,
  health,
  doctor,
  completionOf(() => commands),
]
