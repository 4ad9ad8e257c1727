import type { Common } from '../common.ts'
import { pause, persist } from '../pause.ts'

const patienceMs = 2_000

/**
 * Members that earlier processes of the same instance left behind would keep their partitions until their session ends.
 * Called by a member that is about to join.
 */
export async function sendGhostsAway({ link, settings }: Common, group: string): Promise<void> {
  const { instance, clientName } = settings
  if (instance === undefined) return
  const began = Date.now()
  await persist(async () => {
    for (;;) {
      const node = await link.coordinator(group)
      const members = await link.members(node, group)
      const ghosts = members.filter(({ clientId }) => clientId.startsWith(instance) && clientId !== clientName)
      if (ghosts.length === 0) return
      // In a group without members the first one waits for others (`group.initial.rebalance.delay.ms`, 3 s unless set).
      const joins = members.some(({ clientId }) => clientId === clientName)
      if (joins || Date.now() - began > patienceMs) {
        await Promise.all(ghosts.map(({ member }) => link.leave(node, group, member).catch(() => {})))
        return
      }
      await pause(20)
    }
  })
}
