import type { EventBusAdapter } from '@bus/core'
import { reporter } from './fact.ts'
import { type Name, type RunningService, staff, startService } from './services/start.ts'
import type { Listen, Team } from './team.ts'

/** All services in this process, on one adapter: for a backend that no other process can see. */
export async function startTogether(adapter: EventBusAdapter, listen: Listen): Promise<Team> {
  const services: RunningService[] = []
  for (const name of Object.keys(staff) as Name[])
    services.push(await startService(name, adapter, reporter(name, listen)))
  const failure = Promise.withResolvers<never>()
  return {
    summary: `${services.length} services in one process`,
    place(orders) {
      for (const service of services) service.place?.(orders).catch(failure.reject)
    },
    kill() {
      throw new Error('services that share one process cannot be killed one by one')
    },
    failed: failure.promise,
    async stop() {
      await Promise.all(services.map(({ bus }) => bus.close()))
    },
  }
}
