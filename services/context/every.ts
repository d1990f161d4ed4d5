import { setTimeout as delay } from 'node:timers/promises'
import { isUnreachable } from '../database/errors.ts'
import { BackOff } from '../kernel/back-off.ts'
import type { Log } from '../kernel/log.ts'

const BACK_OFF = { first: 500, last: 30_000 } as const

export interface Recurrence {
  /** What the log calls it. */
  readonly name: string
  readonly milliseconds: number
  readonly signal: AbortSignal
  readonly log: Pick<Log, 'warn'>
  /** Pauses after failures; half a second, doubled up to half a minute, when absent. */
  readonly backOff?: { readonly first: number; readonly last: number }
}

/**
 * Does the work, waits, and does it again until the signal. A database that is away is waited for, as consumers do; any other
 * fault of the work ends it.
 */
export async function every(
  { name, milliseconds, signal, log, backOff = BACK_OFF }: Recurrence,
  work: () => Promise<void>,
): Promise<void> {
  const pauses = new BackOff(backOff)
  while (!signal.aborted) {
    let wait = milliseconds
    try {
      await work()
      pauses.reset()
    } catch (error) {
      if (!isUnreachable(error)) throw error
      if (signal.aborted) return
      wait = pauses.next()
      log.warn('TIMER_RETRY', { timer: name, milliseconds: wait }, error)
    }
    await passed(wait, signal)
  }
}

async function passed(milliseconds: number, signal: AbortSignal): Promise<void> {
  try {
    await delay(milliseconds, undefined, { signal })
  } catch (error) {
    if (!signal.aborted) throw error
  }
}
