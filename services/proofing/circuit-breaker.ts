/** When a circuit opens, and for how long. */
export interface CircuitLimits {
  /** Failures in a row that open it. */
  readonly failures: number
  /** Milliseconds until one caller may probe. */
  readonly pause: number
}

export type CircuitState = 'closed' | 'open' | 'half-open'

/**
 * Keeps callers away from a source that does not answer: after some failures in a row nobody gets through, then one caller
 * probes, and its success lets everybody through again. Time is an argument.
 */
export class CircuitBreaker {
  readonly #limits: CircuitLimits
  #failures = 0
  #openedAt: Date | null = null
  #probing = false

  constructor(limits: CircuitLimits) {
    this.#limits = limits
  }

  state(now: Date): CircuitState {
    if (this.#openedAt === null) return 'closed'
    const waited = now.getTime() - this.#openedAt.getTime()
    return waited >= this.#limits.pause ? 'half-open' : 'open'
  }

  /** Whether this caller may ask now; who may must say how it went. */
  admits(now: Date): boolean {
    switch (this.state(now)) {
      case 'closed':
        return true
      case 'open':
        return false
      case 'half-open': {
        const first = !this.#probing
        this.#probing = true
        return first
      }
    }
  }

  /** @returns whether this closed the circuit */
  succeeded(): boolean {
    const wasOpen = this.#openedAt !== null
    this.#failures = 0
    this.#openedAt = null
    this.#probing = false
    return wasOpen
  }

  /** @returns whether this opened the circuit, or opened it again */
  failed(now: Date): boolean {
    this.#failures += 1
    const opens = this.#probing || this.#failures >= this.#limits.failures
    if (opens) this.#openedAt = now
    this.#probing = false
    return opens
  }
}
