import type { Clock } from '../kernel/clock.ts'
import { TooManyRequests } from '../kernel/errors.ts'

export interface RateLimit {
  readonly perSecond: number
  /** Calls that may come at once after a rest. */
  readonly burst: number
}

/** Generic cell rate algorithm (GCRA): one number per key says when its next call would be on time. */
export class RateLimiter {
  readonly #interval: number
  readonly #tolerance: number
  readonly #clock: Clock
  readonly #onTime = new Map<string, number>()

  constructor(limit: RateLimit, clock: Clock) {
    this.#interval = 1000 / limit.perSecond
    this.#tolerance = this.#interval * (limit.burst - 1)
    this.#clock = clock
  }

  /** @throws TooManyRequests with the seconds after which a call would be taken */
  take(key: string): void {
    const now = this.#clock.now().getTime()
    const onTime = Math.max(this.#onTime.get(key) ?? now, now)
    const early = onTime - now - this.#tolerance
    if (early > 0) {
      throw new TooManyRequests(
        'too many calls of this caller',
        Math.max(1, Math.ceil(early / 1000)),
      )
    }
    this.#onTime.set(key, onTime + this.#interval)
  }
}
