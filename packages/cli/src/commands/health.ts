import { EventBusError } from '@bus/core'
import { command, type Command } from '../command.ts'
import { exitCodes } from '../exit-codes.ts'

export const health: Command = command({
  name: 'health',
  summary: 'tells whether the backend answers, and what it does with events',
  details: 'Exit code 0 if it answers, 3 if not.',
  arguments: [],
  options: {},
  examples: ['bus health', 'bus health --json | jq .latencyMs'],
  async run(_input, context) {
    const { out } = context
    try {
      const { bus } = await context.connect()
      const { live, adapter, durability } = await bus.getHealth()
      const { name, latencyMs, reason } = adapter
      await out.record({ healthy: live, adapter: name, latencyMs, reason, durability }, () =>
        [
          live
            ? `${out.paint('green', 'healthy')}  ${name} answers within ${Math.ceil(latencyMs)} ms`
            : `${out.paint('red', 'unhealthy')}  ${name}: ${reason}`,
          ...(durability === undefined ? [] : [durability.summary]),
        ].join('\n'),
      )
      if (!out.json) for (const warning of durability?.warnings ?? []) out.warn(warning)
      return live ? exitCodes.ok : exitCodes.unhealthy
    } catch (error) {
      if (!EventBusError.is(error) || error.code !== 'BUS_BACKEND_UNAVAILABLE') throw error
      const reason = error.message
      await out.record({ healthy: false, reason }, () => `${out.paint('red', 'unhealthy')}  ${reason}`)
      return exitCodes.unhealthy
    }
  },
})
