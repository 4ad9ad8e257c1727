/** How topics and groups of the bus are called on the cluster. */
export class Names {
  readonly #prefix: string

  constructor(prefix: string) {
    this.#prefix = prefix
  }

  topic(topic: string): string {
    return this.#prefix + topic
  }

  /**
   * Members of one Kafka group have to want the same topics, so each topic has a group of its own. No name of a group
   * has a dot in it, hence no two can meet.
   */
  group(group: string, topic: string): string {
    return `${this.#prefix}${group}.${topic}`
  }

  /** `undefined`: not called as groups of this bus are. */
  ourGroup(name: string): { readonly topic: string; readonly group: string } | undefined {
    const [, group, topic] = /^([A-Za-z0-9_-]{1,60})\.(.+)$/.exec(this.ours(name) ?? '') ?? []
    return group === undefined || topic === undefined ? undefined : { topic, group }
  }

  /** Of those who move on what was put off. No name of a group or topic has a colon in it. */
  movers(topic: string): string {
    return `${this.#prefix}delayed:${topic}`
  }

  /** `undefined`: not one of this bus. */
  ours(name: string): string | undefined {
    return name.startsWith(this.#prefix) && name.length > this.#prefix.length
      ? name.slice(this.#prefix.length)
      : undefined
  }
}
