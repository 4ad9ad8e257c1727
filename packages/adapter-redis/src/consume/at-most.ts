/** Resolves when `work` is settled, however, or the time is over. */
export async function atMost(ms: number, work: Promise<unknown>): Promise<void> {
  let timer: NodeJS.Timeout | undefined
  const limit = new Promise<void>((resolve) => (timer = setTimeout(resolve, ms)))
  await Promise.race([
    work.then(
      () => {},
      () => {},
    ),
    limit,
  ])
  clearTimeout(timer)
}
