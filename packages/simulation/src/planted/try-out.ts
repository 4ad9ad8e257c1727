import { spawn } from 'node:child_process'
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'
import type { Finding } from '../run/finding.ts'
import { type Bug, plant } from './bug.ts'
import { failureBugs } from './failure-bugs.ts'
import { flowBugs } from './flow-bugs.ts'

export const bugs: readonly Bug[] = [...failureBugs, ...flowBugs]

interface Result {
  readonly done: number
  readonly finding: Finding | undefined
}

/** So many schedules a bug may take to be found. */
export const schedules = 10_000
/** A bug may make the core spin for ever. */
const patienceMs = 300_000
const packages = fileURLToPath(new URL('../../../', import.meta.url))

/** A copy of core and simulation with one bug in it. */
function scratch({ file }: Bug, planted: string): string {
  const root = mkdtempSync(join(tmpdir(), 'planted-'))
  for (const name of ['core', 'simulation']) {
    for (const part of ['src', 'package.json'])
      cpSync(join(packages, name, part), join(root, name, part), { recursive: true })
  }
  mkdirSync(join(root, 'simulation/node_modules/@bus'), { recursive: true })
  symlinkSync('../../../core', join(root, 'simulation/node_modules/@bus/core'))
  writeFileSync(join(root, 'core/src', file), planted)
  return root
}

function probed(root: string): Promise<Result> {
  const args = ['--conditions=@bus/source', join(root, 'simulation/src/planted/main.ts'), '--probe']
  return new Promise((resolve, reject) => {
    const child = spawn(process.execPath, args, { stdio: ['ignore', 'pipe', 'inherit'] })
    const timer = setTimeout(() => child.kill('SIGKILL'), patienceMs)
    let output = ''
    child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()))
    child.on('error', reject)
    child.on('close', (_code, signal) => {
      clearTimeout(timer)
      if (signal !== null) return resolve({ done: 0, finding: { seed: 0, invariant: 'every step ends', detail: '' } })
      try {
        resolve(JSON.parse(output) as Result)
      } catch (error) {
        reject(new Error(`the probe said: ${output}`, { cause: error }))
      }
    })
  })
}

/** In how many schedules it was found, and by what; or why it was not. */
export async function tryOut(bug: Bug): Promise<string> {
  const source = readFileSync(join(packages, 'core/src', bug.file), 'utf8')
  const planted = plant(bug, source)
  if (planted === undefined) return 'NOT PLANTED | its place in the core is gone'
  const root = scratch(bug, planted)
  try {
    const { done, finding } = await probed(root)
    return finding === undefined ? `NOT FOUND in ${done} |` : `${done} | ${finding.invariant}`
  } finally {
    rmSync(root, { recursive: true, force: true })
  }
}
