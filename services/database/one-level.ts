import { AsyncLocalStorage } from 'node:async_hooks'

const inside = new AsyncLocalStorage<symbol>()

/**
 * Runs `work` and refuses a second unit of work opened from within it: on one writer that would wait for itself
 * for ever, and on a pool it would be another transaction than the caller thinks.
 */
export function oneLevel<T>(database: symbol, work: () => Promise<T>): Promise<T> {
  return inside.run(database, work)
}

/** @throws TypeError when called from within a unit of work of the same database */
export function assertOutside(database: symbol): void {
  if (inside.getStore() === database) {
    throw new TypeError('a unit of work was opened inside another one: pass its `tx` on instead')
  }
}
