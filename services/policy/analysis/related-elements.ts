import type { Closure, Columns, Vector } from './close-signatures.ts'
import { NEVER, TooLarge, type Diagrams, type Node } from './diagrams.ts'
import type { Elements } from './element-signatures.ts'
import { NotCovered, type Assignment, type ListGroup } from './scope.ts'

const MAX_CLASSES = 60
const MAX_PROFILES = 300
const NO_FACT = { values: [] }

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

/** Lists whose elements look at each other. */
export class RelatedElements {
  readonly #diagrams: Diagrams
  readonly #group: ListGroup

  constructor({ diagrams, group }: Elements) {
    this.#diagrams = diagrams
    this.#group = group
  }

  /** Lists whose elements look at each other: every set of element classes is tried. */
  close(tuple: readonly Node[], { layouts, nodes }: Columns): Closure {
    if (layouts.some(({ kind }) => kind !== 'exists'))
      throw new NotCovered(`${this.#group.id}: counting beside a comparison of two elements`)
    const relations = [...this.#group.relations.values()]
    const classes = this.#classes(tuple, nodes.length, relations.length)
    const pairs = relations.map((_, j) =>
      classes.map((one) =>
        classes.map((two) => this.#related(one.forward[j] ?? NEVER, two.values)),
      ),
    )
    const profiles = this.#profiles(classes, pairs)
    const vectors = new Map<string, Vector>()
    const elements = new Map<string, readonly Assignment[]>()
    for (const { found, present } of profiles) {
      const signatureOf = (a: number) =>
        nodes.map((_, i) =>
          this.#diagrams.holds(classes[a]?.bodies[i] ?? NEVER, (variable) => {
            const j = relations.findIndex((relation) => relation.variable === variable)
            return found.has(j * classes.length + a) ? 1 : 0
          })
            ? 1
            : 0,
        )
      const single = [...classes.keys()].filter((a) => isPlain(classes[a]))
      for (const set of unions(single, signatureOf, present)) {
        const key = set.values.join()
        if (vectors.has(key)) continue
        vectors.set(key, { key, values: set.values })
        elements.set(
          key,
          set.members.map((a) => classes[a]?.values ?? new Map<number, number>()),
        )
      }
    }
    return { vectors: [...vectors.values()], elements }
  }

  /**
   * What the elements that are looked for can be together: for each relation and each element that looks, whether it finds
   * one. Elements that only look are added afterwards.
   */
  #profiles(classes: readonly ElementClass[], pairs: readonly (readonly (readonly boolean[])[])[]) {
    const sought = [...classes.keys()].filter((b) => !isPlain(classes[b]))
    const start = { found: new Set<number>(), present: [] as readonly number[] }
    const seen = new Set([''])
    const queue = [start]
    for (const { found, present } of queue) {
      for (const b of sought) {
        const next = new Set(found)
        pairs.forEach((rows, j) => {
          rows.forEach((row, a) => {
            if (row[b] === true) next.add(j * classes.length + a)
          })
        })
        const members = present.includes(b) ? present : [...present, b]
        // Elements that also look count by themselves; the others only by what is found.
        const looking = members.filter((member) =>
          classes[member]?.bodies.some((node) => node !== NEVER),
        )
        const key = `${[...next].sort((x, y) => x - y).join()}|${looking.sort((x, y) => x - y).join()}`
        if (seen.has(key)) continue
        if (seen.size > MAX_PROFILES) throw new TooLarge(`${this.#group.id}: too many states`)
        seen.add(key)
        queue.push({ found: next, present: members })
      }
    }
    return queue
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

  /** Elements that differ in no statement, neither as the one nor as the other. */
  #classes(tuple: readonly Node[], bodies: number, relations: number): readonly ElementClass[] {
    const { element, other, id } = this.#group
    if (element.lists.size + other.lists.size > 0)
      throw new NotCovered(`${id}: two elements with lists of their own are compared`)
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
    if (relevant.length > MAX_CLASSES)
      throw new TooLarge(`${id}: ${relevant.length} kinds of elements`)
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

/** Nobody looks for such an element. */
function isPlain(one: ElementClass | undefined): boolean {
  return one?.backward.every((node) => node === NEVER) === true
}

/** Every union of signatures, beside those of the elements that are there anyway. */
function unions(
  members: readonly number[],
  signatureOf: (member: number) => readonly number[],
  present: readonly number[],
): readonly { readonly values: readonly number[]; readonly members: readonly number[] }[] {
  const join = (a: readonly number[], b: readonly number[]) => a.map((bit, i) => bit | (b[i] ?? 0))
  const [first, ...rest] = present.map(signatureOf)
  const none = signatureOf(members[0] ?? present[0] ?? 0).map(() => 0)
  const start = { values: rest.reduce(join, first ?? none), members: present }
  const signatures = new Map(members.map((member) => [signatureOf(member).join(), member]))
  const queue = [start]
  const seen = new Set([start.values.join()])
  for (const { values, members: so } of queue) {
    for (const member of signatures.values()) {
      const next = join(values, signatureOf(member))
      if (seen.has(next.join())) continue
      seen.add(next.join())
      if (seen.size > MAX_PROFILES)
        throw new TooLarge('a list whose elements look at each other: too many states')
      queue.push({ values: next, members: [...so, member] })
    }
  }
  return queue
}
