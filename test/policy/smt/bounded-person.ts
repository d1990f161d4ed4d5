import type { FactsShape } from '../../../services/policy/analysis/facts-shape.ts'
import type { Type } from '../../../services/policy/language/types.ts'
import { amount, FALSE, member, text, TRUE, type Term, type Terms } from './terms.ts'

/** A fact as terms. A member of an enum is its position from 1 on and a flag 1 or 2, 0 stands for what was not established. */
export type Cell =
  | { readonly kind: 'member'; readonly value: Term }
  | { readonly kind: 'amount'; readonly given: Term; readonly value: Term }
  | { readonly kind: 'set'; readonly given: Term; readonly members: readonly Term[] }

/** A declared fact: what a model says of it makes the person. */
export interface Fact {
  readonly path: string
  readonly type: Type
  readonly cell: Cell
}

/** The person as a whole, or one entry of a list. */
export interface Scope {
  readonly name: string
  readonly place: readonly string[]
  readonly facts: Map<string, Fact>
  /** Of an entry: whether it is there, and whether it comes later than the others. */
  readonly present: Term
  readonly added: Term
  readonly position: number
}

/** The most entries of a list: of the checks of one type, and of every other. */
export interface Lengths {
  readonly checks: number
  readonly others: number
}

const [FIRST, LAST] = [Date.UTC(1990, 0, 1) / 1000, Date.UTC(2090, 0, 1) / 1000]
/** Numbers of texts: those that rules name, ids of pieces, their documents, and everything else. */
const [ID, DOCUMENT] = [1000, 1100]

/**
 * A person with lists of bounded length, as variables of SMT: what facts.schema.json allows, and what the analysis presupposes
 * (every outcome known, every document listed once, every check about a presented piece or about the application).
 */
export class BoundedPerson {
  readonly terms: Terms
  readonly root: Scope
  readonly shape: FactsShape
  readonly #lengths: Lengths
  readonly #lists = new Map<string, readonly Scope[]>()
  readonly #records = new Map<string, Term>()
  readonly #texts = new Map<string, number>()

  constructor(terms: Terms, shape: FactsShape, lengths: Lengths) {
    this.terms = terms
    this.shape = shape
    this.#lengths = lengths
    this.root = {
      name: '',
      place: [],
      facts: new Map(),
      present: TRUE,
      added: FALSE,
      position: 0,
    }
  }

  get lists(): ReadonlyMap<string, readonly Scope[]> {
    return this.#lists
  }

  /** Entries of a list of the person; `checks.holder` are the checks of that type. */
  list(path: readonly string[]): readonly Scope[] {
    const name = path.join('.')
    const known = this.#lists.get(name)
    if (known !== undefined) return known
    const { checks, others } = this.#lengths
    const length = path[0] === 'checks' ? checks : others
    const entries = Array.from({ length }, (_, i) => this.#entry(path, name, i))
    this.#lists.set(name, entries)
    for (const [i, { present }] of entries.entries()) {
      const previous = entries[i - 1]
      if (previous !== undefined) this.#implies(present, previous.present)
      this.#needs(path[0] === 'checks' ? [] : path.slice(0, -1), present)
      for (const record of this.shape.dependents(path[0] ?? ''))
        if (!this.shape.isList(record)) this.#implies(present, this.#record([record]))
    }
    if (path[0] === 'checks') for (const entry of entries) this.#aboutAPiece(entry)
    return entries
  }

  #entry(path: readonly string[], list: string, position: number): Scope {
    const name = `${list}[${position}]`
    return {
      name,
      place: path,
      facts: new Map(),
      present: this.terms.declare(`${name}?`, 'Bool'),
      // A signal is no evidence.
      added: list === 'signals' ? FALSE : this.terms.declare(`${name}+`, 'Bool'),
      position,
    }
  }

