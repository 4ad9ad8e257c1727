export { SPEC_VERSION } from './adapter.ts'
export type {
  AdapterCapabilities,
  Durability,
  EventBusAdapter,
  GroupState,
  LossListener,
  ReadRange,
  TopicGroup,
} from './adapter.ts'
export type { Consumer, ConsumeOptions, ConsumerState, ConsumeTopic, Delivery, StartFrom } from './consume.ts'
export type { AdapterDefinition, AdapterOptionsMap, Env } from './definition.ts'
export { readEnv, withoutUserInfo } from './env.ts'
export type { EnvReader } from './env.ts'
export type { ClaimOutcome, IdempotencyStore } from './idempotency-store.ts'
export type { Headers, Message, StoredMessage } from './message.ts'
export { PublishBacklog } from './publish-backlog.ts'
export type { PublishBacklogLimits } from './publish-backlog.ts'
export { consumedBeside, delayedTopicOf, derivedTopic, isInternalTopic, parentTopicOf } from './topics.ts'
export type { DerivedKind, DerivedTopic } from './topics.ts'
export {
  BackendUnavailableError,
  CapabilityMissingError,
  ClosedError,
  ConfigInvalidError,
  EventBusError,
  GroupInUseError,
  LoanLostError,
  PayloadTooLargeError,
  PublishBacklogError,
  PublishError,
  TimeoutError,
  TopicCollisionError,
  TopicMissingError,
} from '../errors.ts'
export type { ConfigIssue, EventBusErrorCode, PublishFailure, Stored } from '../errors.ts'
export { untilAborted } from '../util/until-aborted.ts'
export { decodeEvent } from '../wire/decode.ts'
export type { BaseEvent, EventMetadata } from '../events.ts'
