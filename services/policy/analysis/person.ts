import type { Json } from '../../kernel/canonical-json.ts'
import type { Facts } from '../language/judged-facts.ts'
import {
  ADDED,
  DOCUMENT,
  type Assignment,
  type FactVariable,
  type ListGroup,
  type Scope,
} from './scope.ts'
import { OTHER_TEXT, type World } from './world.ts'

type Fields = Record<string, Json>

/** Facts of a person for whom the variables have these values; valid against facts.schema.json. */
export function personOf(world: World, assignment: Assignment): Facts {
  return new PersonBuilder(world).build(assignment)
}

/** A person before and after some entries are recorded, one by one in this order. */
export interface Growth {
  /** With the first 0, 1, … entries; the last has all of them. */
  readonly stages: readonly Facts[]
  /** What the entries are, by the name of their list. */
  readonly entries: readonly string[]
}

/** The same for an assignment in which some elements are marked as added. */
export function growthOf(world: World, assignment: Assignment): Growth {
  return new PersonBuilder(world).growth(assignment)
}

class PersonBuilder {
  readonly #world: World
  readonly #checks: Fields[] = []
  readonly #lists = new Map<string, Fields[]>()
  /** Entries that come later, each with what has to come with it. */
  readonly #added: { readonly items: Fields[]; readonly name: string }[] = []

  constructor(world: World) {
    this.#world = world
  }

  build(assignment: Assignment): Facts {
    const { root, shape } = this.#world
    const facts: Fields = this.#fields(root, assignment)
    this.#addLists(root, assignment, undefined)
    for (const [path, items] of this.#lists) put(facts, { path }, items)
    for (const [name, value] of Object.entries(facts))
      if (isFields(value) && name !== 'policy') facts[name] = this.#complete([name], value)
    if (this.#checks.length > 0) facts['checks'] = this.#checks
    for (const part of Object.keys(facts))
      for (const name of shape.dependents(part))
        facts[name] ??= shape.isList(name) ? [] : this.#complete([name], {})
    return facts
  }

  growth(assignment: Assignment): Growth {
    const all = this.build(assignment)
    const later = (from: number) => new Set(this.#added.slice(from).flatMap(({ items }) => items))
    return {
      stages: [...this.#added, undefined].map((_, from) => without(all, later(from))),
      entries: this.#added.map(({ name }) => name),
    }
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
      if (variable.path !== ADDED) put(fields, variable, valueIn(variable, assignment))
    return fields
  }

  #addLists(scope: Scope, assignment: Assignment, owner: Fields | undefined): void {
    for (const group of scope.lists.values()) {
      const { states } = group
      if (states === undefined || states === 'solving') continue
      const valueOf = (variable: number) => assignment.get(variable) ?? 0
      const elements = states.elements(valueOf(states.variable), valueOf)
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
    const document = assignment.get(DOCUMENT)
    if (document !== undefined && item['doc'] === OTHER_TEXT) item['doc'] = `d${document + 1}`
    const full: Fields = { ...this.#world.shape.fill(this.#world.shape.objectAt(place), item) }
    list.push(full)
    const status =
      base === 'evidence'
        ? this.#addStatus(full, revoked !== undefined && valueIn(revoked, assignment) === true)
        : []
    const added = element.variables.get(ADDED)
    if (added !== undefined && valueIn(added, assignment) === true)
      this.#added.push({
        items: [full, ...status],
        name: base === 'checks' ? `check ${place[1] ?? ''}` : place.join('.'),
      })
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
  #addStatus(evidence: Fields, revoked: boolean): readonly Fields[] {
    if (!revoked && evidence['cls'] !== 'pki_cert') return []
    const status = {
      type: 'status',
      on: evidence['id'] ?? '',
      result: revoked ? 'revoked' : 'good',
    }
    this.#checks.push(status)
    return [status]
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
function put(fields: Fields, { path }: Pick<FactVariable, 'path'>, value: Json | undefined): void {
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

/** The facts without some entries of their lists. */
function without(facts: Facts, entries: ReadonlySet<Json>): Facts {
  const kept = (value: Json): Json =>
    isArray(value)
      ? value.filter((item) => !entries.has(item)).map(kept)
      : isFields(value)
        ? Object.fromEntries(Object.entries(value).map(([name, inner]) => [name, kept(inner)]))
        : value
  return kept(facts) as Facts // an object stays one
}

function isArray(value: Json): value is readonly Json[] {
  return Array.isArray(value)
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
