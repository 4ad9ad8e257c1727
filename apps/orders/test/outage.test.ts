import { readFile, writeFile } from 'node:fs/promises'
import { fileURLToPath } from 'node:url'
import { describe, expect, test } from 'vitest'
import { runProgram, sharedBackends } from './run.ts'
import { transcriptOf } from './transcript.ts'

const page = fileURLToPath(new URL('../../../docs/operations.md', import.meta.url))
const block = /(?<=<!-- outage:begin -->\n\n```console\n).*?(?=\n```\n)/s

/** Of the documentation; `BUS_TEST_WRITE=1` writes what was printed into it first. */
async function documented(transcript: string): Promise<string | undefined> {
  const text = await readFile(page, 'utf8')
  if (process.env['BUS_TEST_WRITE'] !== '1') return block.exec(text)?.[0]
  await writeFile(
    page,
    text.replace(block, () => transcript),
  )
  return transcript
}

describe('an outage', () => {
  test.each(sharedBackends())(
    'ends as docs/operations.md tells on %s: dead letters, a repair, a redrive, and the books balance',
    { timeout: 300_000 },
    async (backend) => {
      const { code, output } = await runProgram('outage', backend)
      const transcript = transcriptOf(output)
      if (code !== 0) throw new Error(`exit code ${code}:\n${output}`)
      expect(transcript).toBe(await documented(transcript))
    },
  )

  test('needs a backend that processes share', async () => {
    const { code, output } = await runProgram('outage', 'memory')
    expect([code, output]).toEqual([1, expect.stringMatching(/^Set EVENT_BUS_ADAPTER to/)])
  })
})

test('a transcript says nothing that differs from run to run', () => {
  const first =
    'ID  DIED  KEY\nd/01795549781602-000000.005  2026-11-24T19:49:41.602Z  ben\nd/01795549781603-000000.005  2026-11-24T19:49:41.602Z  ada'
  const second =
    'ID    DIED   KEY\nd/01795549804259-000003-0000000000000000   2026-12-24T19:49:41.602Z   ada\nd/01795549804259-000003-0000000000000001   2026-11-24T19:49:41.602Z   ben'
  expect(transcriptOf(`$ bus dlq ls\n${first}\n\n# done\n`)).toBe(transcriptOf(`$ bus dlq ls\n${second}\n\n# done`))
  expect(transcriptOf(`$ bus dlq ls\n${first}`)).toBe(
    '$ bus dlq ls\nID      DIED    KEY\nd/<id>  <time>  ada\nd/<id>  <time>  ben',
  )
})
