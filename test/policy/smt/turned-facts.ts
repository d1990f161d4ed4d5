import type { Type } from '../../../services/policy/language/types.ts'
import type { BoundedPerson, Cell, Fact, Scope } from './bounded-person.ts'
import { amount, member, type Term } from './terms.ts'

/** A single fact that may have turned: a flag, an outcome or a member of a set from no to yes, a level or a number upwards. */
export interface Turned {
  /** `checks.holder.passed`, of one entry as good as of any other. */
  readonly name: string
  /** Whether this one is it. */
  readonly term: Term
}

/** The same bounded person after one fact has turned. Nothing else differs. */
export class TurnedPerson {
  readonly #person: BoundedPerson
  readonly #cells = new Map<Scope, Map<string, Cell>>()
  readonly #turned: Turned[] = []

  constructor(person: BoundedPerson) {
    this.#person = person
  }

  get turned(): readonly Turned[] {
    return this.#turned
  }

  /** To be called when every fact was asked for: one fact turns and no more. */
  close(): void {
    const { terms } = this.#person
    const count = terms.count(this.#turned.map(({ term }) => term))
    terms.assert(terms.compare('<=', count, amount(1)))
  }

  /** The fact as it is afterwards. */
  fact(scope: Scope, path: string, type: Type): Cell {
    const known = this.#cells.get(scope)?.get(path)
    if (known !== undefined) return known
    const cell = this.#after(scope, path, type, this.#person.fact(scope, path, type))
    const own = this.#cells.get(scope) ?? new Map<string, Cell>()
    this.#cells.set(scope, own.set(path, cell))
    return cell
  }

  /** For the reader of a model. */
  cellOf(scope: Scope, { path, cell }: Fact): Cell {
    return this.#cells.get(scope)?.get(path) ?? cell
  }

  #after(scope: Scope, path: string, type: Type, before: Cell): Cell {
    // One entry stands for all: they differ in nothing but their place.
    if (scope.position > 0 || path.startsWith('policy.')) return before
    const name = [...scope.place, path].join('.')
    switch (type.kind) {
      case 'truth':
        if (before.kind !== 'amount') return before
        return { ...before, given: this.#truth(name, before.given) }
      case 'set':
        if (before.kind !== 'set') return before
        return {
          ...before,
          members: before.members.map((held, i) =>
            this.#truth(`${name}#${type.of.members[i] ?? ''}`, held),
          ),
        }
      case 'flag':
        return this.#larger(name, before, member(2))
      case 'enum':
        return type.ordered ? this.#larger(name, before, member(type.members.length)) : before
      case 'int':
      case 'age':
        return this.#larger(name, before, amount(this.#person.most(scope, path)))
      default:
        return before
    }
  }

  #truth(name: string, before: Term): Term {
    if (!before.startsWith('|')) return before
    const { terms } = this.#person
    const term = this.#declared(name)
    terms.assert(terms.any([terms.not(term), terms.not(before)]))
    // Declared, so that a model tells of it.
    const then = terms.declare(`${name}'`, 'Bool')
    terms.assert(terms.compare('==', then, terms.any([before, term])))
    return then
  }

  #larger(name: string, before: Cell, most: Term): Cell {
    if (before.kind === 'set' || !before.value.startsWith('|')) return before
    const { terms } = this.#person
    const term = this.#declared(name)
    const value = terms.declare(`${name}'`, before.kind === 'member' ? 'Member' : 'Amount')
    const given = this.#person.given(before)
    const limit = terms.compare('<=', value, most)
    const moves = terms.all([given, terms.compare('>', value, before.value), limit])
    terms.assert(terms.choose(term, moves, terms.compare('==', value, before.value), 'Bool'))
    return { ...before, value }
  }

  #declared(name: string): Term {
    const term = this.#person.terms.declare(`${name} turns`, 'Bool')
    this.#turned.push({ name, term })
    return term
  }
}
