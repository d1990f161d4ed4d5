import { setTimeout as delay } from 'node:timers/promises'

/** Does the work, waits, and does it again until the signal; a fault of the work ends it. */
export async function every(
  milliseconds: number,
  signal: AbortSignal,
  work: () => Promise<void>,
): Promise<void> {
  while (!signal.aborted) {
    await work()
    try {
      await delay(milliseconds, undefined, { signal })
    } catch (error) {
      if (!signal.aborted) throw error
    }
  }
}
