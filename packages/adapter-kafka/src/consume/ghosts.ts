import { persist } from '../pause.ts'
import type { Common } from '../common.ts'

/** Members that earlier processes of the same instance left behind would keep their partitions until their session ends. */
export async function sendGhostsAway({ link, settings }: Common, group: string): Promise<void> {
  const { instance, clientName } = settings
  if (instance === undefined) return
  await persist(async () => {
    const node = await link.coordinator(group)
    for (const { member, clientId } of await link.members(node, group)) {
      if (clientId.startsWith(instance) && clientId !== clientName)
        await link.leave(node, group, member).catch(() => {})
    }
  })
}
