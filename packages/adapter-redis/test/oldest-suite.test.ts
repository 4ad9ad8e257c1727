import { redis62 } from '@bus/test-brokers'
import { suiteOn } from './line-suite.ts'

await suiteOn('redis-6.2', await redis62(), /redis_version:6\.2\./)
