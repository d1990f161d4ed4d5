import { F, fromCases, T, U } from './kleene.ts'
import type { Comparison } from './syntax.ts'
import { ABSENT } from './types.ts'

/** Is the value certainly, possibly or certainly not in `wanted`? Nothing established is in no list. */
export function oneOf(possible: number, wanted: number): number {
  if ((possible & wanted) === 0) return F
  return (possible & ~wanted) === 0 ? T : U
}

export function known(set: number): number {
  return set === ABSENT ? 0 : set & ~ABSENT
}

export function compareMasks(cmp: Comparison, left: number, right: number): number {
  let some = false
  let all = (left & ABSENT) === 0 && (right & ABSENT) === 0
  for (const a of bitsOf(left & ~ABSENT)) {
    for (const b of bitsOf(right & ~ABSENT)) {
      const holds = compare(cmp, a, b)
      some ||= holds
      all &&= holds
    }
  }
  return fromCases(some, some && all)
}

export function compareRanges(
  cmp: Comparison,
  [a0, a1]: readonly [number, number],
  [b0, b1]: readonly [number, number],
): number {
  switch (cmp) {
    case '<':
    case '<=':
      return fromCases(compare(cmp, a0, b1), compare(cmp, a1, b0))
    case '>':
    case '>=':
      return fromCases(compare(cmp, a1, b0), compare(cmp, a0, b1))
    default:
      return fromCases(a0 <= b1 && b0 <= a1, a0 === a1 && b0 === b1 && a0 === b0)
  }
}

/** Whether two established values compare so; `==` for every comparison that is no order. */
export function compare(cmp: Comparison, a: number, b: number): boolean {
  switch (cmp) {
    case '<':
      return a < b
    case '<=':
      return a <= b
    case '>':
      return a > b
    case '>=':
      return a >= b
    default:
      return a === b
  }
}

export function bitsOf(mask: number): number[] {
  const bits: number[] = []
  for (let rest = mask; rest !== 0; rest &= rest - 1) bits.push(rest & -rest)
  return bits
}
