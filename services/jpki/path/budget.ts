import type { PublicKey } from '../public-key.ts'

/** A path that would take more work than any honest one. */
export class BudgetExhausted extends Error {}

/** Work that one verification may cost, so that no input makes it hang (RFC 5280 sets no bound on path building). */
export interface BudgetLimits {
  /** Signature checks, in units of one RSA-2048 verification (some 17 µs). */
  readonly signatures: number
  /** Certificates and revocation lists looked at. */
  readonly steps: number
  /** Comparisons of a name with a constraint, or with the name of a distribution point. */
  readonly comparisons: number
  /** Nodes and edges of policy graphs. */
  readonly policies: number
}

/**
 * Each some 10 ms on one core, three times as much in a process that has compiled nothing yet; an honest path takes a few hundredths
 * of it.
 */
export const DEFAULT_LIMITS: BudgetLimits = {
  signatures: 300,
  steps: 3_000,
  comparisons: 8_000,
  policies: 4_000,
}

const WHAT: Readonly<Record<keyof BudgetLimits, string>> = {
  signatures: 'signature checks',
  steps: 'steps of path building',
  comparisons: 'comparisons of names',
  policies: 'combinations of policies',
}

export class Budget {
  readonly #left: Record<keyof BudgetLimits, number>

  constructor(limits: BudgetLimits = DEFAULT_LIMITS) {
    this.#left = { ...limits }
  }

  signature(key: PublicKey): void {
    this.#spend('signatures', weightOf(key))
  }

  step(): void {
    this.#spend('steps', 1)
  }

  comparisons(count: number): void {
    this.#spend('comparisons', count)
  }

  policies(count: number): void {
    this.#spend('policies', count)
  }

  #spend(what: keyof BudgetLimits, amount: number): void {
    this.#left[what] -= amount
    if (this.#left[what] < 0) throw new BudgetExhausted(WHAT[what])
  }
}

/** What a verification costs in units of one with RSA-2048 and e = 65537, import included. */
function weightOf({ type, bits, exponent }: PublicKey): number {
  if (type === 'ec') return bits === 256 ? 10 : 28
  // A multiplication per bit of e, and one more for each bit that is set: 17 for 65537, up to 80 for the longest.
  const multiplications = 2 * Math.floor(Math.log2(Math.max(exponent, 65537))) - 15
  return Math.max(1, (bits / 2048) ** 2) * (multiplications / 17)
}
