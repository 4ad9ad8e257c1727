import { snapshot } from './json.ts'

/** What JSON keeps of a value, as a copy or as text: each is made from the other, and only if somebody asks for it. */
export class JsonValue {
  /** Never less than the bytes of the text in UTF-8. */
  readonly maxBytes: number
  #copied: boolean
  #copy: unknown
  #text: string | undefined

  private constructor(maxBytes: number, copied: boolean, copy: unknown, text: string | undefined) {
    this.maxBytes = maxBytes
    this.#copied = copied
    this.#copy = copy
    this.#text = text
  }

  /** @throws TypeError as `JSON.stringify` does. */
  static copied(value: unknown): JsonValue {
    const { value: copy, maxBytes } = snapshot(value)
    return new JsonValue(maxBytes, true, copy, undefined)
  }

  /** @throws TypeError as `JSON.stringify` does. */
  static written(value: unknown): JsonValue {
    const text = JSON.stringify(value) as string | undefined
    // One UTF-16 unit takes at most three bytes.
    return text === undefined
      ? new JsonValue(0, true, undefined, undefined)
      : new JsonValue(text.length * 3, false, undefined, text)
  }

  get value(): unknown {
    if (!this.#copied) {
      this.#copy = JSON.parse(this.#text as string)
      this.#copied = true
    }
    return this.#copy
  }

  /** `undefined` where JSON has nothing to write. */
  get text(): string | undefined {
    return (this.#text ??= JSON.stringify(this.#copy) as string | undefined)
  }
}
