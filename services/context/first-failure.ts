/** Rejects with the first failure. Whoever waits for it may come later: until then a rejection is kept, not reported. */
export function firstFailure(failures: readonly Promise<never>[]): Promise<never> {
  const first = Promise.race(failures)
  first.catch(() => undefined)
  return first
}
