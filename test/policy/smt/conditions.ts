import { midnightAfterDays, type Seconds } from '../../../services/policy/language/dates.ts'
import type { Ir, SlotsIr } from '../../../services/policy/language/ir.ts'
import { T } from '../../../services/policy/language/kleene.ts'
import type { Comparison } from '../../../services/policy/language/syntax.ts'
import type { Pack } from '../../../services/policy/language/pack.ts'
import { ABSENT, TRUTH, type Type } from '../../../services/policy/language/types.ts'
import type { BoundedPerson, Cell, Scope } from './bounded-person.ts'
import { amount, FALSE, member, TRUE, type Term, type Terms } from './terms.ts'

/** Entry that each variable of an expression stands for. */
type Env = ReadonlyMap<number, Scope>

interface Entry {
  readonly scope: Scope
  readonly member: Term
}

type Amount = Cell & { readonly kind: 'amount' }

/** Values of other axes, as members of their levels and as methods. */
export interface AxisTerms {
  level(axis: string): Term
  methods(axis: string): readonly Term[]
}

export interface ConditionOptions {
  readonly pack: Pack
  readonly person: BoundedPerson
  readonly axes: AxisTerms
  readonly now: Seconds
  /** Whether an entry is there, at the stage that is looked at. */
  readonly present: (entry: Scope) => Term
  /** Facts as they are at that stage; those of the person where nothing else is said. */
  readonly fact?: (scope: Scope, path: string, type: Type) => Cell
  /** Values that are taken from another stage. */
  readonly settled?: { holds(ir: Ir): boolean; readonly by: Conditions }
}

/** Conditions of a pack as terms over a bounded person. Facts are complete, so that a condition holds or does not. */
export class Conditions {
  readonly #options: ConditionOptions
  readonly #terms: Terms

  constructor(options: ConditionOptions) {
    this.#options = options
    this.#terms = options.person.terms
  }

