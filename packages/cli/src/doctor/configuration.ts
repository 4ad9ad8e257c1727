import { type Env, withoutUserInfo } from '@bus/core/spi'
import { type Finding, ok, warning } from './finding.ts'

const secret = /pass|secret|token|key|credential|auth/i
// An address may carry them behind its question mark.
const secretParameter = /[?&][^=&]*(pass|secret|token|key|auth)[^=&]*=/i

/** An environment that remembers which variables were asked for. */
export class WatchedEnvironment {
  readonly env: Env
  readonly #env: Env
  readonly #asked = new Set<string>()

  constructor(env: Env) {
    this.#env = env
    this.env = new Proxy(env, {
      get: (target, name) => {
        if (typeof name !== 'string') return undefined
        this.#asked.add(name)
        return target[name]
      },
    })
  }

  findings(): Finding[] {
    const set = Object.keys(this.#env)
      .filter((name) => this.#env[name])
      .toSorted()
    const prefixes = new Set([...this.#asked].map(prefixOf))
    const shown = set
      .filter((name) => this.#asked.has(name))
      .map((name) => `${name}=${shownValue(name, this.#env[name] ?? '')}`)
    return [
      ok('configuration', shown.length === 0 ? 'no variables are set, defaults apply' : shown.join(' ')),
      ...set
        .filter((name) => !this.#asked.has(name) && prefixes.has(prefixOf(name)))
        .map((name) =>
          warning(
            'configuration',
            `${name} is set, but not used with this adapter and these variables.`,
            'Look for a typing error, or for a variable that takes its place.',
          ),
        ),
    ]
  }
}

function prefixOf(name: string): string {
  return /^(EVENT_BUS_|[A-Z]+_)/.exec(name)?.[0] ?? name
}

function shownValue(name: string, value: string): string {
  return secret.test(name) || secretParameter.test(value) ? '(hidden)' : withoutUserInfo(value)
}
