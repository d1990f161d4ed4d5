/**
 * Three-valued truth as two bits: bit 0 "certainly", bit 1 "possibly". So `and` is `&`, `or` is `|`, and
 * negation swaps and inverts the bits.
 */
export const F = 0
export const U = 2
export const T = 3

export function not(truth: number): number {
  return (truth & 1 ? 0 : 2) | (truth & 2 ? 0 : 1)
}

export function fromBoolean(value: boolean): number {
  return value ? T : F
}

/** True of all, of none, or of some of the still possible cases. */
export function fromCases(some: boolean, all: boolean): number {
  return all ? T : some ? U : F
}
