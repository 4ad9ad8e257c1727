import { describe, expect, it } from 'vitest'
import { Application, environmentOf, sharedBackends } from './support/backends.ts'
import { Terminal } from './support/terminal.ts'
import { bus } from './support/cli.ts'

const ctrlC = '\u0003'
const escape = '\u001b['

describe('on a terminal', () => {
  it.each([
    ['colours', {}, [], true],
    ['none with NO_COLOR', { NO_COLOR: '1' }, [], false],
    ['none with --no-color', {}, ['--no-color'], false],
    ['none on a dumb one', { TERM: 'dumb' }, [], false],
  ])('has %s', async (_name, env, args, coloured) => {
    const terminal = new Terminal(['doctor', ...args], env)
    expect(await terminal.ended()).toBe(0)
    expect(terminal.output).toContain('round trip')
    expect(terminal.output.includes(escape)).toBe(coloured)
  })

  it('tail ends with 0 by Ctrl-C', async () => {
    const terminal = new Terminal(['tail', 'orders'])
    await terminal.shows('Waiting for events')
    terminal.type(ctrlC)
    expect(await terminal.ended()).toBe(0)
  })

  it('colours do not reach a pipe', async () => {
    const { stdout, stderr } = await bus(['doctor'], { env: { TERM: 'xterm' } })
    expect(stdout + stderr).toContain('round trip')
    expect(stdout + stderr).not.toContain(escape)
  })
})

describe.each(sharedBackends().slice(0, 1))('what removes events, on %s', (backend) => {
  it('asks first, and does nothing unless it is told yes', { timeout: 120_000 }, async () => {
    const env = environmentOf(backend)
    await using application = await Application.start(env)
    const dead = Promise.withResolvers<void>()
    application.bus.on('deadLetter', () => dead.resolve())
    await application.bus.subscribe(
      'orders',
      () => {
        throw new Error('no stock')
      },
      { consumerGroup: 'billing', maxRetries: 0, useDLQ: true },
    )
    await application.bus.publish('orders', 'order.placed', { n: 1 })
    await dead.promise
    const answered = async (keys: string): Promise<readonly [unknown, number]> => {
      const terminal = new Terminal(['dlq', 'discard', '--all'], env)
      await terminal.shows('1 dead letter will be discarded for good. Go on? [y/N]')
      terminal.type(keys)
      return [await terminal.ended(), await application.bus.deadLetters.count()]
    }
    expect(await answered('n\n')).toEqual([4, 1])
    expect(await answered('\n')).toEqual([4, 1])
    expect(await answered(ctrlC)).toEqual([130, 1])
    expect(await answered('y\n')).toEqual([0, 0])
  })
})
