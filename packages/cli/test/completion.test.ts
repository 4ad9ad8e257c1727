import { execFileSync } from 'node:child_process'
import { describe, expect, it } from 'vitest'
import { commands } from '../src/commands/index.ts'
import { called } from './support/in-process.ts'

/** What bash offers after `words`, of which the last one is being typed. */
async function offered(...words: string[]): Promise<string[]> {
  const { stdout } = await called(['completion', 'bash'])
  const line = words.map((word) => `'${word}'`).join(' ')
  const script = `${stdout}\nCOMP_WORDS=(bus ${line}); COMP_CWORD=${words.length}; _bus; printf '%s\\n' "\${COMPREPLY[@]}"`
  return execFileSync('bash', ['-c', script], { encoding: 'utf8' }).split('\n').filter(Boolean)
}

describe('completion', () => {
  it('offers commands and options in bash', async () => {
    expect(await offered('t')).toEqual(['tail', 'trace', 'topics'])
    expect(await offered('dlq', '')).toEqual(['ls', 'show', 'redrive', 'discard'])
    expect(await offered('dlq', 'ls', '--pa')).toEqual(['--parked'])
    expect(await offered('history', 'orders', '--li')).toEqual(['--limit'])
    expect(await offered('publish', '--pa')).toEqual([])
  })

  it.each(['bash', 'zsh', 'fish'])('knows every command and option in %s', async (shell) => {
    const { code, stdout } = await called(['completion', shell])
    expect(code).toBe(0)
    for (const { name, options } of commands) {
      for (const word of name.split(' ')) expect(stdout).toContain(word)
      for (const option of Object.keys(options))
        expect(stdout).toContain(shell === 'fish' ? `-l ${option}` : `--${option}`)
    }
  })

  it('of an unknown shell is refused', async () => {
    expect(await called(['completion', 'csh'])).toMatchObject({ code: 2, stdout: '' })
  })
})
