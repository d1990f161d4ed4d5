import type { Clock } from '../kernel/clock.ts'
import { every } from './every.ts'
import type { EventCore } from './event-core.ts'
import type { Services } from './services.ts'

const MONITOR_MILLISECONDS = 5_000
const SWEEP_MILLISECONDS = 30_000
const RESCORE_MILLISECONDS = 1_000
const CLEAN_UP_MILLISECONDS = 10 * 60_000

export interface Timers {
  /** Rejects when a piece of recurring work fails by a fault of its own. */
  readonly failed: Promise<never>
  stop(): Promise<void>
}

/** Work that comes back: the revocation monitor, levels that end by time alone, what has run out, and the log's upkeep. */
export function startTimers(
  services: Services,
  core: Pick<EventCore, 'cleanUpLog'>,
  clock: Clock,
): Timers {
  const stopping = new AbortController()
  const { signal } = stopping
  const loops = [
    every(MONITOR_MILLISECONDS, signal, async () => void (await services.proofing.checkNow())),
    every(
      RESCORE_MILLISECONDS,
      signal,
      async () => void (await services.policy.rescoreDue(clock.now())),
    ),
    every(SWEEP_MILLISECONDS, signal, async () => {
      await services.wallet.sweep(clock.now())
      await services.proofing.sweep(clock.now())
      await services.authenticator.sweep()
      await services.federation.sweep()
    }),
    every(CLEAN_UP_MILLISECONDS, signal, () => core.cleanUpLog()),
  ]
  const failure = Promise.withResolvers<never>()
  for (const loop of loops) loop.catch(failure.reject)
  failure.promise.catch(() => undefined)
  return {
    failed: failure.promise,
    async stop() {
      stopping.abort()
      await Promise.allSettled(loops)
    },
  }
}
