import type { PublicKey } from '../public-key.ts'

/** A path that would take more work than any honest one. */
export class BudgetExhausted extends Error {}

/** Work that one verification may cost, so that no input makes it hang (RFC 5280 sets no bound on path building). */
export interface BudgetLimits {
  /** Signature checks, in units of one RSA-2048 verification (some 17 µs). */
  readonly signatures: number
  /** Certificates looked at while a path is built. */
  readonly steps: number
  /** Comparisons of a name with a constraint. */
  readonly comparisons: number
}

/** Together some 30 ms on one core; an honest path takes less than a hundredth of it. */
export const DEFAULT_LIMITS: BudgetLimits = { signatures: 1200, steps: 20_000, comparisons: 50_000 }

export class Budget {
  #signatures: number
  #steps: number
  #comparisons: number

  constructor({ signatures, steps, comparisons }: BudgetLimits = DEFAULT_LIMITS) {
    this.#signatures = signatures
    this.#steps = steps
    this.#comparisons = comparisons
  }

  signature(key: PublicKey): void {
    this.#signatures -= weightOf(key)
    if (this.#signatures < 0) throw new BudgetExhausted('signature checks')
  }

  step(): void {
    if (--this.#steps < 0) throw new BudgetExhausted('steps of path building')
  }

  comparison(): void {
    if (--this.#comparisons < 0) throw new BudgetExhausted('comparisons with name constraints')
  }
}

/** What a verification costs in units of one with RSA-2048, import included. */
function weightOf({ type, bits }: PublicKey): number {
  if (type === 'rsa') return Math.max(1, (bits / 2048) ** 2)
  return bits === 256 ? 4 : 28
}
