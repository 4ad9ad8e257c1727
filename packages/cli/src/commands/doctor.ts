import { command, type Command, type Context } from '../command.ts'
import { backend, permissions, writing } from '../doctor/backend.ts'
import { WatchedEnvironment } from '../doctor/configuration.ts'
import { type Finding, ok, problem } from '../doctor/finding.ts'
import { versions } from '../doctor/versions.ts'
import { exitCodes, InterruptedError } from '../exit-codes.ts'
import type { Colour } from '../terminal/paint.ts'
import { count, visible } from '../terminal/text.ts'

export const doctor: Command = command({
  name: 'doctor',
  summary: 'looks for what is wrong: configuration, versions, connection, permissions, settings of the backend',
  details: 'Changes nothing, unless --write is given. Secrets are not shown. Exit code 3 if there is a problem.',
  arguments: [],
  options: {
    write: {
      type: 'string',
      value: 'TOPIC',
      help: 'also publishes an event of type bus.doctor there and reads it back',
    },
  },
  examples: ['bus doctor', 'bus doctor --write doctor --json'],
  async run({ values }, context) {
    const findings: Finding[] = []
    const tell = async (...found: readonly Finding[]): Promise<void> => {
      for (const finding of found) {
        findings.push(finding)
        await context.out.record(finding, () => lineOf(finding, context))
      }
    }
    const watched = new WatchedEnvironment(context.env)
    await tell(...versions(context.adapterName ?? (context.env['EVENT_BUS_ADAPTER']?.trim() || 'memory')))
    try {
      const connection = await context.connect({ env: watched.env })
      await tell(...watched.findings(), ok('connection', `connected as "${connection.adapter.name}"`))
      await tell(...(await backend(connection, context.signal)))
      await tell(...(await permissions(connection)))
      if (values.write !== undefined) await tell(await writing(connection, values.write, context.signal))
    } catch (error) {
      if (error instanceof InterruptedError) throw error
      await tell(...watched.findings(), problem('connection', error))
    }
    const of = (status: Finding['status']): number => findings.filter((finding) => finding.status === status).length
    context.out.note(`${count(of('problem'), 'problem')}, ${count(of('warning'), 'warning')}`)
    return of('problem') > 0 ? exitCodes.unhealthy : exitCodes.ok
  },
})

const colours: Readonly<Record<Finding['status'], Colour>> = { ok: 'green', warning: 'yellow', problem: 'red' }

function lineOf({ check, status, detail, advice }: Finding, { out }: Context): string {
  const indent = ' '.repeat(25)
  const text = detail.split('\n').map(visible).join(`\n${indent}`)
  const line = `${out.paint(colours[status], status.padEnd(7))}  ${check.padEnd(14)}  ${text}`
  return advice === undefined ? line : `${line}\n${indent}${advice}`
}
