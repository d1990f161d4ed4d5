import { NEVER, type Diagrams, type Node } from './diagrams.ts'
import type { Elements } from './element-signatures.ts'
import type { Assignment, ListGroup, Relation } from './scope.ts'
import { NotCovered, TooLarge } from './open-question.ts'
import { kindsOfElements, openOn } from './open-reasons.ts'

const MAX_CLASSES = 160
const NO_FACT = { values: [] }

/** Elements that differ in no statement, neither as the one nor as the other. */
interface ElementClass {
  readonly feasible: Node
  readonly bodies: readonly Node[]
  /** Relations from this element to others, and from others to it. */
  readonly forward: readonly Node[]
  readonly backward: readonly Node[]
  readonly values: Assignment
}

function classKey({ feasible, bodies, forward, backward }: ElementClass): string {
  return [feasible, ...bodies, ...forward, ...backward].join()
}

/** Which relations an element of a class has found an element for, by number. */
export type Found = ReadonlySet<number>

/** The kinds of elements of a list whose elements look at each other. */
export class ElementClasses {
  readonly #diagrams: Diagrams
  readonly #group: ListGroup
  readonly #relations: readonly Relation[]
  readonly #list: readonly ElementClass[]
  /** By relation and class: the classes that see an element of it. */
  readonly #seenBy: readonly (readonly (readonly number[])[])[]

  /** `tuple`: what elements obey, `bodies` statements about one of them, then the relations. */
  constructor({ diagrams, group }: Elements, tuple: readonly Node[], bodies: number) {
    this.#diagrams = diagrams
    this.#group = group
    this.#relations = [...group.relations.values()]
    this.#list = this.#classes(tuple, bodies)
    this.#seenBy = this.#relations.map((_, j) =>
      this.#list.map((two) =>
        this.numbers.filter((a) => this.#related(this.#list[a]?.forward[j] ?? NEVER, two.values)),
      ),
    )
  }

  get numbers(): readonly number[] {
    return [...this.#list.keys()]
  }

  valuesOf(a: number): Assignment {
    return this.#list[a]?.values ?? new Map<number, number>()
  }

  /** Nobody looks for such an element. */
  isPlain(a: number): boolean {
    return this.#list[a]?.backward.every((node) => node === NEVER) === true
  }

  /** What is found once an element of class `b` is there too. */
  with(found: Found, b: number): Found {
    const next = new Set(found)
    this.#seenBy.forEach((byClass, j) => {
      for (const a of byClass[b] ?? []) next.add(j * this.#list.length + a)
    })
    return next
  }

  /** Can a statement hold of such an element, whatever is found besides? */
  counts(a: number, found: Found): boolean {
    const markers = this.#relations.filter((_, j) => found.has(j * this.#list.length + a))
    return (this.#list[a]?.bodies ?? []).some(
      (body) =>
        markers.reduce((node, { variable }) => this.#diagrams.restrict(node, variable, 1), body) !==
        NEVER,
    )
  }

  /** Which statements hold of such an element, once everything is found that there is. */
  signature(a: number, found: Found): readonly number[] {
    return (this.#list[a]?.bodies ?? []).map((body) =>
      this.#diagrams.holds(body, (variable) => {
        const j = this.#relations.findIndex((relation) => relation.variable === variable)
        return found.has(j * this.#list.length + a) ? 1 : 0
      })
        ? 1
        : 0,
    )
  }

  #related(forward: Node, values: Assignment): boolean {
    const { element, other } = this.#group
    const twin = new Map<number, number>()
    for (const [path, variable] of other.variables) {
      const own = element.variables.get(path)
      if (own !== undefined) twin.set(variable.id, own.id)
    }
    return this.#diagrams.holds(
      forward,
      (variable) => values.get(twin.get(variable) ?? variable) ?? 0,
    )
  }

  #classes(tuple: readonly Node[], bodies: number): readonly ElementClass[] {
    const relations = this.#relations.length
    const { element, other, id } = this.#group
    if (element.lists.size + other.lists.size > 0)
      throw new NotCovered(openOn(id, 'comparedWithLists'))
    const [feasible = NEVER, ...rest] = tuple
    let found: ElementClass[] = [
      {
        feasible,
        bodies: rest.slice(0, bodies),
        forward: rest.slice(bodies, bodies + relations),
        backward: rest.slice(bodies, bodies + relations),
        values: new Map(),
      },
    ]
    for (const path of new Set([...element.variables.keys(), ...other.variables.keys()])) {
      const [x, y] = [element.variables.get(path), other.variables.get(path)]
      const next = new Map<string, ElementClass>()
      for (const one of found) {
        for (let value = 0; value < (x ?? y ?? NO_FACT).values.length; value += 1) {
          const made = this.#narrow(one, x?.id, y?.id, value)
          const key = classKey(made)
          if (made.feasible !== NEVER && !next.has(key)) next.set(key, made)
        }
      }
      found = [...next.values()]
    }
    const relevant = found.filter(
      (one) =>
        one.bodies.some((node) => node !== NEVER) || one.backward.some((node) => node !== NEVER),
    )
    if (relevant.length > MAX_CLASSES) throw new TooLarge(kindsOfElements(id, relevant.length))
    return relevant
  }

  #narrow(
    one: ElementClass,
    x: number | undefined,
    y: number | undefined,
    value: number,
  ): ElementClass {
    const at = (variable: number | undefined) => (node: Node) =>
      variable === undefined ? node : this.#diagrams.restrict(node, variable, value)
    const variable = x ?? y
    return {
      feasible: at(x)(one.feasible),
      bodies: one.bodies.map(at(x)),
      forward: one.forward.map(at(x)),
      backward: one.backward.map(at(y)),
      values: variable === undefined ? one.values : new Map(one.values).set(variable, value),
    }
  }
}
