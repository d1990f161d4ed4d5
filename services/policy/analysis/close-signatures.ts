import type { Node } from './diagrams.ts'
import { elementOf, signaturesOf, type Elements } from './element-signatures.ts'
import { DOCUMENT, type Assignment } from './scope.ts'
import { partOf, type Layout } from './slot-states.ts'
import { TooLarge } from './open-question.ts'
import { openOn } from './open-reasons.ts'

/** What can be true of a list at once: for each atom whether it holds, or how often. */
export interface Vector {
  readonly key: string
  readonly values: readonly number[]
}

/** Everything that lists can make true under one outer situation, each with the elements of a shortest list that does. */
export interface Closure {
  readonly vectors: readonly Vector[]
  readonly elements: ReadonlyMap<string, readonly Assignment[]>
}

/** What the statements about a list look at in an element: its columns, and which of them each statement reads. */
export interface Columns {
  readonly nodes: readonly Node[]
  readonly layouts: readonly Layout[]
}

/** What one element, or one document with its entries, adds to a list: one bit for each column. */
export interface Contribution {
  readonly bits: string
  elements(): readonly Assignment[]
}

interface State {
  readonly parts: readonly number[]
  readonly from: State | undefined
  readonly by: Contribution | undefined
}

const MAX_STATES = 60_000
/** States times signatures that are tried. */
const MAX_STEPS = 6_000_000

/** What single elements can add, each by itself. */
export function contributionsOf(
  options: Elements,
  tuple: readonly Node[],
): readonly Contribution[] {
  return signaturesOf(options, tuple).map((signature) => ({
    bits: signature.bits,
    elements: () => [elementOf(signature)],
  }))
}

/** Closes what elements add under union: a list is what its elements add up to. */
export function closeSignatures(
  options: Elements,
  signatures: readonly Contribution[],
  { layouts }: Columns,
): Closure {
  const bits = signatures.map((signature) => signature.bits)
  const parts = layouts.map((layout) => partOf(layout, bits))
  const start: State = { parts: parts.map(() => 0), from: undefined, by: undefined }
  const seen = new Set([start.parts.join()])
  const queue = [start]
  let steps = 0
  for (const state of queue) {
    steps += signatures.length
    if (steps > MAX_STEPS) throw new TooLarge(openOn(options.group.id, 'states'))
    for (const signature of signatures) {
      const next = parts.map((part, i) => part.add(state.parts[i] ?? 0, signature.bits))
      const key = next.join()
      if (seen.has(key)) continue
      if (seen.size >= MAX_STATES) throw new TooLarge(openOn(options.group.id, 'states'))
      seen.add(key)
      queue.push({ parts: next, from: state, by: signature })
    }
  }
  const vectors = new Map<string, Vector>()
  const elements = new Map<string, readonly Assignment[]>()
  for (const state of queue) {
    const values = parts.map((part, i) => part.value(state.parts[i] ?? 0))
    const key = values.join()
    if (vectors.has(key)) continue
    vectors.set(key, { key, values })
    elements.set(key, elementsOf(state))
  }
  return { vectors: [...vectors.values()], elements }
}

function elementsOf(state: State): readonly Assignment[] {
  const steps: Contribution[] = []
  for (let at: State | undefined = state; at?.by !== undefined; at = at.from) steps.unshift(at.by)
  return steps.flatMap((by, n) => by.elements().map((one) => new Map(one).set(DOCUMENT, n)))
}