  truth(ir: Ir, env: Env = new Map()): Term {
    const { settled } = this.#options
    if (settled?.holds(ir) === true) return settled.by.truth(ir, env)
    const terms = this.#terms
    switch (ir.op) {
      case 'truth':
        return ir.value === T ? TRUE : FALSE
      case 'and':
        return terms.all([this.truth(ir.left, env), this.truth(ir.right, env)])
      case 'or':
        return terms.any([this.truth(ir.left, env), this.truth(ir.right, env)])
      case 'not':
        return terms.not(this.truth(ir.of, env))
      case 'at-least': {
        const parts = ir.of.map((part) => this.truth(part, env))
        return terms.compare('>=', terms.count(parts), amount(ir.count))
      }
      case 'conditional':
        return terms.choose(
          this.truth(ir.test, env),
          this.truth(ir.then, env),
          this.truth(ir.otherwise, env),
          'Bool',
        )
      case 'holds':
        return terms.compare('==', this.member(ir.flag, env), member(2))
      case 'one-of':
        return this.#oneOf(ir, env)
      case 'member-of': {
        const { given, members } = this.#set(ir.set, env)
        const of = this.member(ir.of, env)
        const among = members.map((held, i) =>
          terms.all([held, terms.compare('==', of, member(i + 1))]),
        )
        return terms.all([given, terms.any(among)])
      }
      case 'contains': {
        const { given, members } = this.#set(ir.set, env)
        const asked = members.filter((_, i) => (ir.mask & (1 << i)) !== 0)
        return asked.length === 0 ? TRUE : terms.all([given, ...asked])
      }
      case 'compare-enum': {
        const sides = [this.member(ir.left, env), this.member(ir.right, env)] as const
        const known = sides.map((side) => terms.not(terms.compare('==', side, NONE)))
        return terms.all([...known, terms.compare(ir.cmp, ...sides)])
      }
      case 'compare-number':
      case 'compare-time':
        return this.#compared(ir.cmp, this.#amount(ir.left, env), this.#amount(ir.right, env))
      case 'same-key':
        return this.#compared('==', this.#amount(ir.left, env), this.#amount(ir.right, env))
      case 'within':
        return this.#after(ir.time, this.#options.now - ir.seconds, env)
      case 'within-days':
        return this.#after(ir.time, firstDay(this.#options.now, ir.days, ir.zone), env)
      case 'has':
        return this.#has(ir.of, env)
      case 'exists':
        return terms.any(this.#holding(ir, env))
      case 'all':
        return terms.all(
          this.#entries(ir.list, env).map(({ scope, member }) =>
            terms.any([terms.not(member), this.truth(ir.body, withEntry(env, ir.slot, scope))]),
          ),
        )
      case 'exists_one':
        return terms.compare('==', terms.count(this.#holding(ir, env)), amount(1))
      case 'slots':
        return this.#slots(ir, env)
      case 'field':
        return this.#outcome(ir, env)
      default:
        throw new TypeError(`${ir.op} is no condition`)
    }
  }

  /** An enum or a flag. */
  member(ir: Ir, env: Env = new Map()): Term {
    const { settled, axes, pack } = this.#options
    if (settled?.holds(ir) === true) return settled.by.member(ir, env)
    const terms = this.#terms
    switch (ir.op) {
      case 'mask':
        return positionOf(ir.value)
      case 'truth':
        return member(ir.value === T ? 2 : 1)
      case 'axis':
        return axes.level(ir.axis)
      case 'level': {
        const { given, value } = this.#amount(ir.of, env)
        const members = ir.type.kind === 'enum' ? ir.type.members : []
        const found = members.reduce(
          (rest, name, i) =>
            terms.choose(
              terms.compare('==', value, this.#options.person.text(name)),
              member(i + 1),
              rest,
              'Member',
            ),
          NONE,
        )
        return terms.choose(given, found, NONE, 'Member')
      }
      case 'first':
        return ir.options.reduceRight<Term>((rest, option) => {
          const own = this.member(option, env)
          return terms.choose(terms.compare('==', own, NONE), rest, own, 'Member')
        }, NONE)
      case 'table': {
        const table = pack.tables.get(ir.table)
        if (table === undefined) throw new TypeError(`no table ${ir.table}`)
        const key = this.member(ir.key, env)
        return table.key.members.reduce(
          (rest, _, i) =>
            terms.choose(
              terms.compare('==', key, member(i + 1)),
              positionOf(table.rows.get(1 << i) ?? table.fallback),
              rest,
              'Member',
            ),
          NONE,
        )
      }
      case 'extreme':
        return ir.of
          .map((part) => this.member(part, env))
          .reduce((a, b) => this.#extreme(ir.which, a, b))
      case 'conditional':
        return terms.choose(
          this.truth(ir.test, env),
          this.member(ir.then, env),
          this.member(ir.otherwise, env),
          'Member',
        )
      default: {
        const cell = this.#cell(ir, env)
        if (cell.kind === 'member') return cell.value
        throw new TypeError(`${ir.op} has no members`)
      }
    }
  }

  #extreme(which: 'min' | 'max', a: Term, b: Term): Term {
    const terms = this.#terms
    const larger = terms.compare(which === 'min' ? '<=' : '>=', a, b)
    const absent = terms.any([a, b].map((one) => terms.compare('==', one, NONE)))
    return terms.choose(absent, NONE, terms.choose(larger, a, b, 'Member'), 'Member')
  }

  #oneOf(ir: Ir & { readonly op: 'one-of' }, env: Env): Term {
    const terms = this.#terms
    const { axes, pack } = this.#options
    if (ir.of.op === 'axis' && pack.axes.get(ir.of.axis)?.kind === 'methods') {
      // Certain only where all that the axis has are among those asked for.
      const methods = axes.methods(ir.of.axis)
      const inside = methods.filter((_, i) => (ir.mask & (1 << i)) !== 0)
      const outside = methods.filter((_, i) => (ir.mask & (1 << i)) === 0)
      return terms.all([terms.any(inside), terms.not(terms.any(outside))])
    }
    const of = this.member(ir.of, env)
    const positions = Array.from({ length: 30 }, (_, i) => i + 1).filter(
      (position) => (ir.mask & (1 << (position - 1))) !== 0,
    )
    if ((ir.mask & ABSENT) !== 0) positions.push(0)
    return terms.any(positions.map((position) => terms.compare('==', of, member(position))))
  }

  #compared(cmp: Comparison, left: Amount, right: Amount): Term {
    const terms = this.#terms
    return terms.all([left.given, right.given, terms.compare(cmp, left.value, right.value)])
  }

  #after(time: Ir, first: Seconds, env: Env): Term {
    const terms = this.#terms
    const { given, value } = this.#amount(time, env)
    return terms.all([given, terms.compare('>=', value, amount(first))])
  }

