import { closeSignatures, contributionsOf, type Columns, type Vector } from './close-signatures.ts'
import type { Diagrams, Node } from './diagrams.ts'
import { areDocuments, documentsOf } from './document-elements.ts'
import { situationsOf } from './element-signatures.ts'
import { closeRelated } from './related-elements.ts'
import type { Assignment, Atom, ListGroup, ListStates } from './scope.ts'
import type { Layout } from './slot-states.ts'

/** What is possible under one outer situation, with the elements that show it. */
interface Situation {
  readonly when: Node
  readonly elements: ReadonlyMap<string, readonly Assignment[]>
}

export interface SolveOptions {
  readonly diagrams: Diagrams
  readonly group: ListGroup
  /** What every element obeys. */
  readonly feasible: Node
  readonly rank: number
}

/** Throws `TooLarge` beyond the limits. */
export function solveList(options: SolveOptions): ListStates {
  const { group } = options
  const atoms = [...group.atoms].map(([key, atom]) => ({ key, atom }))
  return new Solver(options, atoms).solve()
}

interface NamedAtom {
  readonly key: string
  readonly atom: Atom
}

class Solver {
  readonly #options: SolveOptions
  readonly #diagrams: Diagrams
  readonly #atoms: readonly NamedAtom[]

  constructor(options: SolveOptions, atoms: readonly NamedAtom[]) {
    this.#options = options
    this.#diagrams = options.diagrams
    this.#atoms = atoms
  }

  solve(): ListStates {
    const columns = this.#columns()
    const { group } = this.#options
    const relations = [...group.relations.values()]
    const tuple = [this.#options.feasible, ...columns.nodes, ...relations.map(({ body }) => body)]
    const vectors = new Map<string, Vector>()
    const situations: Situation[] = []
    for (const { when, tuple: residual } of situationsOf(this.#options, tuple)) {
      const found =
        relations.length > 0 && !areDocuments(this.#options)
          ? closeRelated(this.#options, residual, columns)
          : closeSignatures(
              this.#options,
              relations.length === 0
                ? contributionsOf(this.#options, residual)
                : documentsOf(this.#options, residual, columns),
              columns,
            )
      for (const vector of found.vectors) vectors.set(vector.key, vectors.get(vector.key) ?? vector)
      situations.push({ when, elements: found.elements })
    }
    return this.#states([...vectors.values()], situations)
  }

  #columns(): Columns {
    const nodes: Node[] = []
    const add = (node: Node) => nodes.push(node) - 1
    const layouts = this.#atoms.map(({ atom }): Layout => {
      if (atom.kind !== 'slots')
        return {
          kind: atom.kind,
          at: add(atom.body()),
          limit: atom.kind === 'count' ? atom.limit : 1,
        }
      const slots = atom.slots()
      const both = (a: Node, b: Node) => this.#diagrams.and(a, b)
      const cells = slots.needs.map((need) => need.map((cell) => both(slots.allowed, cell)))
      const relevant = this.#diagrams.any(cells.flat())
      return {
        kind: 'slots',
        cells: cells.map((need) => need.map(add)),
        ranks: slots.ranks.map((node) => add(both(relevant, node))),
        strongest: slots.strongest === undefined ? undefined : add(both(relevant, slots.strongest)),
        byDocument: slots.byDocument,
        keys: slots.keys.map((node) => add(both(relevant, node))),
      }
    })
    return { nodes, layouts }
  }

  #states(vectors: readonly Vector[], situations: readonly Situation[]): ListStates {
    const diagrams = this.#diagrams
    const variable = diagrams.variable(Math.max(1, vectors.length), this.#options.rank)
    const indexOf = new Map(this.#atoms.map(({ key }, i) => [key, i]))
    const test = (holds: (vector: Vector) => boolean) =>
      diagrams.test(variable, (value) => {
        const vector = vectors[value]
        return vector !== undefined && holds(vector)
      })
    return {
      variable,
      size: vectors.length,
      feasible: diagrams.any(
        situations.map(({ when, elements }) =>
          diagrams.and(
            when,
            test(({ key }) => elements.has(key)),
          ),
        ),
      ),
      atom: (key, count = 1) => {
        const i = indexOf.get(key)
        if (i === undefined) throw new TypeError(`no statement ${key}`)
        return test(({ values }) => (values[i] ?? 0) >= count)
      },
      elements: (value, valueOf) => {
        const situation = situations.find(({ when }) => diagrams.holds(when, valueOf))
        return situation?.elements.get(vectors[value]?.key ?? '') ?? []
      },
    }
  }
}
