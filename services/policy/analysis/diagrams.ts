import { TooLarge } from './open-question.ts'
import { tooManyCases } from './open-reasons.ts'

/** A function of finite variables that is true or false; equal functions have equal numbers. */
export type Node = number

export const NEVER: Node = 0
export const ALWAYS: Node = 1
const MAX_NODES = 400_000

/**
 * Reduced ordered decision diagrams over variables with many values. Every question (can it hold? are two the same?) is
 * answered by the number of a node, and an example is a path.
 */
export class Diagrams {
  readonly #variable: number[] = [-1, -1]
  readonly #branches: (readonly Node[])[] = [[], []]
  readonly #unique = new Map<string, Node>()
  readonly #memo = new Map<number, Node>()
  readonly #negated = new Map<Node, Node>()
  readonly #ranks: number[] = []
  readonly #sizes: number[] = []

  /** A variable with values 0 to `size` - 1; those of lower rank stand above those of higher. */
  variable(size: number, rank: number): number {
    this.#ranks.push(rank)
    this.#sizes.push(size)
    return this.#ranks.length - 1
  }

  sizeOf(variable: number): number {
    return this.#sizes[variable] ?? 0
  }

  rankOf(variable: number): number {
    return this.#ranks[variable] ?? 0
  }

  /** The variable that a node asks first; -1 for the two constants. */
  topOf(node: Node): number {
    return this.#variable[node] ?? -1
  }

  branchesOf(node: Node): readonly Node[] {
    return this.#branches[node] ?? []
  }

  test(variable: number, holds: (value: number) => boolean): Node {
    const branches = Array.from({ length: this.sizeOf(variable) }, (_, value) =>
      holds(value) ? ALWAYS : NEVER,
    )
    return this.#make(variable, branches)
  }

  and(a: Node, b: Node): Node {
    if (a === b || b === ALWAYS) return a
    if (a === ALWAYS) return b
    if (a === NEVER || b === NEVER) return NEVER
    const key = a < b ? a * 2 ** 24 + b : b * 2 ** 24 + a
    const known = this.#memo.get(key)
    if (known !== undefined) return known
    const variable = this.#upper(this.topOf(a), this.topOf(b))
    const node = this.#make(
      variable,
      Array.from({ length: this.sizeOf(variable) }, (_, value) =>
        this.and(this.#branch(a, variable, value), this.#branch(b, variable, value)),
      ),
    )
    this.#memo.set(key, node)
    return node
  }

  not(a: Node): Node {
    if (a <= ALWAYS) return 1 - a
    const known = this.#negated.get(a)
    if (known !== undefined) return known
    const node = this.#make(
      this.topOf(a),
      this.branchesOf(a).map((branch) => this.not(branch)),
    )
    this.#negated.set(a, node)
    this.#negated.set(node, a)
    return node
  }

  or(a: Node, b: Node): Node {
    return this.not(this.and(this.not(a), this.not(b)))
  }

  /** `a` without `b`. */
  without(a: Node, b: Node): Node {
    return this.and(a, this.not(b))
  }

  all(nodes: Iterable<Node>): Node {
    let all = ALWAYS
    for (const node of nodes) all = this.and(all, node)
    return all
  }

  any(nodes: Iterable<Node>): Node {
    let any = NEVER
    for (const node of nodes) any = this.or(any, node)
    return any
  }

  choose(test: Node, then: Node, otherwise: Node): Node {
    return this.or(this.and(test, then), this.and(this.not(test), otherwise))
  }

  /** The node once a variable has a value. */
  restrict(node: Node, variable: number, value: number): Node {
    const memo = new Map<Node, Node>()
    const rank = this.rankOf(variable)
    const walk = (at: Node): Node => {
      const top = this.topOf(at)
      if (top < 0 || this.rankOf(top) > rank) return at
      if (top === variable) return this.branchesOf(at)[value] ?? NEVER
      const known = memo.get(at)
      if (known !== undefined) return known
      const made = this.#make(top, this.branchesOf(at).map(walk))
      memo.set(at, made)
      return made
    }
    return walk(node)
  }

  /** Every variable that a node asks. */
  support(nodes: readonly Node[]): Set<number> {
    const found = new Set<number>()
    const seen = new Set<Node>()
    const queue = [...nodes]
    for (let node = queue.pop(); node !== undefined; node = queue.pop()) {
      if (node <= ALWAYS || seen.has(node)) continue
      seen.add(node)
      found.add(this.topOf(node))
      queue.push(...this.branchesOf(node))
    }
    return found
  }

  /** Values that make the node hold; variables that are not named may have any. The first values are preferred. */
  example(node: Node): Map<number, number> | undefined {
    if (node === NEVER) return undefined
    const values = new Map<number, number>()
    for (let at = node; at !== ALWAYS;) {
      const branches = this.branchesOf(at)
      const value = branches.findIndex((branch) => branch !== NEVER)
      values.set(this.topOf(at), value)
      at = branches[value] ?? NEVER
    }
    return values
  }

  /** Does it hold once all its variables have a value? */
  holds(node: Node, valueOf: (variable: number) => number): boolean {
    let at = node
    while (at > ALWAYS) at = this.branchesOf(at)[valueOf(this.topOf(at))] ?? NEVER
    return at === ALWAYS
  }

  #branch(node: Node, variable: number, value: number): Node {
    return this.topOf(node) === variable ? (this.branchesOf(node)[value] ?? NEVER) : node
  }

  #upper(a: number, b: number): number {
    if (a < 0) return b
    if (b < 0) return a
    return this.rankOf(a) <= this.rankOf(b) ? a : b
  }

  #make(variable: number, branches: readonly Node[]): Node {
    const [first] = branches
    if (first !== undefined && branches.every((branch) => branch === first)) return first
    const key = `${variable}:${branches.join()}`
    const known = this.#unique.get(key)
    if (known !== undefined) return known
    const node = this.#variable.length
    if (node >= MAX_NODES) throw new TooLarge(tooManyCases(MAX_NODES))
    this.#variable.push(variable)
    this.#branches.push(branches)
    this.#unique.set(key, node)
    return node
  }
}
