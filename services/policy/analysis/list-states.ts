import { ALWAYS, NEVER, TooLarge, type Diagrams, type Node } from './diagrams.ts'
import { NotCovered, type Assignment, type Atom, type ListGroup, type ListStates } from './scope.ts'

/** Values of variables along a path. */
export interface Path {
  readonly variable: number
  readonly value: number
  readonly next: Path | undefined
}

/** What can be true of a list at once: for each atom whether it holds, or how often. */
interface Vector {
  readonly key: string
  readonly values: readonly number[]
}

/** What is possible under one outer situation, with the elements that show it. */
interface Situation {
  readonly when: Node
  readonly elements: ReadonlyMap<string, readonly Assignment[]>
  readonly samples: readonly Assignment[]
}

const MAX_SITUATIONS = 256
const MAX_STATES = 60_000
/** States times signatures that are tried. */
const MAX_STEPS = 6_000_000
const MAX_SIGNATURES = 20_000
const MAX_RESIDUALS = 100_000
const MAX_CLASSES = 60
const MAX_PROFILES = 300

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

interface Columns {
  readonly nodes: readonly Node[]
  readonly layouts: readonly Layout[]
}

type Layout =
  | { readonly kind: 'exists' | 'count'; readonly at: number; readonly limit: number }
  | {
      readonly kind: 'slots'
      readonly cells: readonly (readonly number[])[]
      readonly ranks: readonly number[]
      readonly strongest: number | undefined
      readonly keys: readonly number[]
    }

interface Signature {
  readonly bits: string
  readonly path: Path | undefined
}

interface State {
  readonly parts: readonly number[]
  readonly from: State | undefined
  readonly by: Signature | undefined
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
    for (const { when, tuple: residual } of this.#situations(tuple)) {
      const found =
        relations.length === 0 ? this.#close(residual, columns) : this.#relate(residual, columns)
      for (const vector of found.vectors) vectors.set(vector.key, vectors.get(vector.key) ?? vector)
      situations.push({ when, elements: found.elements, samples: found.samples })
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
        keys: slots.keys.map((node) => add(both(relevant, node))),
      }
    })
    return { nodes, layouts }
  }

  /** Outer situations that make a difference to the elements. */
  #situations(tuple: readonly Node[]): readonly { when: Node; tuple: readonly Node[] }[] {
    const diagrams = this.#diagrams
    const limit = this.#options.group.element.depth * RANK_PER_DEPTH
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
      if (found.size > MAX_SITUATIONS)
        throw new TooLarge(`${this.#options.group.id}: too many situations`)
      memo.set(key, found)
      return found
    }
    return [...walk(tuple).values()]
  }

  /** Signatures of single elements, each with an element that has it. */
  #signatures(tuple: readonly Node[]): readonly Signature[] {
    const diagrams = this.#diagrams
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
        throw new TooLarge(`${this.#options.group.id}: too many signatures`)
      memo.set(key, found)
      return found
    }
    return [...walk(tuple)].map(([bits, path]) => ({ bits, path }))
  }

  #close(tuple: readonly Node[], { layouts }: Columns) {
    const signatures = this.#signatures(tuple)
    const parts = layouts.map(partOf)
    const start: State = { parts: parts.map(() => 0), from: undefined, by: undefined }
    const seen = new Set([start.parts.join()])
    const queue = [start]
    let steps = 0
    for (const state of queue) {
      steps += signatures.length
      if (steps > MAX_STEPS) throw new TooLarge(`${this.#options.group.id}: too many states`)
      for (const signature of signatures) {
        const next = parts.map((part, i) => part.add(state.parts[i] ?? 0, signature.bits))
        const key = next.join()
        if (seen.has(key)) continue
        if (seen.size >= MAX_STATES)
          throw new TooLarge(`${this.#options.group.id}: too many states`)
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
    const samples = signatures.map((by) => elementsOf({ parts: [], from: start, by })).flat()
    return { vectors: [...vectors.values()], elements, samples }
  }

  /** Lists whose elements look at each other: every set of element classes is tried. */
  #relate(tuple: readonly Node[], { layouts, nodes }: Columns) {
    if (layouts.some(({ kind }) => kind !== 'exists'))
      throw new NotCovered(
        `${this.#options.group.id}: counting beside a comparison of two elements`,
      )
    const relations = [...this.#options.group.relations.values()]
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
    const samples = classes.map(({ values }) => values)
    return { vectors: [...vectors.values()], elements, samples }
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
        if (seen.size > MAX_PROFILES)
          throw new TooLarge(`${this.#options.group.id}: too many states`)
        seen.add(key)
        queue.push({ found: next, present: members })
      }
    }
    return queue
  }

  #related(forward: Node, values: Assignment): boolean {
    const { element, other } = this.#options.group
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
    const { element, other, id } = this.#options.group
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
      samples: situations.flatMap(({ samples }) => samples),
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

export const RANK_PER_DEPTH = 1_000_000
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

/** What a list remembers for one statement: a number from 0 (nothing yet), changed by each element. */
interface Part {
  add(part: number, bits: string): number
  value(part: number): number
}

function partOf(layout: Layout): Part {
  if (layout.kind === 'slots') return new SlotPart(layout)
  const { at, limit } = layout
  return {
    add: (part, bits) => (bits[at] === '1' ? Math.min(limit, part + 1) : part),
    value: (part) => part,
  }
}

