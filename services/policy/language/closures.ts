import { midnightAfterDays, type Seconds } from './dates.ts'
import type { Ir, SlotsIr, Table } from './ir.ts'
import { F, fromBoolean, fromCases, not, T } from './kleene.ts'
import { bitsOf, compareMasks, compareRanges, known, oneOf } from './compare-values.ts'
import { fillSlots, type SlotMatrix } from './slots.ts'
import { isItem, isList, type Cell, type Item, type List } from './subject.ts'
import type { Comparison } from './syntax.ts'
import { ABSENT, type Type } from './types.ts'

/** One evaluation: the facts, the time, and when the next clock that was looked at turns. */
export interface Env {
  readonly roots: Item
  readonly now: Seconds
  /** The instant at which the ages in the facts were measured. */
  readonly measuredAt: Seconds
  /** Still possible levels of the axes computed so far. */
  readonly axes: Map<string, number>
  readonly variables: Item[]
  /** Earliest future instant at which a comparison with the time can turn. */
  nextTurn: Seconds
}

export type Run<V> = (env: Env) => V

export function turnsAt(env: Env, instant: Seconds): void {
  if (instant > env.now && instant < env.nextTurn) env.nextTurn = instant
}

/** Compiles a checked condition to nested functions; no text of an author is ever executed. */
export function compileCondition(ir: Ir, tables: ReadonlyMap<string, Table>): Run<number> {
  return new Compiler(tables).truth(ir)
}

/** An enum value as the mask of members that are still possible. */
export function compileMask(ir: Ir, tables: ReadonlyMap<string, Table>): Run<number> {
  return new Compiler(tables).mask(ir)
}

export function compileLabel(ir: Ir, tables: ReadonlyMap<string, Table>): Run<string | undefined> {
  return new Compiler(tables).text(ir)
}

const NOTHING: List = { items: [] }
const NO_FIELDS: Item = {}

class Compiler {
  readonly #tables: ReadonlyMap<string, Table>

  constructor(tables: ReadonlyMap<string, Table>) {
    this.#tables = tables
  }

