import type { Json } from '../../kernel/canonical-json.ts'
import type { Catalogue } from '../language/catalogue.ts'
import { formatTime, type Seconds } from '../language/dates.ts'
import type { Type } from '../language/types.ts'
import { ALWAYS, Diagrams, type Node } from './diagrams.ts'
import type { FactsShape } from './facts-shape.ts'
import { RANK_PER_DEPTH } from './element-signatures.ts'
import { solveList } from './list-states.ts'
import {
  ADDED,
  ListGroup,
  Scope,
  type FactVariable,
  type ListGroupOptions,
  type ListStates,
} from './scope.ts'
import { NotCovered } from './open-question.ts'
import { openOn, typeOf } from './open-reasons.ts'

/** Constants that values of one kind are compared with, and whatever else they are compared with. */
class Thresholds {
  readonly #parent = new Map<string, string>()
  readonly #constants = new Map<string, Set<number>>()

  note(field: string, constant: number): void {
    const root = this.#root(field)
    this.#constants.set(root, (this.#constants.get(root) ?? new Set()).add(constant))
  }

  /** From now on both have the same constants. */
  join(a: string, b: string): void {
    const [left, right] = [this.#root(a), this.#root(b)]
    if (left === right) return
    this.#parent.set(right, left)
    for (const constant of this.#constants.get(right) ?? []) this.note(left, constant)
  }

  of(field: string): readonly number[] {
    return [...(this.#constants.get(this.#root(field)) ?? [])].sort((a, b) => a - b)
  }

  #root(field: string): string {
    let at = field
    for (let up = this.#parent.get(at); up !== undefined; up = this.#parent.get(at)) at = up
    return at
  }
}

const DAY = 86_400

/**
 * Everything about a person that the rules under analysis can tell apart, as variables of one set of diagrams. Rules are
 * registered first, so that every constant is known before the first variable is made.
 */
export class World {
  readonly diagrams = new Diagrams()
  readonly catalogue: Catalogue
  readonly shape: FactsShape
  readonly now: Seconds
  readonly root = new Scope({ id: '', depth: 0, record: '', place: [] })
  readonly numbers = new Thresholds()
  readonly times = new Thresholds()
  readonly texts = new Set<string>()
  /** Types of checks that a rule asks for by the piece of evidence they are about. */
  readonly checksByPiece = new Set<string>()
  readonly #sequence = new Map<number, number>()

  constructor(catalogue: Catalogue, shape: FactsShape, now: Seconds) {
    this.catalogue = catalogue
    this.shape = shape
    this.now = now
  }

  /** The list of that id in a scope; made on first use. */
  list(options: ListGroupOptions): ListGroup {
    const known = options.owner.lists.get(options.id)
    if (known !== undefined) return known
    const group = new ListGroup(options)
    options.owner.lists.set(options.id, group)
    return group
  }

  /** The states of a list; solved on first use, after all rules were registered. */
  states(group: ListGroup): ListStates {
    if (group.states === 'solving') throw new NotCovered(openOn(group.id, 'dependsOnItself'))
    if (group.states !== undefined) return group.states
    group.states = 'solving'
    // Bodies are translated first: they make the variables and solve the lists that they look into.
    for (const atom of group.atoms.values()) {
      if (atom.kind === 'slots') atom.slots()
      else atom.body()
    }
    group.states = solveList({
      diagrams: this.diagrams,
      group,
      feasible: this.feasible(group.element),
      rank: this.#rank(group.owner.depth, true),
    })
    return group.states
  }

  /** What holds of every person, or of every element, whatever the rules say. */
  feasible(scope: Scope): Node {
    const lists = [...scope.lists.values()].flatMap(({ states }) =>
      states === undefined || states === 'solving' ? [] : [states.feasible],
    )
    return this.diagrams.all([...lists, this.#presence(scope), this.#addition(scope)])
  }

  /** An entry that comes later is no failed check, and what belongs to it comes later still. */
  #addition({ variables, lists, record }: Scope): Node {
    const added = variables.get(ADDED)
    if (added === undefined) return ALWAYS
    const is = ({ id }: FactVariable) => this.diagrams.test(id, (value) => value === 1)
    const passed = record.startsWith('check ') ? variables.get('passed') : undefined
    const empty = [...lists.values()].flatMap(({ states }) =>
      states === undefined || states === 'solving'
        ? []
        : [this.diagrams.test(states.variable, (value) => value === 0)],
    )
    return this.diagrams.or(
      this.diagrams.not(is(added)),
      this.diagrams.all([...empty, passed === undefined ? ALWAYS : is(passed)]),
    )
  }

  /**
   * Entries that belong to a piece or a factor stand in the list of the person too. The two parts are looked at apart,
   * which is exact while no kind of entry matters for both.
   */
  assertSeparate(): void {
    for (const group of this.root.lists.values()) {
      const parts = [...this.root.lists.values()].flatMap(({ element }) =>
        [...element.lists.values()].filter(({ place }) => place[0] === group.id),
      )
      for (const part of parts) {
        const kinds = this.#kinds(group)
        if (this.#kinds(part).some((kind) => kinds.includes(kind)))
          throw new NotCovered(openOn(group.id, 'wholeAndPart'))
      }
    }
  }

  /** Values of `type` with which an entry can make a difference. */
  #kinds({ element, other, atoms, relations }: ListGroup): readonly (Json | undefined)[] {
    const bodies = [...atoms.values()].flatMap((atom) =>
      atom.kind === 'slots' ? [ALWAYS] : [atom.body()],
    )
    const nodes = [...bodies, ...[...relations.values()].map(({ body }) => body)]
    const variables = [element, other].flatMap((scope) => scope.variables.get('type') ?? [])
    const [first] = variables
    return (first?.values ?? [undefined]).filter(
      (_, value) =>
        nodes.some((node) =>
          variables.some(
            ({ id }) =>
              this.diagrams.support([node]).has(id) &&
              this.diagrams.restrict(node, id, value) !== 0,
          ),
        ) ||
        nodes.some(
          (node) =>
            node !== 0 && variables.every(({ id }) => !this.diagrams.support([node]).has(id)),
        ),
    )
  }

  /** A variable of two values that is no fact. */
  marker(depth: number): number {
    return this.diagrams.variable(2, this.#rank(depth, true))
  }

  variable(scope: Scope, path: string, type: Type): FactVariable {
    const known = scope.variables.get(path)
    if (known !== undefined) return known
    const values = this.#values(scope, path, type)
    const id = this.diagrams.variable(values.length, this.#rank(scope.depth, false))
    const variable = { id, path, values }
    scope.variables.set(path, variable)
    return variable
  }

  /** Fields of the same meaning in all scopes share their constants. */
  fieldKey(scope: Scope, path: string): string {
    return `${scope.record}.${path}`
  }

  #rank(depth: number, late: boolean): number {
    const sequence = (this.#sequence.get(depth) ?? 0) + 1
    this.#sequence.set(depth, sequence)
    return depth * RANK_PER_DEPTH + sequence + (late ? RANK_PER_DEPTH / 2 : 0)
  }

  #values(scope: Scope, path: string, type: Type): readonly (Json | undefined)[] {
    if (path === ADDED) return [false, true]
    if (type.kind === 'truth' || type.kind === 'set') return [false, true] // of a set: one of its members
    if (path.startsWith('policy.')) return this.#optionValues(scope, path, type)
    const segments = path.split('.')
    const place = [...scope.place, ...segments.slice(0, -1)]
    const object = this.shape.objectAt(place)
    const name = segments.at(-1) ?? ''
    if (!this.shape.has(object, name)) return [undefined]
    const shape = this.shape.field(object, name)
    const values = this.#plainValues(scope, path, type).filter(
      (value) =>
        (shape.members === undefined || shape.members.includes(value)) &&
        (typeof value !== 'number' ||
          ((shape.minimum ?? value) <= value && value <= (shape.maximum ?? value))),
    )
    // Facts of the person as a whole may be missing with their record.
    return shape.optional || scope === this.root ? [undefined, ...values] : values
  }

  #optionValues(scope: Scope, path: string, type: Type): readonly Json[] {
    return this.#plainValues(scope, path, type)
  }

  #plainValues(scope: Scope, path: string, type: Type): readonly Json[] {
    switch (type.kind) {
      case 'flag':
        return [false, true]
      case 'enum':
        return [...type.members]
      case 'int':
      case 'age':
        return around(this.numbers.of(this.fieldKey(scope, path)))
      case 'timestamp':
        return this.instants(this.fieldKey(scope, path)).map(formatTime)
      case 'label':
      case 'key':
        return [...this.texts, OTHER_TEXT]
      default:
        throw new NotCovered(typeOf(path, type.kind))
    }
  }

  /** Every instant that is compared with this one, two between neighbours, and some before and after. */
  instants(field: string): readonly Seconds[] {
    const cuts = [...new Set([this.now, ...this.times.of(field)])].sort((a, b) => a - b)
    const found = new Set<Seconds>()
    cuts.forEach((cut, i) => {
      const before = cuts[i - 1] ?? cut - 30 * DAY
      const step = Math.min(DAY, Math.floor((cut - before) / 3))
      if (step > 0) for (const n of [2, 1]) found.add(cut - n * step)
      found.add(cut)
    })
    found.add((cuts.at(-1) ?? this.now) + 30)
    return [...found].sort((a, b) => a - b)
  }

  /** A record of the person is left out as a whole, or has what it must have; a list may ask for a record. */
  #presence(scope: Scope): Node {
    if (scope !== this.root) return ALWAYS
    const records = new Map<string, { readonly field: string; readonly variable: FactVariable }[]>()
    for (const [path, variable] of scope.variables) {
      const [record = '', ...rest] = path.split('.')
      if (rest.length === 0 || record === 'policy') continue
      const parts = path.split('.').slice(0, -1).join('.')
      records.set(parts, [...(records.get(parts) ?? []), { field: rest.at(-1) ?? '', variable }])
    }
    const conditions: Node[] = []
    for (const [record, fields] of records) {
      const object = this.shape.objectAt(record.split('.'))
      const present = this.diagrams.any(fields.map(({ variable }) => this.#given(variable)))
      for (const { field, variable } of fields) {
        if (this.shape.field(object, field).optional || variable.values[0] !== undefined) continue
        conditions.push(this.diagrams.or(this.diagrams.not(present), this.#given(variable)))
      }
    }
    for (const group of scope.lists.values()) {
      const { states } = group
      if (states === undefined || states === 'solving') continue
      const empty = this.diagrams.test(states.variable, (value) => value === 0)
      for (const record of this.shape.dependents(group.place[0] ?? '')) {
        const given = (records.get(record) ?? []).map(({ variable }) => this.#given(variable))
        if (given.length > 0) conditions.push(this.diagrams.any([empty, ...given]))
      }
    }
    return this.diagrams.all(conditions)
  }

  #given({ id, values }: FactVariable): Node {
    return this.diagrams.test(id, (value) => values[value] !== undefined && values[value] !== false)
  }
}

/** Any text that no rule names. */
export const OTHER_TEXT = 'another'

function around(constants: readonly number[]): readonly number[] {
  const found = constants.flatMap((constant) => [constant - 1, constant, constant + 1])
  return [...new Set([0, ...found])].filter((value) => value >= 0).sort((a, b) => a - b)
}
