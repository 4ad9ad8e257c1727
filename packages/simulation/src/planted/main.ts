import { availableParallelism } from 'node:os'
import { type Finding, search } from '../run/finding.ts'
import { bugs, schedules, tryOut } from './try-out.ts'

/** In the copy: after how many schedules something is found. */
async function probe(): Promise<void> {
  let finding: Finding | undefined
  const { done } = await search(1, schedules, (found) => {
    finding = found
    return false
  })
  process.stdout.write(JSON.stringify({ done, finding }))
}

async function tryOutAll(wanted: readonly string[]): Promise<void> {
  const queue = bugs.filter(({ name }) => wanted.length === 0 || wanted.some((part) => name.includes(part)))
  const worker = async (): Promise<void> => {
    for (let bug = queue.shift(); bug !== undefined; bug = queue.shift()) {
      const result = await tryOut(bug)
      if (result.startsWith('NOT')) process.exitCode = 1
      process.stdout.write(`| ${bug.name} | ${result} |\n`)
    }
  }
  process.stdout.write('| planted bug | schedules | broken promise |\n| --- | ---: | --- |\n')
  await Promise.all(Array.from({ length: availableParallelism() }, worker))
}

const args = process.argv.slice(2)
await (args[0] === '--probe' ? probe() : tryOutAll(args))
