import type { Ir } from './ir.ts'
import { F, T, U } from './kleene.ts'
import type { Cell } from './subject.ts'
import type { Comparison } from './syntax.ts'
import { ABSENT, type Type } from './types.ts'

/** A fact that a condition looked at. */
export interface FactRead {
  /** Place in the facts: `evidence[0].kind`. */
  readonly path: string
  readonly type: Type
  /** As the rules read it; `undefined` was not established. */
  readonly value: Cell
}

/** One condition as it came out: its own value, what it is made of, and the facts that it read itself. */
export interface TraceNode {
  readonly ir: Ir
  readonly truth: number
  readonly reads: readonly FactRead[]
  /** Conditions that it was made from, in the order of the text. */
  readonly parts: readonly TraceNode[]
  /** Which element of a list this was evaluated for. */
  readonly element?: string
  /** For slots that are filled: the pieces, by slot. */
  readonly filled?: readonly string[]
}

/** A value with everything that was looked at for it. */
export interface Value<V> {
  readonly value: V
  readonly reads: readonly FactRead[]
  readonly parts: readonly TraceNode[]
}

/** Values that are still possible; `undefined` in it means that none was established. */
export type Possible = readonly (number | undefined)[]

export function plain<V>(value: V): Value<V> {
  return { value, reads: [], parts: [] }
}

export function merged(values: readonly Value<unknown>[]) {
  return {
    reads: values.flatMap(({ reads }) => reads),
    parts: values.flatMap(({ parts }) => parts),
  }
}

export function both(left: Value<unknown>, right: Value<unknown>) {
  return merged([left, right])
}

export function joined(node: TraceNode, more: Value<unknown>): TraceNode {
  return {
    ...node,
    reads: [...node.reads, ...more.reads],
    parts: [...node.parts, ...more.parts],
  }
}

export function all(parts: readonly TraceNode[]): number {
  if (parts.some(({ truth }) => truth === F)) return F
  return parts.every(({ truth }) => truth === T) ? T : U
}

export function some(parts: readonly TraceNode[]): number {
  return highest(parts.map(({ truth }) => truth))
}

export function highest(truths: readonly number[]): number {
  if (truths.includes(T)) return T
  return truths.includes(U) ? U : F
}

export function holds(cmp: Comparison, a: number, b: number): boolean {
  switch (cmp) {
    case '<':
      return a < b
    case '<=':
      return a <= b
    case '>':
      return a > b
    case '>=':
      return a >= b
    case '==':
      return a === b
    case '!=':
    case 'in':
      throw new TypeError(`${cmp} compares no two values`)
  }
}

/** Whole numbers of a range; the lists of facts have at most a few hundred elements. */
export function steps(from: number, to: number): readonly number[] {
  return Array.from({ length: to - from + 1 }, (_, i) => from + i)
}

const BITS = Array.from({ length: 30 }, (_, i) => 1 << i)

export function bits(mask: number): readonly number[] {
  return BITS.filter((bit) => (mask & bit) !== 0)
}

export function fromMask(mask: number): Possible {
  const known = bits(mask)
  return (mask & ABSENT) !== 0 || known.length === 0 ? [...known, undefined] : known
}

export function toMask(values: Possible): number {
  return values.reduce<number>((mask, value) => mask | (value ?? ABSENT), 0)
}

export function unique(values: Possible): Possible {
  return [...new Set(values)]
}
