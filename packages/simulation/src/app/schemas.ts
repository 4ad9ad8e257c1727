import type { EventBusOptions, StandardSchema } from '@bus/core'
import { topics, types } from '../plan/draw-specs.ts'
import type { Process } from './process.ts'

type Result = ReturnType<StandardSchema['~standard']['validate']>

/** Schemas that let every event be published, and find fault with some when they are delivered. */
export function schemasOf(process: Process): EventBusOptions['events'] {
  const { schemas } = process.scene.plan.world
  if (schemas === 'none') return undefined
  const validate = (value: unknown): Result => {
    if (process.publisher.checking) return { value }
    const { record, item } = process.scene.touched ?? {}
    if (record !== undefined) record.validating = true
    const result = item?.stored.fact.flaw === 'invalid' ? { issues: [{ message: 'it does not fit' }] } : { value }
    return schemas === 'prompt' ? result : slowly(process, result)
  }
  const schema: StandardSchema = { '~standard': { version: 1, vendor: 'simulation', validate } }
  const ofTopic = Object.fromEntries(types.map((type) => [type, schema]))
  return { schemas: Object.fromEntries(topics.map((topic) => [topic, ofTopic])) }
}

async function slowly<Given>(process: Process, result: Given): Promise<Given> {
  process.handlers++
  await process.sleep(process.link.dice.between(0, 60))
  process.handlers--
  return result
}
