import type { Json } from '../../../services/kernel/canonical-json.ts'
import { formatTime } from '../../../services/policy/language/dates.ts'
import type { Facts } from '../../../services/policy/language/judged-facts.ts'
import type { Type } from '../../../services/policy/language/types.ts'
import type { BoundedPerson, Cell, Fact, Scope } from './bounded-person.ts'
import type { Model } from './z3.ts'

type Fields = Record<string, Json>

/** What is read of a model: all of the person, unless said otherwise. */
interface Stage {
  /** Without the entries that come later. */
  readonly early?: boolean
  /** Facts as they are at that stage. */
  readonly cellOf?: (scope: Scope, fact: Fact) => Cell
}

/** Facts of the person that a model is. */
export function personOf(person: BoundedPerson, model: Model, stage: Stage = {}): Facts {
  return new PersonReader(person, model, stage).read()
}

class PersonReader {
  readonly #person: BoundedPerson
  readonly #model: Model
  readonly #early: boolean
  readonly #cellOf: (scope: Scope, fact: Fact) => Cell

  constructor(person: BoundedPerson, model: Model, { early, cellOf }: Stage) {
    this.#person = person
    this.#model = model
    this.#early = early === true
    this.#cellOf = cellOf ?? ((_, { cell }) => cell)
  }

  read(): Facts {
    const { root, records, lists, shape } = this.#person
    const facts: Fields = {}
    for (const [name, term] of records) if (this.#model.holds(term)) at(facts, name.split('.'))
    this.#write(facts, root)
    const statuses: Fields[] = []
    const checks: Fields[] = []
    for (const [name, entries] of lists) {
      const path = name.split('.')
      const items = entries
        .filter(
          ({ present, added }) =>
            this.#model.holds(present) && !(this.#early && this.#model.holds(added)),
        )
        .map((entry) => this.#item(entry, statuses))
      if (path[0] === 'checks') checks.push(...items)
      else if (items.length > 0) at(facts, path.slice(0, -1))[path.at(-1) ?? ''] = items
    }
    if (checks.length + statuses.length > 0) facts['checks'] = [...checks, ...statuses]
    for (const part of Object.keys(facts))
      for (const name of shape.dependents(part)) facts[name] ??= shape.isList(name) ? [] : {}
    for (const [name, value] of Object.entries(facts))
      if (isFields(value) && name !== 'policy') facts[name] = this.#filled([name], value)
    return facts
  }

  #item(entry: Scope, statuses: Fields[]): Fields {
    const [base, type = ''] = entry.place
    const item: Fields = base === 'checks' ? { type } : {}
    this.#write(item, entry)
    if (base === 'evidence') item['id'] = `e${entry.position + 1}`
    const full = this.#filled(entry.place, item)
    if (base === 'evidence') {
      const revoked = this.#outcome(entry, 'revoked')
      // A certificate without an answer about revocation would be undecided.
      if (revoked === true || full['cls'] === 'pki_cert')
        statuses.push({
          type: 'status',
          on: full['id'] ?? '',
          result: revoked === true ? 'revoked' : 'good',
        })
    }
    if (base === 'checks' && this.#outcome(entry, 'passed') === false) full['result'] = 'fail'
    return full
  }

  #outcome(scope: Scope, name: string): boolean | undefined {
    const fact = scope.facts.get(name)
    const cell = fact === undefined ? undefined : this.#cellOf(scope, fact)
    return cell?.kind === 'amount' ? this.#model.holds(cell.given) : undefined
  }

  #filled(place: readonly string[], value: Fields): Fields {
    const { shape } = this.#person
    const filled: Fields = { ...shape.fill(shape.objectAt(place), value) }
    for (const [name, inner] of Object.entries(filled))
      if (isFields(inner)) filled[name] = this.#filled([...place, name], inner)
    return filled
  }

  #write(into: Fields, scope: Scope): void {
    for (const fact of scope.facts.values()) {
      const value = this.#value(fact.type, this.#cellOf(scope, fact))
      if (value === undefined) continue
      const path = fact.path.split('.')
      at(into, path.slice(0, -1))[path.at(-1) ?? ''] = value
    }
  }

  #value(type: Type, cell: Cell): Json | undefined {
    if (cell.kind === 'member') {
      const position = this.#model.number(cell.value)
      if (position === 0) return undefined
      if (type.kind !== 'enum') return position === 2
      return type.members[position - 1]
    }
    if (type.kind === 'truth' || !this.#model.holds(cell.given)) return undefined
    if (cell.kind === 'set')
      return type.kind === 'set'
        ? type.of.members.filter((_, i) => this.#model.holds(cell.members[i] ?? 'false'))
        : undefined
    const number = this.#model.number(cell.value)
    switch (type.kind) {
      case 'timestamp':
        return formatTime(number)
      case 'key':
      case 'label':
        return this.#person.textOf(number)
      default:
        return number
    }
  }
}

/** The record at a path, made where it is not there. */
function at(facts: Fields, path: readonly string[]): Fields {
  let found = facts
  for (const name of path) {
    const inner = found[name]
    const next = isFields(inner) ? inner : {}
    found[name] = next
    found = next
  }
  return found
}

function isFields(value: Json | undefined): value is Fields {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
