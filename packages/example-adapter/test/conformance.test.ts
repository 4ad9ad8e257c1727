import { mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { conformance } from '@bus/core/conformance'
import { adapter } from '@bus/example-adapter'
import { afterAll, describe, it } from 'vitest'

const directory = mkdtempSync(join(tmpdir(), 'bus-example-'))
let files = 0

afterAll(() => rmSync(directory, { recursive: true }))

conformance(
  { describe, it: it.concurrent },
  {
    name: 'example',
    facts: { durable: true, shared: false, delays: false, countsRedeliveries: 'none', forwards: false, remote: false },
    // Not shared: each adapter has a file of its own, as it would in another process.
    create: () => adapter.create({ file: join(directory, `${++files}.sqlite`) }),
  },
)
