import type { Json } from '../../kernel/canonical-json.ts'
import type { Facts } from '../language/score.ts'
import type { Assignment, FactVariable, ListGroup, Scope } from './scope.ts'
import type { World } from './world.ts'

type Fields = Record<string, Json>

/** Facts of a person for whom the variables have these values; valid against facts.schema.json. */
export function personOf(world: World, assignment: Assignment): Facts {
  return new PersonBuilder(world).build(assignment)
}

/** The same person with one element alone in one of the lists, for each kind of element. */
export function variantsOf(world: World, assignment: Assignment): readonly Facts[] {
  return [...world.root.lists.values()].flatMap((group) =>
    typeof group.states === 'object'
      ? group.states.samples.map((sample) =>
          new PersonBuilder(world, { group, sample }).build(assignment),
        )
      : [],
  )
}

/** One entry more: of a list of the person, or with `on` left to say which piece of evidence it is about. */
export interface Addition {
  readonly list: 'evidence' | 'checks' | 'bindings' | 'signals' | 'factors'
  readonly ofPiece: boolean
  /** Record of the fact catalogue. */
  readonly record: string
  readonly entry: Facts
}

/** Entries of every kind that the solved lists tell apart. */
export function additionsOf(world: World): readonly Addition[] {
  const found = new Map<string, Addition>()
  const visit = (scope: Scope) => {
    for (const group of scope.lists.values()) {
      visit(group.element)
      if (typeof group.states !== 'object') continue
      for (const sample of group.states.samples) {
        const addition = new PersonBuilder(world).addition(group, sample)
        found.set(JSON.stringify(addition), addition)
      }
    }
  }
  visit(world.root)
  return [...found.values()]
}

class PersonBuilder {
  readonly #world: World
  readonly #instead: { readonly group: ListGroup; readonly sample: Assignment } | undefined
  readonly #checks: Fields[] = []
  readonly #lists = new Map<string, Fields[]>()

  constructor(world: World, instead?: { readonly group: ListGroup; readonly sample: Assignment }) {
    this.#world = world
    this.#instead = instead
  }

  build(assignment: Assignment): Facts {
    const { root, shape } = this.#world
    const facts: Fields = this.#fields(root, assignment)
    this.#addLists(root, assignment, undefined)
    const { factors, ...lists } = Object.fromEntries(
      [...this.#lists].map(([path, items]) => [path === 'auth.factors' ? 'factors' : path, items]),
    )
    if (factors !== undefined) facts['auth'] = { ...asFields(facts['auth']), factors }
    for (const [name, value] of Object.entries(facts))
      if (isFields(value) && name !== 'policy') facts[name] = this.#complete([name], value)
    Object.assign(facts, lists)
    if (this.#checks.length > 0) facts['checks'] = this.#checks
    for (const part of Object.keys(facts))
      for (const name of shape.dependents(part))
        facts[name] ??= shape.isList(name) ? [] : this.#complete([name], {})
    return facts
  }

  addition(group: ListGroup, assignment: Assignment): Addition {
    const list = group.place[0] === 'auth' ? 'factors' : (group.place[0] as Addition['list']) // roots of lists
    const entry = this.#entry(group, assignment)
    const full = this.#world.shape.fill(this.#world.shape.objectAt(group.place), entry)
    return { list, ofPiece: group.join?.field === 'on', record: group.record, entry: full }
  }

  #complete(place: readonly string[], value: Fields): Fields {
    const filled: Fields = { ...this.#world.shape.fill(this.#world.shape.objectAt(place), value) }
    for (const [name, inner] of Object.entries(filled))
      if (isFields(inner)) filled[name] = this.#complete([...place, name], inner)
    return filled
  }

  #fields(scope: Scope, assignment: Assignment): Fields {
    const fields: Fields = {}
    for (const variable of scope.variables.values())
      put(fields, variable, valueIn(variable, assignment))
    return fields
  }

  #addLists(scope: Scope, assignment: Assignment, owner: Fields | undefined): void {
    for (const group of scope.lists.values()) {
      const { states } = group
      if (states === undefined || states === 'solving') continue
      const valueOf = (variable: number) => assignment.get(variable) ?? 0
      const elements =
        this.#instead?.group === group
          ? [this.#instead.sample]
          : states.elements(valueOf(states.variable), valueOf)
      for (const element of elements)
        this.#addElement(group, new Map([...assignment, ...element]), owner)
    }
  }

  #addElement(group: ListGroup, assignment: Assignment, owner: Fields | undefined): void {
    const { element, place } = group
    const [base] = place
    const item = this.#entry(group, assignment)
    const revoked = element.variables.get('revoked')
    if (group.join !== undefined && owner !== undefined)
      item[group.join.field] = owner[group.join.owner] ?? ''
    const list = base === 'checks' ? this.#checks : this.#listAt(place.join('.'))
    if (base === 'evidence') item['id'] = `e${list.length + 1}`
    if (place.join('.') === 'auth.factors') item['authenticator'] = `a${list.length + 1}`
    const full: Fields = { ...this.#world.shape.fill(this.#world.shape.objectAt(place), item) }
    list.push(full)
    if (base === 'evidence')
      this.#addStatus(full, revoked !== undefined && valueIn(revoked, assignment) === true)
    this.#addLists(element, assignment, full)
  }

  #entry({ element, other, place: [base, type = ''] }: ListGroup, assignment: Assignment): Fields {
    const given: Fields = {
      ...this.#fields(other, assignment),
      ...this.#fields(element, assignment),
    }
    const { passed, revoked: _, ...facts } = given
    if (base !== 'checks') return facts
    return { type, ...facts, ...(passed === false ? { result: 'fail' } : {}) }
  }

  /** A certificate without an answer about revocation would be undecided. */
  #addStatus(evidence: Fields, revoked: boolean): void {
    if (!revoked && evidence['cls'] !== 'pki_cert') return
    this.#checks.push({
      type: 'status',
      on: evidence['id'] ?? '',
      result: revoked ? 'revoked' : 'good',
    })
  }

  #listAt(path: string): Fields[] {
    const list = this.#lists.get(path) ?? []
    this.#lists.set(path, list)
    return list
  }
}

function valueIn({ id, values }: FactVariable, assignment: Assignment): Json | undefined {
  return values[assignment.get(id) ?? 0]
}

/** `proofing.channel` goes into `proofing`; `attrs#name` into the list `attrs`. */
function put(fields: Fields, { path }: FactVariable, value: Json | undefined): void {
  if (value === undefined) return
  const [names = '', member] = path.split('#')
  const segments = names.split('.')
  const last = segments.pop() ?? ''
  let at = fields
  for (const segment of segments) {
    const inner = asFields(at[segment])
    at[segment] = inner
    at = inner
  }
  if (member === undefined) at[last] = value
  else if (value === true) at[last] = [...listOf(at[last]), member]
}

function isFields(value: Json | undefined): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

function asFields(value: Json | undefined): Fields {
  return isFields(value) ? value : {}
}

function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : [] // elements of JSON are JSON
}
