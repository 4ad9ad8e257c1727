import { describe, expect, it } from 'vitest'
import { commands } from '../src/commands/index.ts'
import { bus } from './support/cli.ts'
import { called } from './support/in-process.ts'

describe('a call', () => {
  it('without a command is told which there are', async () => {
    const { code, stdout, stderr } = await bus([])
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    for (const { name } of commands) expect(stderr).toContain(`  ${name} `)
  })

  it.each([
    [['nonsense'], 'There is no command "nonsense"'],
    [['dlq', 'nonsense'], 'There is no command "dlq nonsense"'],
    [['history'], 'TOPIC is missing'],
    [['history', 'a', 'b'], '"b" is one argument too many'],
    [['history', 'a', '--nonsense'], "Unknown option '--nonsense'"],
    [['history', 'a', '--limit', 'many'], '--limit: "many" is no whole number'],
    [['history', 'a', '--from', 'yesterday'], '--from: "yesterday" is neither a time'],
    [['history', 'a', '--from', '1h', '--after', '7'], 'not both'],
    [['history', 'a b'], 'is not a topic name'],
    [['publish', 'a', 'b', '{'], 'PAYLOAD: it is no JSON'],
    [['publish', 'a', 'b'], 'PAYLOAD is missing'],
    [['publish', 'a', '--key', 'k'], '--key is for one event'],
    [['publish', 'a.g.retry', 'b', '1'], 'only the bus publishes to it'],
    [['publish', 'a', 'b', '1', '--metadata', '[]'], 'no JSON object'],
    [['tail', 'a', '--earliest', '--from', '1h'], 'Say one of'],
    [['dlq', 'redrive'], 'Say which dead letters'],
    [['dlq', 'discard', '--all', '--topic', 'a'], 'not both'],
    [['dlq', 'ls', '--kind', 'x'], 'none of exhausted'],
    [['topics', '--adapter', 'nonsense'], 'There is no adapter named "nonsense"'],
    [['topics', '--env-file', 'missing.env'], '--env-file'],
  ])('%j is refused with 2', async (args, reason) => {
    const { code, stdout, stderr } = await called(args)
    expect({ code, stdout }).toEqual({ code: 2, stdout: '' })
    expect(stderr).toContain(reason)
  })

  it('that is wrong is told to programs as JSON', async () => {
    const { code, stderr } = await bus(['--json', 'history', 'a', '--limit', 'x'])
    expect(code).toBe(2)
    expect(JSON.parse(stderr)).toEqual({ error: { name: 'UsageError', message: '--limit: "x" is no whole number.' } })
  })

  it.each(['dlq discard', 'dlq redrive'])('of %s does nothing without somebody to ask', async (name) => {
    const { code, stderr } = await called([...name.split(' '), '--all'])
    expect(code).toBe(4)
    expect(stderr).toContain('Add --yes')
  })
})

describe('help', () => {
  it.each(commands.map(({ name }) => name))('of %s tells its options', async (name) => {
    const { code, stdout, stderr } = await called([...name.split(' '), '--help'])
    expect({ code, stderr }).toEqual({ code: 0, stderr: '' })
    expect(stdout).toContain(`Usage: bus ${name}`)
    const { options = {} } = commands.find((command) => command.name === name) ?? {}
    for (const option of Object.keys(options)) expect(stdout).toContain(`--${option}`)
  })

  it('is given in all the usual ways', async () => {
    const [long, short, word, ofGroup] = await Promise.all([
      bus(['--help']),
      called(['-h']),
      called(['help']),
      called(['dlq', '--help']),
    ])
    expect(long.code).toBe(0)
    expect([short, word]).toEqual([long, long])
    expect(ofGroup).toMatchObject({ code: 0 })
    expect(ofGroup.stdout).toContain('dlq show')
    expect(ofGroup.stdout).not.toContain('publish ')
    expect((await bus(['--version'])).stdout).toMatch(/^\d+\.\d+\.\d+\n$/)
  })
})

describe('in memory', () => {
  it('publishes, and warns that nobody else sees it', async () => {
    const { code, stdout, stderr } = await bus([
      'publish',
      'orders',
      'order.placed',
      '{"n":1}',
      '--metadata',
      '{"eventId":"e-1"}',
    ])
    expect({ code, stdout }).toEqual({ code: 0, stdout: 'e-1\n' })
    expect(stderr).toContain('no other one sees them')
  })
})
