import { ALWAYS, NEVER, type Diagrams, type Node } from './diagrams.ts'
import type { Assignment, ListGroup } from './scope.ts'
import { TooLarge } from './open-question.ts'
import { openOn } from './open-reasons.ts'

/** Values of variables along a path. */
interface Path {
  readonly variable: number
  readonly value: number
  readonly next: Path | undefined
}

/** What is true of an element, one bit for each column, with an element of which it is. */
export interface Signature {
  readonly bits: string
  readonly path: Path | undefined
}

const MAX_SITUATIONS = 256
const MAX_SIGNATURES = 20_000
const MAX_RESIDUALS = 100_000
export const RANK_PER_DEPTH = 1_000_000

/** The list whose elements are looked at. */
export interface Elements {
  readonly diagrams: Diagrams
  readonly group: ListGroup
}

/** Outer situations that make a difference to the elements. */
export function situationsOf(
  { diagrams, group }: Elements,
  tuple: readonly Node[],
): readonly { when: Node; tuple: readonly Node[] }[] {
  const limit = group.element.depth * RANK_PER_DEPTH
  const memo = new Map<string, Map<string, { when: Node; tuple: readonly Node[] }>>()
  const walk = (nodes: readonly Node[]) => {
    const key = nodes.join()
    const known = memo.get(key)
    if (known !== undefined) return known
    const found = new Map<string, { when: Node; tuple: readonly Node[] }>()
    const top = topVariable(diagrams, nodes)
    if (top < 0 || diagrams.rankOf(top) >= limit) {
      found.set(key, { when: ALWAYS, tuple: nodes })
    } else {
      for (const { branch, values } of branchesOf(diagrams, nodes, top)) {
        const here = diagrams.test(top, (value) => values.has(value))
        for (const [below, { when, tuple: residual }] of walk(branch)) {
          const before = found.get(below)?.when ?? NEVER
          found.set(below, {
            when: diagrams.or(before, diagrams.and(here, when)),
            tuple: residual,
          })
        }
      }
    }
    if (found.size > MAX_SITUATIONS) throw new TooLarge(openOn(group.id, 'situations'))
    memo.set(key, found)
    return found
  }
  return [...walk(tuple).values()]
}

/** Signatures of single elements, each with an element that has it. */
export function signaturesOf(
  { diagrams, group }: Elements,
  tuple: readonly Node[],
): readonly Signature[] {
  const memo = new Map<string, ReadonlyMap<string, Path | undefined>>()
  const walk = (nodes: readonly Node[]): ReadonlyMap<string, Path | undefined> => {
    if (nodes[0] === NEVER) return new Map()
    const top = topVariable(diagrams, nodes)
    if (top < 0) return new Map([[nodes.slice(1).join(''), undefined]])
    const key = nodes.join()
    const known = memo.get(key)
    if (known !== undefined) return known
    const found = new Map<string, Path | undefined>()
    for (const { branch, values } of branchesOf(diagrams, nodes, top)) {
      const [value = 0] = values
      for (const [bits, next] of walk(branch))
        if (!found.has(bits)) found.set(bits, { variable: top, value, next })
    }
    if (memo.size > MAX_RESIDUALS || found.size > MAX_SIGNATURES)
      throw new TooLarge(openOn(group.id, 'signatures'))
    memo.set(key, found)
    return found
  }
  return [...walk(tuple)].map(([bits, path]) => ({ bits, path }))
}

/** The element that a signature was found at. */
export function elementOf({ path }: Signature): Assignment {
  const values = new Map<number, number>()
  for (let step = path; step !== undefined; step = step.next) values.set(step.variable, step.value)
  return values
}

function topVariable(diagrams: Diagrams, nodes: readonly Node[]): number {
  let top = -1
  for (const node of nodes) {
    const variable = diagrams.topOf(node)
    if (variable >= 0 && (top < 0 || diagrams.rankOf(variable) < diagrams.rankOf(top)))
      top = variable
  }
  return top
}

/** The different ways on from a variable, with the values that lead there. */
function branchesOf(diagrams: Diagrams, nodes: readonly Node[], variable: number) {
  const found = new Map<
    string,
    { readonly branch: readonly Node[]; readonly values: Set<number> }
  >()
  for (let value = 0; value < diagrams.sizeOf(variable); value += 1) {
    const branch = nodes.map((node) =>
      diagrams.topOf(node) === variable ? (diagrams.branchesOf(node)[value] ?? NEVER) : node,
    )
    const key = branch.join()
    const known = found.get(key)
    if (known === undefined) found.set(key, { branch, values: new Set([value]) })
    else known.values.add(value)
  }
  return found.values()
}
