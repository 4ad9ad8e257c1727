import { RedisAdapter, type RedisAdapterOptions } from '@bus/adapter-redis'
import { memberProcess } from '@bus/core/conformance'

const [options = '', task = ''] = process.argv.slice(2)
await memberProcess(new RedisAdapter(JSON.parse(options) as RedisAdapterOptions), task)
