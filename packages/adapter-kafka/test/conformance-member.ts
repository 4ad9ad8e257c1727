import { KafkaAdapter, type KafkaAdapterOptions } from '@bus/adapter-kafka'
import { memberProcess } from '@bus/core/conformance'

const [options = '', task = ''] = process.argv.slice(2)
await memberProcess(new KafkaAdapter({ ...(JSON.parse(options) as KafkaAdapterOptions), logger: {} }), task)
