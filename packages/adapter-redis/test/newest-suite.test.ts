import { redis8 } from '@bus/test-brokers'
import { suiteOn } from './line-suite.ts'

await suiteOn('redis-8', await redis8(), /redis_version:8\./)