/** The slots are filled: pieces that come later cannot undo that. */
const FILLED = 1

type SlotLayout = Layout & { readonly kind: 'slots' }

interface Row {
  readonly masks: readonly number[]
  readonly rank: number
  readonly strongest: number
  readonly key: number
}

/** Pieces that may still matter for the slots, by number; each combination of them has a number as well. */
class SlotPart implements Part {
  readonly #layout: SlotLayout
  readonly #rows: Row[] = []
  readonly #rowOf = new Map<string, number>()
  readonly #rowOfBits = new Map<string, number>()
  readonly #sets: (readonly number[])[] = [[], []]
  readonly #setOf = new Map<string, number>([['', 0]])
  readonly #added = new Map<number, number>()

  constructor(layout: SlotLayout) {
    this.#layout = layout
  }

  add(part: number, bits: string): number {
    const row = this.#row(bits)
    if (row < 0 || part === FILLED) return part
    const key = part * 2 ** 20 + row
    const known = this.#added.get(key)
    if (known !== undefined) return known
    const rows = [...(this.#sets[part] ?? []), row].sort((a, b) => a - b)
    const kept = reduceRows(
      rows.map((at) => this.#rowAt(at)),
      this.#layout,
    )
    const set = rows.filter((_, i) => kept.has(i))
    const number = this.#filled(set) ? FILLED : this.#number(set)
    this.#added.set(key, number)
    return number
  }

  /** 1 when the slots of some alternative can be filled. */
  value(part: number): number {
    return part === FILLED ? 1 : 0
  }

  #number(set: readonly number[]): number {
    const text = set.join()
    const number = this.#setOf.get(text) ?? this.#sets.push(set) - 1
    this.#setOf.set(text, number)
    return number
  }

  #filled(set: readonly number[]): boolean {
    const rows = set.map((at) => this.#rowAt(at))
    return this.#layout.cells.some((need, n) => assign(rows, n, need.length, [], this.#layout))
  }

  #rowAt(at: number): Row {
    const row = this.#rows[at]
    if (row === undefined) throw new TypeError(`no row ${at}`)
    return row
  }

  /** -1 for a piece that fits no slot. */
  #row(bits: string): number {
    const known = this.#rowOfBits.get(bits)
    if (known !== undefined) return known
    const row = this.#newRow(bits)
    this.#rowOfBits.set(bits, row)
    return row
  }

  #newRow(bits: string): number {
    const { cells, ranks, strongest, keys } = this.#layout
    const on = (column: number | undefined) => column !== undefined && bits[column] === '1'
    const masks = cells.map((need) =>
      need.reduce((mask, cell, b) => mask | (on(cell) ? 1 << b : 0), 0),
    )
    if (masks.every((mask) => mask === 0)) return -1
    const row = {
      masks,
      rank: ranks.findIndex(on),
      strongest: on(strongest) ? 1 : 0,
      key: keys.findIndex(on),
    }
    const text = JSON.stringify(row)
    const number = this.#rowOf.get(text) ?? this.#rows.push(row) - 1
    this.#rowOf.set(text, number)
    return number
  }
}

/** Without pieces that can change no matching, now or later: enough others do at least as well in their stead. */
function reduceRows(rows: readonly Row[], layout: SlotLayout): ReadonlySet<number> {
  const slots = Math.max(...layout.cells.map(({ length }) => length))
  const kept = new Set(rows.keys())
  rows.forEach((row, i) => {
    const better = rows.filter(
      (other, j) => j !== i && kept.has(j) && atLeastAsGood(other, row, layout),
    )
    const instead = row.key < 0 ? better.length : new Set(better.map(({ key }) => key)).size
    if (instead >= slots || (row.key >= 0 && better.some(({ key }) => key === row.key)))
      kept.delete(i)
  })
  return kept
}

function atLeastAsGood(other: Row, row: Row, { strongest }: SlotLayout): boolean {
  return (
    row.masks.every((mask, n) => (mask & ~(other.masks[n] ?? 0)) === 0) &&
    (strongest === undefined || (other.rank === row.rank && other.strongest >= row.strongest))
  )
}

function assign(
  rows: readonly Row[],
  need: number,
  slots: number,
  chosen: readonly number[],
  layout: SlotLayout,
): boolean {
  const slot = chosen.length
  if (slot === slots) {
    if (layout.strongest === undefined) return true
    const top = Math.max(...chosen.map((i) => rows[i]?.rank ?? -1))
    return chosen.some((i) => rows[i]?.rank === top && rows[i].strongest === 1)
  }
  return rows.some(
    (row, i) =>
      ((row.masks[need] ?? 0) & (1 << slot)) !== 0 &&
      chosen.every((j) => j !== i && (row.key < 0 || rows[j]?.key !== row.key)) &&
      assign(rows, need, slots, [...chosen, i], layout),
  )
}

function elementsOf(state: State): readonly Assignment[] {
  const elements: Assignment[] = []
  for (let at: State | undefined = state; at?.by !== undefined; at = at.from) {
    const values = new Map<number, number>()
    for (let step = at.by.path; step !== undefined; step = step.next)
      values.set(step.variable, step.value)
    elements.unshift(values)
  }
  return elements
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