  #has(of: Ir, env: Env): Term {
    if (of.type.kind === 'enum' || of.type.kind === 'flag')
      return this.#terms.not(this.#terms.compare('==', this.member(of, env), NONE))
    return of.type.kind === 'set' ? this.#set(of, env).given : this.#amount(of, env).given
  }

  #holding(ir: Ir & { readonly list: Ir; readonly slot: number; readonly body: Ir }, env: Env) {
    return this.#entries(ir.list, env).map(({ scope, member }) =>
      this.#terms.all([member, this.truth(ir.body, withEntry(env, ir.slot, scope))]),
    )
  }

  #entries(list: Ir, env: Env): readonly Entry[] {
    const { person, present } = this.#options
    if (list.op === 'filter')
      return this.#entries(list.list, env).map(({ scope, member }) => ({
        scope,
        member: this.#terms.all([member, this.truth(list.body, withEntry(env, list.slot, scope))]),
      }))
    const entries = (path: readonly string[]) =>
      person.list(path).map((scope) => ({ scope, member: present(scope) }))
    const { scope, names } = fieldOf(list, env, person.root)
    if (scope === person.root) return entries(names)
    const [type = ''] = names
    if (scope.place[0] !== 'evidence') throw new TypeError(`no list ${type} in ${scope.name}`)
    return entries(['checks', type]).map((entry) => ({
      ...entry,
      member: this.#terms.all([entry.member, this.#concerns(entry.scope, scope)]),
    }))
  }

  /** A check of this piece; a match of the application as a whole covers every piece. */
  #concerns(check: Scope, piece: Scope): Term {
    const { person } = this.#options
    const on = this.#amountOf(person.fact(check, 'on', { kind: 'key' }))
    const own = this.#compared('==', on, { kind: 'amount', given: TRUE, value: person.id(piece) })
    return check.place[1] === 'match' ? this.#terms.any([own, this.#terms.not(on.given)]) : own
  }

  #cell(ir: Ir, env: Env): Cell {
    const { person } = this.#options
    const { scope, names } = fieldOf(ir, env, person.root)
    return this.#fact(scope, names.join('.'), ir.type)
  }

  #fact(scope: Scope, path: string, type: Type): Cell {
    const { person, fact } = this.#options
    return fact === undefined ? person.fact(scope, path, type) : fact(scope, path, type)
  }

  #truthOf(scope: Scope, path: string): Term {
    return this.#amountOf(this.#fact(scope, path, TRUTH)).given
  }

  #set(ir: Ir, env: Env): Cell & { readonly kind: 'set' } {
    const cell = this.#cell(ir, env)
    if (cell.kind !== 'set') throw new TypeError(`${ir.op} is no set`)
    return cell
  }

  #amount(ir: Ir, env: Env): Amount {
    const terms = this.#terms
    const plain = (value: Term): Amount => ({ kind: 'amount', given: TRUE, value })
    switch (ir.op) {
      case 'number':
        return plain(amount(ir.value))
      case 'now':
        return plain(amount(this.#options.now))
      case 'text':
        return plain(this.#options.person.text(ir.value))
      case 'count':
        return plain(terms.count(this.#holding(ir, env)))
      case 'size':
        return plain(terms.count(this.#entries(ir.list, env).map(({ member }) => member)))
      case 'first':
        return ir.options
          .map((option) => this.#amount(option, env))
          .reduceRight((rest, own) => ({
            kind: 'amount',
            given: terms.any([own.given, rest.given]),
            value: terms.choose(own.given, own.value, rest.value, sortOf(ir)),
          }))
      default:
        return this.#amountOf(this.#cell(ir, env))
    }
  }

  #amountOf(cell: Cell): Amount {
    if (cell.kind !== 'amount') throw new TypeError('no amount')
    return cell
  }

  /** Outcome of a check, or whether a piece is revoked. */
  #outcome(ir: Ir, env: Env): Term {
    const { person } = this.#options
    const terms = this.#terms
    const { scope, names } = fieldOf(ir, env, person.root)
    const [name = ''] = names
    if (name === 'revoked') return this.#truthOf(scope, name)
    const passed = this.#truthOf(scope, 'passed')
    if (name === 'passed') return passed
    if (name === 'failed') return terms.not(passed)
    if (name !== 'ok') throw new TypeError(`no outcome ${name}`)
    const spoilt = person
      .list(['evidence'])
      .map((piece) => terms.all([this.#isOn(scope, piece), this.#truthOf(piece, 'revoked')]))
    return terms.all([passed, terms.not(terms.any(spoilt))])
  }

  #isOn(check: Scope, piece: Scope): Term {
    const { person } = this.#options
    const on = this.#amountOf(person.fact(check, 'on', { kind: 'key' }))
    return this.#compared('==', on, { kind: 'amount', given: TRUE, value: person.id(piece) })
  }

  #slots(ir: SlotsIr, env: Env): Term {
    const terms = this.#terms
    const pieces = this.#entries(ir.list, env).map(({ scope, member }) => {
      const own = withEntry(env, ir.slot, scope)
      const truth = (part: Ir | undefined) => (part === undefined ? TRUE : this.truth(part, own))
      return {
        cells: ir.needs.map((need) =>
          need.map((cell) => terms.all([member, truth(ir.where), truth(ir.every), truth(cell)])),
        ),
        keys: ir.distinct.map((key) =>
          key.type.kind === 'key' ? this.#amount(key, own) : this.#memberKey(this.member(key, own)),
        ),
        rank: ir.strongest === undefined ? NONE : this.member(ir.strongest.rank, own),
        strongest: truth(ir.strongest?.where),
      }
    })
    const ways = ir.needs.flatMap((need, alternative) =>
      injections(pieces.length, need.length).map((way) => {
        const chosen = way.flatMap((i) => pieces[i] ?? [])
        const filled = chosen.map((piece, slot) => piece.cells[alternative]?.[slot] ?? FALSE)
        const apart = chosen.flatMap((piece, i) =>
          chosen
            .slice(0, i)
            .flatMap((other) =>
              piece.keys.map((key, k) => terms.not(this.#shared(key, other.keys[k]))),
            ),
        )
        const strongest = chosen.map((piece) =>
          terms.all([
            piece.strongest,
            ...chosen.map((other) => terms.compare('>=', piece.rank, other.rank)),
          ]),
        )
        return terms.all([...filled, ...apart, terms.any(strongest)])
      }),
    )
    return terms.any(ways)
  }

  #memberKey(value: Term): Amount {
    const given = this.#terms.not(this.#terms.compare('==', value, NONE))
    return { kind: 'amount', given, value }
  }

  #shared(key: Amount, other: Amount | undefined): Term {
    return other === undefined ? FALSE : this.#compared('==', key, other)
  }
}

/** No member of an enum. */
const NONE = member(0)

function withEntry(env: Env, slot: number, scope: Scope): Env {
  return new Map([...env, [slot, scope]])
}

function fieldOf(ir: Ir, env: Env, root: Scope) {
  const names: string[] = []
  let at = ir
  for (; at.op === 'field'; at = at.of) names.unshift(at.name)
  if (at.op === 'root') return { scope: root, names: [at.name, ...names] }
  const scope = at.op === 'variable' ? env.get(at.slot) : undefined
  if (scope === undefined) throw new TypeError(`${at.op} is no fact`)
  return { scope, names }
}

function positionOf(mask: number): Term {
  return member(mask === ABSENT ? 0 : 32 - Math.clz32(mask))
}

/** Every way to choose `count` different of `from`, in order. */
function injections(from: number, count: number): readonly (readonly number[])[] {
  if (count === 0) return [[]]
  return injections(from, count - 1).flatMap((way) =>
    Array.from({ length: from }, (_, i) => i)
      .filter((i) => !way.includes(i))
      .map((i) => [...way, i]),
  )
}

/** The first instant from which a number of calendar days has not passed. */
function firstDay(now: Seconds, days: number, zone: string): Seconds {
  let first = now - (days + 2) * 86_400
  // Whole days, then the second: the condition holds from one instant on.
  for (const step of [3600, 60, 1]) {
    while (!(now < midnightAfterDays(first, days, zone))) first += step
    first -= step
  }
  return first + 1
}

function sortOf({ type }: Ir): 'Text' | 'Amount' {
  return type.kind === 'key' || type.kind === 'label' ? 'Text' : 'Amount'
}
