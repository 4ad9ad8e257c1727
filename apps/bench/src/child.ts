import { performance } from 'node:perf_hooks'
import type { Measurement, Task } from './measurement.ts'
import { suites } from './suites.ts'

const [suite, name, text] = process.argv.slice(2) as [string, string, string]
const task = JSON.parse(text) as Task
const factory = suites[suite]?.candidates[name]
if (factory === undefined) throw new Error(`There is no candidate "${name}" in the suite "${suite}".`)

const candidate = await factory(task)
// Compiled code and open windows first: what is measured is the steady state.
await candidate.run(Math.ceil(task.events / 4))
const cpu = process.cpuUsage()
const started = performance.now()
await candidate.run(task.events)
const elapsedMs = performance.now() - started
const { user, system } = process.cpuUsage(cpu)
const measurement: Measurement = { events: task.events, elapsedMs, cpuMicros: user + system }
console.log(JSON.stringify(measurement))
await candidate.close()