  truth(ir: Ir): Run<number> {
    switch (ir.op) {
      case 'truth':
        return () => ir.value
      case 'and':
        return this.#and(ir.left, ir.right)
      case 'or':
        return this.#or(ir.left, ir.right)
      case 'not': {
        const of = this.truth(ir.of)
        return (env) => not(of(env))
      }
      case 'at-least':
        return this.#atLeast(
          ir.count,
          ir.of.map((part) => this.truth(part)),
        )
      case 'holds': {
        const flag = this.mask(ir.flag)
        return (env) => oneOf(flag(env), 2)
      }
      case 'one-of': {
        const of = this.mask(ir.of)
        const { mask } = ir
        return (env) => oneOf(of(env), mask)
      }
      case 'member-of': {
        const [of, set] = [this.mask(ir.of), this.mask(ir.set)]
        return (env) => oneOf(of(env), known(set(env)))
      }
      case 'contains': {
        const set = this.mask(ir.set)
        const { mask } = ir
        return (env) => fromBoolean((known(set(env)) & mask) === mask)
      }
      case 'compare-enum': {
        const [left, right] = [this.mask(ir.left), this.mask(ir.right)]
        return (env) => compareMasks(ir.cmp, left(env), right(env))
      }
      case 'compare-number':
        return this.#compareNumber(ir.cmp, ir.left, ir.right)
      case 'compare-time':
        return this.#compareTime(ir.cmp, ir.left, ir.right)
      case 'same-key': {
        const [left, right] = [this.text(ir.left), this.text(ir.right)]
        return (env) => {
          const key = left(env)
          return fromBoolean(key !== undefined && key === right(env))
        }
      }
      case 'within':
        return this.#within(ir.time, (time) => time + ir.seconds + 1)
      case 'within-days':
        return this.#within(ir.time, (time) => midnightAfterDays(time, ir.days, ir.zone))
      case 'has':
        return this.#has(ir.of)
      case 'exists':
        return this.#exists(ir.list, ir.slot, ir.body)
      case 'all': {
        const counter = this.#exists(ir.list, ir.slot, { op: 'not', of: ir.body, type: ir.type })
        return (env) => not(counter(env))
      }
      case 'exists_one':
        return this.#existsOne(ir.list, ir.slot, ir.body)
      case 'slots':
        return this.#slots(ir)
      case 'conditional': {
        const [test, then, otherwise] = [
          this.truth(ir.test),
          this.truth(ir.then),
          this.truth(ir.otherwise),
        ]
        return (env) => {
          const which = test(env)
          if (which === T) return then(env)
          if (which === F) return otherwise(env)
          const [a, b] = [then(env), otherwise(env)]
          return (a & b & 1) | ((a | b) & 2)
        }
      }
      case 'field':
      case 'variable':
      case 'root': {
        const cell = this.#cell(ir)
        return (env) => {
          const value = cell(env)
          return typeof value === 'number' ? value : F
        }
      }
      default:
        throw new TypeError(`${ir.op} is no condition`)
    }
  }

  mask(ir: Ir): Run<number> {
    switch (ir.op) {
      case 'mask':
        return () => ir.value
      case 'axis':
        return (env) => env.axes.get(ir.axis) ?? ABSENT
      case 'level':
        return this.#level(ir.of, ir.type)
      case 'first':
        return this.#first(ir.options.map((option) => this.mask(option)))
      case 'table':
        return this.#table(ir.table, ir.key)
      case 'extreme':
        return this.#extreme(
          ir.which,
          ir.of.map((part) => this.mask(part)),
        )
      case 'conditional': {
        const [test, then, otherwise] = [
          this.truth(ir.test),
          this.mask(ir.then),
          this.mask(ir.otherwise),
        ]
        return (env) => {
          const which = test(env)
          return which === T ? then(env) : which === F ? otherwise(env) : then(env) | otherwise(env)
        }
      }
      case 'truth':
        return () => (ir.value === T ? 2 : 1)
      default: {
        const cell = this.#cell(ir)
        return (env) => {
          const value = cell(env)
          return typeof value === 'number' ? value : ABSENT
        }
      }
    }
  }

  text(ir: Ir): Run<string | undefined> {
    if (ir.op === 'text') return () => ir.value
    if (ir.op === 'first') {
      const options = ir.options.map((option) => this.text(option))
      return (env) => {
        for (const option of options) {
          const value = option(env)
          if (value !== undefined) return value
        }
        return undefined
      }
    }
    const cell = this.#cell(ir)
    return (env) => {
      const value = cell(env)
      return typeof value === 'string' ? value : undefined
    }
  }

  #cell(ir: Ir): Run<Cell> {
    switch (ir.op) {
      case 'root':
        return (env) => env.roots[ir.name]
      case 'variable':
        return (env) => env.variables[ir.slot]
      case 'field': {
        const of = this.#cell(ir.of)
        return (env) => {
          const record = of(env)
          return isItem(record) ? record[ir.name] : undefined
        }
      }
      case 'filter':
        return this.#list(ir)
      default:
        throw new TypeError(`${ir.op} is no fact`)
    }
  }

  #list(ir: Ir): Run<List> {
    if (ir.op === 'filter') return this.#filter(ir.list, ir.slot, ir.body)
    const cell = this.#cell(ir)
    return (env) => {
      const value = cell(env)
      return isList(value) ? value : NOTHING
    }
  }

  #and(leftIr: Ir, rightIr: Ir): Run<number> {
    const [left, right] = [this.truth(leftIr), this.truth(rightIr)]
    return (env) => {
      const first = left(env)
      return first === F ? F : first & right(env)
    }
  }

  #or(leftIr: Ir, rightIr: Ir): Run<number> {
    const [left, right] = [this.truth(leftIr), this.truth(rightIr)]
    return (env) => {
      const first = left(env)
      return first === T ? T : first | right(env)
    }
  }

  #atLeast(count: number, parts: readonly Run<number>[]): Run<number> {
    return (env) => {
      let certain = 0
      let possible = 0
      for (const part of parts) {
        const truth = part(env)
        certain += truth & 1
        possible += truth >> 1
      }
      return fromCases(possible >= count, certain >= count)
    }
  }

  #exists(listIr: Ir, slot: number, bodyIr: Ir): Run<number> {
    const [list, body] = [this.#list(listIr), this.truth(bodyIr)]
    return (env) => {
      const { items, member } = list(env)
      let truth = F
      for (let i = 0; i < items.length && truth !== T; i += 1) {
        env.variables[slot] = items[i] ?? NO_FIELDS
        truth |= (member?.[i] ?? T) & body(env)
      }
      return truth
    }
  }

  /** How many items certainly and possibly hold. */
  #tally(listIr: Ir, slot: number, bodyIr: Ir): Run<readonly [number, number]> {
    const [list, body] = [this.#list(listIr), this.truth(bodyIr)]
    return (env) => {
      const { items, member } = list(env)
      let certain = 0
      let possible = 0
      for (let i = 0; i < items.length; i += 1) {
        env.variables[slot] = items[i] ?? NO_FIELDS
        const truth = (member?.[i] ?? T) & body(env)
        certain += truth & 1
        possible += truth >> 1
      }
      return [certain, possible]
    }
  }

  /** No variable is bound: those of the lists around it keep their items. */
  #size(listIr: Ir): Run<readonly [number, number]> {
    const list = this.#list(listIr)
    return (env) => {
      const { items, member } = list(env)
      if (member === undefined) return [items.length, items.length]
      return [member.filter((truth) => truth === T).length, items.length]
    }
  }

  #existsOne(listIr: Ir, slot: number, bodyIr: Ir): Run<number> {
    const tally = this.#tally(listIr, slot, bodyIr)
    return (env) => {
      const [certain, possible] = tally(env)
      return fromCases(certain <= 1 && possible >= 1, certain === 1 && possible === 1)
    }
  }

  #filter(listIr: Ir, slot: number, bodyIr: Ir): Run<List> {
    const [list, body] = [this.#list(listIr), this.truth(bodyIr)]
    return (env) => {
      const { items, member } = list(env)
      const kept: Item[] = []
      const codes: number[] = []
      items.forEach((item, i) => {
        env.variables[slot] = item
        const truth = (member?.[i] ?? T) & body(env)
        if (truth === F) return
        kept.push(item)
        codes.push(truth)
      })
      return { items: kept, member: codes }
    }
  }

  #first(options: readonly Run<number>[]): Run<number> {
    return (env) => {
      let mask = ABSENT
      for (const option of options) {
        mask = (mask & ~ABSENT) | option(env)
        if ((mask & ABSENT) === 0) return mask
      }
      return mask
    }
  }

  #level(of: Ir, type: Type): Run<number> {
    const text = this.text(of)
    const members = type.kind === 'enum' ? type.members : []
    return (env) => {
      const index = members.indexOf(text(env) ?? '')
      return index < 0 ? ABSENT : 1 << index
    }
  }

  #table(name: string, keyIr: Ir): Run<number> {
    const key = this.mask(keyIr)
    const table = this.#tables.get(name)
    if (table === undefined) throw new TypeError(`no table ${name}`)
    return (env) => {
      const mask = key(env)
      if ((mask & (mask - 1)) === 0)
        return mask === ABSENT ? ABSENT : (table.rows.get(mask) ?? table.fallback)
      let union = mask & ABSENT
      for (const bit of bitsOf(mask & ~ABSENT)) union |= table.rows.get(bit) ?? table.fallback
      return union
    }
  }

  #extreme(which: 'min' | 'max', parts: readonly Run<number>[]): Run<number> {
    return (env) =>
      parts
        .map((part) => part(env))
        .reduce((a, b) => {
          let union = (a | b) & ABSENT
          for (const x of bitsOf(a & ~ABSENT))
            for (const y of bitsOf(b & ~ABSENT)) union |= Math[which](x, y)
          return union
        })
  }

  #compareNumber(cmp: Comparison, leftIr: Ir, rightIr: Ir): Run<number> {
    const [left, right] = [this.#range(leftIr), this.#range(rightIr)]
    const limit = rightIr.op === 'number' ? rightIr.value : undefined
    const ages = leftIr.type.kind === 'age'
    return (env) => {
      const a = left(env)
      const b = right(env)
      if (a === undefined || b === undefined) return F
      if (ages && limit !== undefined) {
        // The age reaches the limit, and one second later passes it.
        turnsAt(env, env.now + limit - a[0])
        turnsAt(env, env.now + limit - a[0] + 1)
      }
      return compareRanges(cmp, a, b)
    }
  }

  #range(ir: Ir): Run<readonly [number, number] | undefined> {
    if (ir.op === 'number') {
      const constant = [ir.value, ir.value] as const
      return () => constant
    }
    if (ir.op === 'count') return this.#tally(ir.list, ir.slot, ir.body)
    if (ir.op === 'size') return this.#size(ir.list)
    const cell = this.#cell(ir)
    const grows = ir.type.kind === 'age'
    return (env) => {
      const value = cell(env)
      if (typeof value !== 'number') return undefined
      const current = grows ? value + env.now - env.measuredAt : value
      return [current, current]
    }
  }

  #compareTime(cmp: Comparison, leftIr: Ir, rightIr: Ir): Run<number> {
    const [left, right] = [this.#time(leftIr), this.#time(rightIr)]
    const moving = leftIr.op === 'now' || rightIr.op === 'now'
    return (env) => {
      const a = left(env)
      const b = right(env)
      if (a === undefined || b === undefined) return F
      if (moving) {
        const fixed = leftIr.op === 'now' ? b : a
        turnsAt(env, fixed)
        turnsAt(env, fixed + 1)
      }
      return compareRanges(cmp, [a, a], [b, b])
    }
  }

  #time(ir: Ir): Run<Seconds | undefined> {
    if (ir.op === 'now') return (env) => env.now
    if (ir.op === 'number') return () => ir.value
    const cell = this.#cell(ir)
    return (env) => {
      const value = cell(env)
      return typeof value === 'number' ? value : undefined
    }
  }

  #within(timeIr: Ir, endOf: (time: Seconds) => Seconds): Run<number> {
    const time = this.#time(timeIr)
    return (env) => {
      const from = time(env)
      if (from === undefined) return F
      const end = endOf(from)
      turnsAt(env, end)
      return fromBoolean(env.now < end)
    }
  }

  #has(ir: Ir): Run<number> {
    if (ir.type.kind === 'enum' || ir.type.kind === 'flag' || ir.type.kind === 'set') {
      const mask = this.mask(ir)
      return (env) => fromBoolean(mask(env) !== ABSENT)
    }
    const cell = this.#cell(ir)
    return (env) => fromBoolean(cell(env) !== undefined)
  }

  #slots(ir: SlotsIr): Run<number> {
    const list = this.#list(ir.list)
    const eligible = [ir.where, ir.every]
      .filter((part) => part !== undefined)
      .map((part) => this.truth(part))
    const needs = ir.needs.map((need) => need.map((cell) => this.truth(cell)))
    const keys = ir.distinct.map((key) =>
      key.type.kind === 'key' ? this.text(key) : this.mask(key),
    )
    const rank = ir.strongest === undefined ? undefined : this.mask(ir.strongest.rank)
    const strongest = ir.strongest === undefined ? undefined : this.truth(ir.strongest.where)
    return (env) => {
      const { items, member } = list(env)
      const matrices: SlotMatrix[] = needs.map(() => ({
        cells: [],
        keys: [],
        ranks: [],
        strongest: [],
      }))
      items.forEach((item, i) => {
        env.variables[ir.slot] = item
        const allowed = eligible.reduce(
          (truth, part) => (truth === F ? F : truth & part(env)),
          member?.[i] ?? T,
        )
        if (allowed === F) return
        const own = keys.map((key) => key(env))
        needs.forEach((need, n) => {
          const matrix = matrices[n]
          matrix?.cells.push(need.map((cell) => allowed & cell(env)))
          matrix?.keys.push(own)
          matrix?.ranks.push(rank?.(env) ?? 1)
          matrix?.strongest.push(strongest?.(env) ?? T)
        })
      })
      return matrices.reduce((truth, matrix) => (truth === T ? T : truth | fillSlots(matrix)), F)
    }
  }
}
