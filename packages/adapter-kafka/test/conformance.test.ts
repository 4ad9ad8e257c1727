import { conformance } from '@bus/core/conformance'
import { afterAll, describe, it } from 'vitest'
import { stopPrivateBackend } from './private-backend.ts'
import { kafkaSubject } from './subject.ts'

conformance({ describe, it: it.concurrent, alone: it }, kafkaSubject)

afterAll(stopPrivateBackend)
