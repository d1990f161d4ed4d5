import type { Clock } from '../kernel/clock.ts'
import type { Log } from '../kernel/log.ts'
import { every } from './every.ts'
import type { EventCore } from './event-core.ts'
import type { Services } from './services.ts'

const MONITOR_MILLISECONDS = 5_000
const SWEEP_MILLISECONDS = 30_000
const RESCORE_MILLISECONDS = 1_000
/** Of old decisions, in one turn: the rest waits for the next. */
const LOG_PAGES = 50
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
  log: Log,
): Timers {
  const stopping = new AbortController()
  const { signal } = stopping
  const start = (name: string, milliseconds: number, work: () => Promise<unknown>) =>
    every({ name, milliseconds, signal, log }, async () => void (await work()))
  const loops = [
    start('monitor', MONITOR_MILLISECONDS, () => services.proofing.monitor()),
    start('rescore', RESCORE_MILLISECONDS, async () => {
      while (!signal.aborted && (await services.policy.rescoreDue(clock.now())) > 0);
    }),
    start('sweep', SWEEP_MILLISECONDS, async () => {
      await services.wallet.sweep(clock.now())
      await services.proofing.sweep(clock.now())
      await services.authenticator.sweep()
      await services.federation.sweep()
      for (let pages = 0; pages < LOG_PAGES && !signal.aborted; pages += 1)
        if ((await services.policy.forgetOldDecisions(clock.now())) === 0) break
    }),
    start('clean-up', CLEAN_UP_MILLISECONDS, () => core.cleanUpLog()),
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
