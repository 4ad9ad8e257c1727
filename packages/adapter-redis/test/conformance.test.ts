import { conformance } from '@bus/core/conformance'
import { describe, it } from 'vitest'
import { redisSubject } from './subject.ts'

conformance({ describe, it: it.concurrent, alone: it }, redisSubject)
