import { codeName } from '../codes.ts'
import type * as seam from '../driver.ts'
import { DriverError } from '../driver-error.ts'
import { explained, type Permission } from '../permissions.ts'
import { groupBy } from '../../group-by.ts'
import { decodeAssignment, decodeSubscription, encodeAssignment, encodeSubscription } from './convert.ts'
import type { InnerBroker } from './inner.ts'

type GroupMethods =
  | 'coordinator'
  | 'join'
  | 'sync'
  | 'heartbeat'
  | 'leave'
  | 'commit'
  | 'committed'
  | 'members'
  | 'deleteGroup'

export interface CallOptions {
  /** After which an answer is not waited for any more; default: the connection's own limit. */
  readonly ms?: number
  readonly needed?: Permission
}

/** The half of a link that speaks with coordinators of groups. */
export abstract class GroupCalls implements Pick<seam.Link, GroupMethods> {
  protected abstract call<Result>(
    node: number | undefined,
    request: (broker: InnerBroker) => Promise<Result>,
    options?: CallOptions,
  ): Promise<Result>
  /** For what brokers answer at once. */
  protected abstract readonly shortMs: number

  async coordinator(group: string): Promise<number> {
    const find = { groupId: group, coordinatorType: 0 }
    const answer = await this.call(
      undefined,
      (broker) => (broker as unknown as CoordinatorFinder).findGroupCoordinator(find),
      { ms: this.shortMs, needed: { operation: 'Describe', group } },
    )
    return answer.coordinator.nodeId
  }

  async join(node: number, request: seam.JoinRequest): Promise<seam.Joined> {
    const answer = await this.call(node, (broker) =>
      broker.joinGroup({
        groupId: request.group,
        memberId: request.member,
        sessionTimeout: request.sessionTimeoutMs,
        rebalanceTimeout: request.rebalanceTimeoutMs,
        groupProtocols: [{ name: request.protocol, metadata: encodeSubscription(request.subscription) }],
      }),
    )
    const code = codeName(answer.errorCode)
    if (code !== undefined && code !== 'MEMBER_ID_REQUIRED') {
      const needed = { operation: 'Read', group: request.group } as const
      throw new DriverError(code, `JoinGroup: ${explained(code, needed)}`, true)
    }
    return {
      member: answer.memberId,
      complete: code === undefined,
      generation: answer.generationId,
      members: answer.members.map(({ memberId, memberMetadata }) => ({
        member: memberId,
        subscription: decodeSubscription(memberMetadata),
      })),
      leads: answer.leaderId === answer.memberId,
    }
  }

  async sync(
    node: number,
    { group, member, generation }: seam.Identity,
    assignments: ReadonlyMap<string, seam.Assignment>,
  ): Promise<seam.Assignment> {
    const groupAssignment = [...assignments].map(([memberId, assignment]) => ({
      memberId,
      memberAssignment: encodeAssignment(assignment),
    }))
    const { memberAssignment } = await this.call(
      node,
      (broker) => broker.syncGroup({ groupId: group, generationId: generation, memberId: member, groupAssignment }),
      { needed: { operation: 'Read', group } },
    )
    return decodeAssignment(memberAssignment)
  }

  async heartbeat(node: number, { group, member, generation }: seam.Identity): Promise<void> {
    await this.call(
      node,
      (broker) => broker.heartbeat({ groupId: group, memberId: member, groupGenerationId: generation }),
      { ms: this.shortMs, needed: { operation: 'Read', group } },
    )
  }

  async leave(node: number, group: string, member: string): Promise<void> {
    await this.call(node, (broker) => broker.leaveGroup({ groupId: group, memberId: member }), { ms: this.shortMs })
  }

  async commit(
    node: number,
    identity: seam.Identity | string,
    offsets: readonly seam.Committed[],
  ): Promise<readonly seam.PartitionResult[]> {
    const { group, member, generation } =
      typeof identity === 'string' ? { group: identity, member: '', generation: -1 } : identity
    const topics = byTopic(offsets, ({ partition, offset, metadata }) => ({
      partition,
      offset: String(offset),
      metadata,
    }))
    const { responses } = (await this.call(
      node,
      (broker) => broker.offsetCommit({ groupId: group, memberId: member, groupGenerationId: generation, topics }),
      { ms: this.shortMs },
    )) as { responses: readonly { topic: string; partitions: readonly { partition: number; errorCode: number }[] }[] }
    return responses.flatMap(({ topic, partitions }) =>
      partitions.map(({ partition, errorCode }) => ({ topic, partition, error: codeName(errorCode) })),
    )
  }

  async committed(
    node: number,
    group: string,
    partitions: readonly seam.TopicPartition[],
  ): Promise<readonly seam.Committed[]> {
    const topics = byTopic(partitions, ({ partition }) => ({ partition, offset: '' }))
    const answer = (await this.call(node, (broker) => broker.offsetFetch({ groupId: group, topics }), {
      ms: this.shortMs,
    })) as unknown as {
      errorCode?: number
      responses: readonly { topic: string; partitions: readonly FetchedOffset[] }[]
    }
    const codes = [answer.errorCode ?? 0, ...answer.responses.flatMap((r) => r.partitions.map((p) => p.errorCode))]
    // A topic that is not there yet has no offset either.
    const code = codes.map(codeName).find((name) => name !== undefined && name !== 'UNKNOWN_TOPIC_OR_PARTITION')
    if (code !== undefined) {
      const needed = { operation: 'Describe', group, topic: topics.map(({ topic }) => topic).join('" or "') } as const
      throw new DriverError(code, `OffsetFetch: ${explained(code, needed)}`, true)
    }
    return answer.responses.flatMap(({ topic, partitions: found }) =>
      found
        .filter(({ offset }) => Number(offset) >= 0)
        .map(({ partition, offset, metadata }) => ({
          topic,
          partition,
          offset: Number(offset),
          metadata: metadata ?? '',
        })),
    )
  }

  async members(node: number, group: string): Promise<readonly { member: string; clientId: string }[]> {
    const { groups } = (await this.call(node, (broker) => broker.describeGroups({ groupIds: [group] }), {
      ms: this.shortMs,
    })) as {
      groups: readonly { members: readonly { memberId: string; clientId: string }[] }[]
    }
    return groups.flatMap(({ members }) => members.map(({ memberId, clientId }) => ({ member: memberId, clientId })))
  }

  async deleteGroup(node: number, group: string): Promise<void> {
    const { results } = await this.call(node, (broker) => broker.deleteGroups([group]), { ms: this.shortMs })
    const code = codeName(results[0]?.errorCode ?? 0)
    if (code !== undefined && code !== 'GROUP_ID_NOT_FOUND') {
      throw new DriverError(code, `DeleteGroups: ${explained(code, { operation: 'Delete', group })}`, true)
    }
  }
}

interface CoordinatorFinder {
  findGroupCoordinator(request: {
    groupId: string
    coordinatorType: number
  }): Promise<{ coordinator: { nodeId: number } }>
}

interface FetchedOffset {
  readonly partition: number
  readonly offset: string
  readonly metadata?: string | null
  readonly errorCode: number
}

function byTopic<Item extends seam.TopicPartition, Entry>(
  items: readonly Item[],
  entry: (item: Item) => Entry,
): { topic: string; partitions: Entry[] }[] {
  return [...groupBy(items, ({ topic }) => topic)].map(([topic, list]) => ({ topic, partitions: list.map(entry) }))
}
