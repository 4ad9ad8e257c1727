import { type BaseEvent, type Handler, type HandlerContext, NonRetryableError, RetryAfterError } from '@bus/core'
import type { Attempt, Failure } from '../oracle/attempt.ts'
import { type Act, actOf } from './act.ts'
import type { Subscription } from './subscription.ts'

/** The application's side of a subscription: does what the seed says. */
export function handlerOf(subscription: Subscription): Handler<BaseEvent> {
  const { process, policy } = subscription
  return (event, context) => {
    const attempt = process.scene.oracle.attempts.starts(subscription, event, context)
    if (attempt === undefined) return undefined
    const act = actOf(process.scene, attempt.fact.number, subscription.index, process.scene.startOf(attempt))
    process.handlers++
    if (policy.autoAck && act.takes === 'sync' && act.twist === undefined) return speakAtOnce(attempt, act)
    return run(attempt, act, context).finally(() => void process.handlers--)
  }
}

function speakAtOnce(attempt: Attempt, act: Act): void {
  const { process } = attempt.subscription
  process.handlers--
  const error = errorOf(attempt, act)
  process.scene.oracle.attempts.ends(attempt, error && failureOf(act, error))
  if (error !== undefined) throw error
}

async function run(attempt: Attempt, act: Act, context: HandlerContext): Promise<void> {
  const { process, policy } = attempt.subscription
  if (policy.autoAck || act.manner === 'throw') {
    await work(attempt, act)
    if (policy.autoAck || act.outcome !== 'fine') return speakByReturning(attempt, act)
    return speakByCalling(attempt, act, context)
  }
  if (act.manner === 'silent') return undefined
  if (act.manner !== 'later') {
    await work(attempt, act)
    return speakByCalling(attempt, act, context)
  }
  // Returns at once; somebody else says later what became of the event.
  process.handlers++
  void work(attempt, act)
    .then(() => speakByCalling(attempt, act, context))
    .finally(() => void process.handlers--)
}

async function work(attempt: Attempt, act: Act): Promise<void> {
  const { subscription, signal, fact } = attempt
  const { process } = subscription
  if (typeof act.takes === 'number') await process.sleep(act.takes, act.deaf ? undefined : signal)
  switch (act.twist) {
    case 'publish':
      return process.publisher.publishChild(fact)
    case 'close':
      return process.close(100, true)
    case 'unsubscribe':
      return process.unsubscribe(subscription, 100, true)
    case 'kill':
      process.dieSoon()
      return process.sleep(60_000, undefined)
    default:
      return undefined
  }
}

function speakByReturning(attempt: Attempt, act: Act): void {
  const error = errorOf(attempt, act)
  attempt.subscription.process.scene.oracle.attempts.ends(attempt, error && failureOf(act, error))
  if (error !== undefined) throw error
}

async function speakByCalling(attempt: Attempt, act: Act, context: HandlerContext): Promise<void> {
  const { attempts } = attempt.subscription.process.scene.oracle
  const late = (error: unknown): void => {
    // It may be told that it is too late.
    attempt.subscription.process.scene.say?.(`${attempt.subscription.name} hears: ${String(error)}`)
  }
  const say = async (outcome: Act['outcome']): Promise<void> => {
    if (outcome === 'fine') {
      // When its time is over it is not heard.
      if (!attempts.isTimedOut(attempt)) attempts.ends(attempt)
      await context.ack().catch(late)
    } else if (outcome === 'buried' || outcome === 'rejected') {
      attempts.ends(attempt, { kind: 'buried', text: `Error: no good` })
      await context.deadLetter('no good').catch(late)
    } else {
      const delayMs = outcome === 'after' ? act.afterMs : undefined
      attempts.ends(attempt, nackFailure(delayMs))
      await context.nack({ delayMs }).catch(late)
    }
  }
  const first = say(act.outcome)
  if (act.manner === 'twice') await say(act.outcome === 'fine' ? 'error' : 'fine')
  await first
}

function nackFailure(delayMs: number | undefined): Failure {
  const text = 'the handler called nack()'
  return delayMs === undefined
    ? { kind: 'error', text: `Error: ${text}` }
    : { kind: 'after', delayMs, text: `RetryAfterError: ${text}` }
}

function errorOf({ fact, number }: Attempt, { outcome, afterMs }: Act): Error | undefined {
  const text = `${fact.id} failed in attempt ${number}`
  switch (outcome) {
    case 'fine':
      return undefined
    case 'rejected':
    case 'buried':
      return new NonRetryableError(text)
    case 'after':
      return new RetryAfterError(afterMs, text)
    default:
      return new TypeError(text)
  }
}

function failureOf({ outcome, afterMs }: Act, { name, message }: Error): Failure {
  const text = `${name}: ${message}`
  if (outcome === 'after') return { kind: 'after', delayMs: afterMs, text }
  return { kind: outcome === 'error' ? 'error' : 'rejected', text }
}
