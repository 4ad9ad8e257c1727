import { valkey8 } from '@bus/test-brokers'
import { suiteOn } from './line-suite.ts'

await suiteOn('valkey-8', await valkey8(), /valkey_version:8\./)
