import { conformance } from '@bus/core/conformance'
import { describe, it } from 'vitest'
import { memory } from './subject.ts'

conformance({ describe, it: it.concurrent }, memory)