  /** A check names a piece that is there, and comes after it; an entry that comes later is no failed check. */
  #aboutAPiece(check: Scope): void {
    const { terms } = this
    const on = this.#amount(check, 'on', { kind: 'key' })
    const about = this.list(['evidence']).map((piece) => ({
      piece,
      holds: terms.all([on.given, terms.compare('==', on.value, this.id(piece))]),
    }))
    this.#implies(
      check.present,
      terms.any([
        terms.not(on.given),
        ...about.map(({ piece, holds }) => terms.all([holds, piece.present])),
      ]),
    )
    for (const { piece, holds } of about)
      this.#implies(terms.all([check.present, holds, piece.added]), check.added)
    this.#implies(terms.all([check.present, check.added]), this.#truth(check, 'passed'))
  }

  /** Number of a text. */
  text(value: string): Term {
    const known = this.#texts.get(value) ?? this.#texts.size + 1
    this.#texts.set(value, known)
    return text(known)
  }

  /** Text of a number; what no rule names is any other text. */
  textOf(number: number): string {
    for (const [text, code] of this.#texts) if (code === number) return text
    return number >= DOCUMENT ? `d${number}` : number >= ID ? `e${number - ID + 1}` : `t${number}`
  }

  id(piece: Scope): Term {
    return text(ID + piece.position)
  }

  #truth(scope: Scope, path: string): Term {
    const cell = this.fact(scope, path, { kind: 'truth' })
    if (cell.kind !== 'amount') throw new TypeError(`${path} is no truth`)
    return cell.given
  }

  #amount(scope: Scope, path: string, type: Type): Cell & { kind: 'amount' } {
    const cell = this.fact(scope, path, type)
    if (cell.kind !== 'amount') throw new TypeError(`${path} is no amount`)
    return cell
  }

  /** A fact of the person or of an entry; declared on first use. */
  fact(scope: Scope, path: string, type: Type): Cell {
    const known = scope.facts.get(path)
    if (known !== undefined) return known.cell
    const cell = this.#cell(scope, path, type)
    scope.facts.set(path, { path, type, cell })
    return cell
  }

  #cell(scope: Scope, path: string, type: Type): Cell {
    const name = `${scope.name}.${path}`
    const [list] = scope.place
    if (type.kind === 'truth')
      return { kind: 'amount', given: this.terms.declare(name, 'Bool'), value: amount(0) }
    if (list === 'evidence' && path === 'id')
      return { kind: 'amount', given: TRUE, value: this.id(scope) }
    if (list === 'evidence' && path === 'doc')
      return { kind: 'amount', given: TRUE, value: text(DOCUMENT + scope.position) }
    if (path.startsWith('policy.')) return this.#declared(name, type, false, undefined)
    const names = path.split('.')
    const field = names.at(-1) ?? ''
    const object = this.shape.objectAt([...scope.place, ...names.slice(0, -1)])
    if (!this.shape.has(object, field)) return absent(type)
    const shape = this.shape.field(object, field)
    const cell = this.#declared(name, type, true, shape)
    const given = this.given(cell)
    if (scope !== this.root) {
      if (!shape.optional) this.terms.assert(given)
      return cell
    }
    const record = this.#needs(names.slice(0, -1), given)
    if (!shape.optional) this.#implies(record, given)
    return cell
  }

  #declared(
    name: string,
    type: Type,
    optional: boolean,
    shape: ReturnType<FactsShape['field']> | undefined,
  ): Cell {
    const { terms } = this
    switch (type.kind) {
      case 'flag':
      case 'enum': {
        const names = type.kind === 'enum' ? type.members : ['false', 'true']
        const value = terms.declare(name, 'Member')
        const allowed = names.flatMap((one, i) =>
          type.kind === 'enum' && shape?.members?.includes(one) === false ? [] : [i + 1],
        )
        terms.assert(
          terms.any(
            [...(optional ? [0] : []), ...allowed].map((position) =>
              terms.compare('==', value, member(position)),
            ),
          ),
        )
        return { kind: 'member', value }
      }
      case 'set':
        return {
          kind: 'set',
          given: terms.declare(`${name}?`, 'Bool'),
          members: type.of.members.map((member) => terms.declare(`${name}#${member}`, 'Bool')),
        }
      default: {
        const value = terms.declare(name, isText(type) ? 'Text' : 'Amount')
        if (!isText(type)) {
          const [least, most] =
            type.kind === 'timestamp' ? [FIRST, LAST] : [shape?.minimum, shape?.maximum]
          terms.assert(terms.compare('>=', value, amount(least ?? 0)))
          terms.assert(terms.compare('<=', value, amount(most ?? LAST)))
        }
        const given = optional ? terms.declare(`${name}?`, 'Bool') : TRUE
        return { kind: 'amount', given, value }
      }
    }
  }

  given(cell: Cell): Term {
    return cell.kind === 'member'
      ? this.terms.not(this.terms.compare('==', cell.value, member(0)))
      : cell.given
  }

  /** The largest number that facts.schema.json allows. */
  most(scope: Scope, path: string): number {
    const names = path.split('.')
    const object = this.shape.objectAt([...scope.place, ...names.slice(0, -1)])
    return this.shape.field(object, names.at(-1) ?? '').maximum ?? LAST
  }

  /** What is said of a record needs the record, and those around it. */
  #needs(path: readonly string[], given: Term): Term {
    const record = path.length === 0 ? TRUE : this.#record(path)
    this.#implies(given, record)
    return record
  }

  #record(path: readonly string[]): Term {
    const name = path.join('.')
    const known = this.#records.get(name)
    if (known !== undefined) return known
    const term = this.terms.declare(`${name}!`, 'Bool')
    this.#records.set(name, term)
    if (path.length > 1) this.#needs(path.slice(0, -1), term)
    return term
  }

  get records(): ReadonlyMap<string, Term> {
    return this.#records
  }

  #implies(premise: Term, conclusion: Term): void {
    const { terms } = this
    terms.assert(terms.any([terms.not(premise), conclusion]))
  }
}

function absent(type: Type): Cell {
  switch (type.kind) {
    case 'flag':
    case 'enum':
      return { kind: 'member', value: member(0) }
    case 'set':
      return { kind: 'set', given: FALSE, members: type.of.members.map(() => FALSE) }
    default:
      return { kind: 'amount', given: FALSE, value: isText(type) ? text(0) : amount(0) }
  }
}

function isText({ kind }: Type): boolean {
  return kind === 'key' || kind === 'label'
}
