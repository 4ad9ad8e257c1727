import type { EventBus, OperationOptions } from '@bus/core'
import type { Context, Values } from './command.ts'
import { assertCanConfirm, confirm } from './terminal/confirm.ts'
import { Progress } from './terminal/progress.ts'

/** Of every command that changes something. */
export const orderOptions = {
  'dry-run': { type: 'boolean', help: 'only counts' },
  yes: { type: 'boolean', short: 'y', help: 'does not ask' },
} as const

export const rateOption = {
  rate: { type: 'string', value: 'N', help: 'events per second; default as fast as it goes' },
} as const

type Running = Pick<OperationOptions, 'dryRun' | 'signal' | 'onProgress'>

export interface Order<Report extends object> {
  /** At the beginning of a sentence: `A redrive`. */
  readonly what: string
  run(bus: EventBus, options: Running): Promise<Report>
  /** What to ask, of what a dry run has found; `undefined`: there is nothing to be done, which needs no asking. */
  question(found: Report): string | undefined
  progress(done: number): string
  /** What was done, or would be. */
  sentence(report: Report, dryRun: boolean): string
}

/** Asks before it does anything, tells how far it is, and says what was done. @throws RefusedError, InterruptedError */
export async function carryOut<Report extends object>(
  context: Context,
  values: Values<typeof orderOptions>,
  { what, run, question, progress: text, sentence }: Order<Report>,
): Promise<Report> {
  const { out, signal } = context
  const dryRun = values['dry-run'] === true
  const unasked = dryRun || values.yes === true
  assertCanConfirm(context, what, unasked)
  const { bus } = await context.connect()
  if (!unasked) {
    const asked = question(await run(bus, { dryRun: true, signal }))
    if (asked !== undefined) await confirm(context, `${asked} Go on?`)
  }
  const progress = new Progress(out)
  const report = await run(bus, { dryRun, signal, onProgress: (done) => progress.update(() => text(done)) })
  progress.clear()
  await out.record(report, () => sentence(report, dryRun))
  return report
}
