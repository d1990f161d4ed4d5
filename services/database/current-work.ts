import { AsyncLocalStorage } from 'node:async_hooks'

interface Work {
  readonly database: symbol
  readonly afterCommit: (() => void)[]
}

const current = new AsyncLocalStorage<Work>()

/** Runs `work` as the one unit of work of this call, and gives its result with what to do after the commit. */
export async function asCurrentWork<T>(
  database: symbol,
  work: () => Promise<T>,
): Promise<{ readonly value: T; readonly afterCommit: readonly (() => void)[] }> {
  const afterCommit: (() => void)[] = []
  const value = await current.run({ database, afterCommit }, work)
  return { value, afterCommit }
}

/**
 * Refuses a unit of work opened inside another one: on one writer it would wait for itself for ever, and on a pool
 * it would be another transaction than the caller thinks.
 * @throws TypeError when called from within a unit of work of the same database
 */
export function assertOutside(database: symbol): void {
  if (current.getStore()?.database === database) {
    throw new TypeError('a unit of work was opened inside another one: pass its `tx` on instead')
  }
}

/**
 * Calls `callback` when the surrounding unit of work is durable, and never when it is rolled back. It is a hint for
 * whoever waits (wake a relay, drop a cache): a crash right after the commit loses it, so nothing may depend on it. What
 * it throws is a mistake in the program, and ends the process as an uncaught error; the work stays done.
 */
export function afterCommit(callback: () => void): void {
  const work = current.getStore()
  if (work === undefined) throw new TypeError('`afterCommit` was called outside a unit of work')
  work.afterCommit.push(callback)
}

/** Calls each callback of a durable unit of work; a fault of one stands in the way neither of the others nor of the caller. */
export function callAfterCommit(callbacks: readonly (() => void)[]): void {
  for (const callback of callbacks) {
    try {
      callback()
    } catch (error) {
      // Outside of this call, which tells others that their work is durable.
      queueMicrotask(() => {
        throw error
      })
    }
  }
}
