import { ALWAYS, NEVER, type Diagrams, type Node } from './diagrams.ts'

/** The possible values of an expression, each with when it has it. */
export type Cases<V> = Map<V, Node>

/** What is made of possible values. */
export class CaseTable {
  readonly #diagrams: Diagrams

  constructor(diagrams: Diagrams) {
    this.#diagrams = diagrams
  }

  /** When the value is one that `holds` takes. */
  when<V>(cases: Cases<V>, holds: (value: V) => boolean): Node {
    return this.#diagrams.any([...cases].flatMap(([value, when]) => (holds(value) ? [when] : [])))
  }

  /** When two values stand in a relation. */
  pairs<V>(left: Cases<V>, right: Cases<V>, holds: (a: V, b: V) => boolean): Node {
    return this.when(this.combine(left, right, holds), (value) => value)
  }

  combine<V, W>(left: Cases<V>, right: Cases<V>, value: (a: V, b: V) => W): Cases<W> {
    const found: Cases<W> = new Map()
    for (const [a, first] of left)
      for (const [b, second] of right)
        this.add(found, value(a, b), this.#diagrams.and(first, second))
    return found
  }

  map<V, W>(cases: Cases<V>, map: (value: V) => W): Cases<W> {
    const found: Cases<W> = new Map()
    for (const [value, when] of cases) this.add(found, map(value), when)
    return found
  }

  /** The first of several values that is not `nothing`. */
  first<V>(options: readonly Cases<V>[], nothing: V): Cases<V> {
    const found: Cases<V> = new Map()
    let open: Node = ALWAYS
    for (const option of options) {
      for (const [value, when] of option)
        if (value !== nothing) this.add(found, value, this.#diagrams.and(open, when))
      open = this.#diagrams.and(open, option.get(nothing) ?? NEVER)
    }
    this.add(found, nothing, open)
    return found
  }

  add<V>(cases: Cases<V>, value: V, when: Node): void {
    if (when !== NEVER) cases.set(value, this.#diagrams.or(cases.get(value) ?? NEVER, when))
  }
}
