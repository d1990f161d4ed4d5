import { midnightAfterDays, type Seconds } from './dates.ts'
import type { Ir, SlotsIr } from './ir.ts'
import { F, fromBoolean, not, T, U } from './kleene.ts'
import type { Pack } from './pack.ts'
import { isItem, isList, type Cell, type Item, type List } from './subject.ts'
import type { Comparison } from './syntax.ts'
import { assign, keyOf, type Piece } from './trace-slots.ts'
import {
  all,
  bits,
  both,
  fromMask,
  highest,
  holds,
  joined,
  merged,
  plain,
  some,
  steps,
  toMask,
  unique,
  type Possible,
  type TraceNode,
  type Value,
} from './trace-values.ts'
import { ABSENT, type Type } from './types.ts'

/** What a tracing evaluation starts from. */
export interface TraceInput {
  readonly pack: Pack
  readonly roots: Item
  /** Where each record stands in the facts. */
  readonly paths: ReadonlyMap<Item, string>
  readonly now: Seconds
  /** The instant at which the ages in the facts were measured. */
  readonly measuredAt: Seconds
  /** Still possible levels of the axes computed so far. */
  readonly axes: Map<string, number>
  /** Elements that the variables stand for, by slot. */
  readonly variables?: readonly (Item | undefined)[]
}

type Quantifier = Ir & { readonly op: 'exists' | 'all' | 'exists_one' | 'filter' | 'count' }

/**
 * Evaluates conditions step by step and tells every step. It shares no evaluation with the closures or with generated
 * code, and looks at every part even where one decides: slow, and the reference that the others are held against.
 */
export class Tracer {
  readonly #input: TraceInput
  readonly #variables: (Item | undefined)[]

  constructor(input: TraceInput) {
    this.#input = input
    this.#variables = [...(input.variables ?? [])]
  }

  condition(ir: Ir): TraceNode {
    switch (ir.op) {
      case 'truth':
        return { ir, truth: ir.value, reads: [], parts: [] }
      case 'and':
      case 'or': {
        const parts = [this.condition(ir.left), this.condition(ir.right)]
        return { ir, truth: ir.op === 'and' ? all(parts) : some(parts), reads: [], parts }
      }
      case 'not': {
        const part = this.condition(ir.of)
        return { ir, truth: not(part.truth), reads: [], parts: [part] }
      }
      case 'at-least': {
        const parts = ir.of.map((part) => this.condition(part))
        const certain = parts.filter(({ truth }) => truth === T).length
        const possible = parts.filter(({ truth }) => truth !== F).length
        const truth = certain >= ir.count ? T : possible >= ir.count ? U : F
        return { ir, truth, reads: [], parts }
      }
      case 'conditional':
        return this.#choice(ir)
      case 'exists':
      case 'all':
      case 'exists_one':
        return this.#quantified(ir)
      case 'slots':
        return this.#slots(ir)
      case 'field':
      case 'variable':
      case 'root': {
        const { value, reads, parts } = this.#cell(ir)
        return { ir, truth: typeof value === 'number' ? value : F, reads, parts }
      }
      default:
        return this.#comparison(ir)
    }
  }

  /** Still possible members as a mask. */
  mask(ir: Ir): number {
    return toMask(this.#possible(ir).value)
  }

  text(ir: Ir): string | undefined {
    return this.#text(ir).value
  }

  list(ir: Ir): List {
    return this.#list(ir).value
  }

  #choice(ir: Ir & { op: 'conditional' }): TraceNode {
    const parts = [
      this.condition(ir.test),
      this.condition(ir.then),
      this.condition(ir.otherwise),
    ] as const
    const [test, then, otherwise] = parts.map(({ truth }) => truth)
    const open = then === otherwise ? then : U
    const truth = test === T ? then : test === F ? otherwise : open
    return { ir, truth: truth ?? F, reads: [], parts }
  }

  #comparison(ir: Ir): TraceNode {
    switch (ir.op) {
      case 'holds':
        return this.#ofMembers(ir, ir.flag, (member) => member === 2)
      case 'one-of':
        return this.#ofMembers(ir, ir.of, (member) => ((member ?? ABSENT) & ir.mask) !== 0)
      case 'member-of': {
        const set = this.#possible(ir.set)
        const traced = this.#ofMembers(
          ir,
          ir.of,
          (member) => member !== undefined && set.value.includes(member),
        )
        return joined(traced, set)
      }
      case 'contains': {
        const { value, reads, parts } = this.#possible(ir.set)
        const truth = fromBoolean(bits(ir.mask).every((bit) => value.includes(bit)))
        return { ir, truth, reads, parts }
      }
      case 'compare-enum':
        return this.#pairs(ir, ir.left, ir.right, ir.cmp)
      case 'compare-number':
        return this.#numbers(ir)
      case 'compare-time': {
        const [left, right] = [this.#time(ir.left), this.#time(ir.right)]
        const known = left.value !== undefined && right.value !== undefined
        const truth = fromBoolean(known && holds(ir.cmp, left.value, right.value))
        return { ir, truth, ...both(left, right) }
      }
      case 'same-key': {
        const [left, right] = [this.#text(ir.left), this.#text(ir.right)]
        const truth = fromBoolean(left.value !== undefined && left.value === right.value)
        return { ir, truth, ...both(left, right) }
      }
      case 'within':
        return this.#within(ir, ir.time, (time) => time + ir.seconds + 1)
      case 'within-days':
        return this.#within(ir, ir.time, (time) => midnightAfterDays(time, ir.days, ir.zone))
      case 'has':
        return this.#has(ir, ir.of)
      default:
        throw new TypeError(`${ir.op} is no condition`)
    }
  }

  /** Whether all, some or none of the values that are still possible are as wanted. */
  #ofMembers(ir: Ir, of: Ir, wanted: (member: number | undefined) => boolean): TraceNode {
    const { value, reads, parts } = this.#possible(of)
    const found = value.filter((member) => wanted(member)).length
    const truth = found === 0 ? F : found === value.length ? T : U
    return { ir, truth, reads, parts }
  }

  #pairs(ir: Ir, leftIr: Ir, rightIr: Ir, cmp: Comparison): TraceNode {
    const [left, right] = [this.#possible(leftIr), this.#possible(rightIr)]
    const outcomes = left.value.flatMap((a) =>
      right.value.map((b) => a !== undefined && b !== undefined && holds(cmp, a, b)),
    )
    const truth =
      outcomes.every(Boolean) && outcomes.length > 0 ? T : outcomes.some(Boolean) ? U : F
    return { ir, truth, ...both(left, right) }
  }

  #numbers(ir: Ir & { op: 'compare-number' }): TraceNode {
    const [left, right] = [this.#range(ir.left), this.#range(ir.right)]
    const rest = both(left, right)
    if (left.value === undefined || right.value === undefined) return { ir, truth: F, ...rest }
    const [[a0, a1], [b0, b1]] = [left.value, right.value]
    const outcomes = steps(a0, a1).flatMap((a) => steps(b0, b1).map((b) => holds(ir.cmp, a, b)))
    const truth = outcomes.every(Boolean) ? T : outcomes.some(Boolean) ? U : F
    return { ir, truth, ...rest }
  }

  #within(ir: Ir, timeIr: Ir, endOf: (time: Seconds) => Seconds): TraceNode {
    const { value, reads, parts } = this.#time(timeIr)
    const truth = fromBoolean(value !== undefined && this.#input.now < endOf(value))
    return { ir, truth, reads, parts }
  }

  #has(ir: Ir, of: Ir): TraceNode {
    const { kind } = of.type
    if (kind === 'enum' || kind === 'flag') {
      const { value, reads, parts } = this.#possible(of)
      const absent = value.length === 1 && value[0] === undefined
      return { ir, truth: fromBoolean(!absent), reads, parts }
    }
    const { value, reads, parts } = this.#cell(of)
    return { ir, truth: fromBoolean(value !== undefined), reads, parts }
  }

  #quantified(ir: Quantifier): TraceNode {
    const { members, parts, reads } = this.#elements(ir.list, ir.slot, ir.body)
    const rest = { ir, reads, parts: [...parts, ...members.map(({ part }) => part)] }
    // An element that may not be in the list counts at most as much as it is in it.
    const truths = members.map(({ member, part }) => member & part.truth)
    if (ir.op === 'exists') return { ...rest, truth: highest(truths) }
    if (ir.op === 'all') {
      const counter = members.map(({ member, part }) => member & not(part.truth))
      return { ...rest, truth: not(highest(counter)) }
    }
    const certain = truths.filter((truth) => truth === T).length
    const possible = truths.filter((truth) => truth !== F).length
    const truth = certain > 1 || possible === 0 ? F : certain === 1 && possible === 1 ? T : U
    return { ...rest, truth }
  }

  #elements(listIr: Ir, slot: number, body: Ir) {
    const { value, reads, parts } = this.#list(listIr)
    const members = value.items.map((item, i) => ({
      item,
      member: value.member?.[i] ?? T,
      part: this.#forElement(slot, item, body),
    }))
    return { members, reads, parts }
  }

  #forElement(slot: number, item: Item, body: Ir): TraceNode {
    const before = this.#variables[slot]
    this.#variables[slot] = item
    const node = this.condition(body)
    this.#variables[slot] = before
    return { ...node, element: this.#pathOf(item) }
  }

  #list(ir: Ir): Value<List> {
    if (ir.op === 'filter') {
      const { members, reads, parts } = this.#elements(ir.list, ir.slot, ir.body)
      const kept = members.flatMap(({ item, member, part }) => {
        const truth = member & part.truth
        return truth === F ? [] : [{ item, truth }]
      })
      const value = {
        items: kept.map(({ item }) => item),
        member: kept.map(({ truth }) => truth),
      }
      return { value, reads, parts: [...parts, ...members.map(({ part }) => part)] }
    }
    const { value, reads, parts } = this.#cell(ir)
    return { value: isList(value) ? value : { items: [] }, reads, parts }
  }

  #cell(ir: Ir): Value<Cell> {
    switch (ir.op) {
      case 'root': {
        const value = this.#input.roots[ir.name]
        const reads = ir.type.kind === 'list' ? [{ path: ir.name, type: ir.type, value }] : []
        return { value, reads, parts: [] }
      }
      case 'variable':
        return plain(this.#variables[ir.slot])
      case 'field': {
        const { value: record, reads, parts } = this.#cell(ir.of)
        const value = isItem(record) ? record[ir.name] : undefined
        if (ir.type.kind === 'record' && value !== undefined) return { value, reads, parts }
        const path = isItem(record) ? `${this.#pathOf(record)}.${ir.name}` : missingPath(ir)
        return { value, reads: [...reads, { path, type: ir.type, value }], parts }
      }
      default:
        throw new TypeError(`${ir.op} is no fact`)
    }
  }

  #pathOf(item: Item): string {
    if (item === this.#input.roots['checks']) return 'checks'
    if (item === this.#input.roots['policy']) return 'policy'
    return this.#input.paths.get(item) ?? ''
  }

  #possible(ir: Ir): Value<Possible> {
    switch (ir.op) {
      case 'mask':
        return plain(bits(ir.value))
      case 'truth':
        return plain([ir.value === T ? 2 : 1])
      case 'axis':
        return plain(fromMask(this.#input.axes.get(ir.axis) ?? ABSENT))
      case 'level': {
        const { value, reads, parts } = this.#text(ir.of)
        const index =
          ir.type.kind === 'enum' && value !== undefined ? ir.type.members.indexOf(value) : -1
        return { value: [index < 0 ? undefined : 1 << index], reads, parts }
      }
      case 'first':
        return this.#first(ir.options)
      case 'table':
        return this.#table(ir)
      case 'extreme':
        return this.#extreme(ir)
      case 'conditional': {
        const test = this.condition(ir.test)
        const [then, otherwise] = [this.#possible(ir.then), this.#possible(ir.otherwise)]
        const value =
          test.truth === T
            ? then.value
            : test.truth === F
              ? otherwise.value
              : unique([...then.value, ...otherwise.value])
        const rest = both(then, otherwise)
        return { value, reads: rest.reads, parts: [test, ...rest.parts] }
      }
      default: {
        const { value, reads, parts } = this.#cell(ir)
        return { value: typeof value === 'number' ? fromMask(value) : [undefined], reads, parts }
      }
    }
  }

  #first(options: readonly Ir[]): Value<Possible> {
    const values = options.map((option) => this.#possible(option))
    let value: Possible = [undefined]
    for (const option of values) {
      if (!value.includes(undefined)) break
      value = unique([...value.filter((member) => member !== undefined), ...option.value])
    }
    return { value, ...merged(values) }
  }

  #table(ir: Ir & { op: 'table' }): Value<Possible> {
    const table = this.#input.pack.tables.get(ir.table)
    if (table === undefined) throw new TypeError(`no table ${ir.table}`)
    const { value, reads, parts } = this.#possible(ir.key)
    const rows = value.map((key) =>
      key === undefined ? undefined : fromMask(table.rows.get(key) ?? table.fallback)[0],
    )
    return { value: unique(rows), reads, parts }
  }

  #extreme(ir: Ir & { op: 'extreme' }): Value<Possible> {
    const values = ir.of.map((part) => this.#possible(part))
    const value = values
      .map((one) => one.value)
      .reduce((left, right) =>
        unique(
          left.flatMap((a) =>
            right.map((b) =>
              a === undefined || b === undefined ? undefined : Math[ir.which](a, b),
            ),
          ),
        ),
      )
    return { value, ...merged(values) }
  }

  #range(ir: Ir): Value<readonly [number, number] | undefined> {
    if (ir.op === 'number') return plain([ir.value, ir.value] as const)
    if (ir.op === 'count' || ir.op === 'size') {
      const { members, reads, parts } =
        ir.op === 'count' ? this.#elements(ir.list, ir.slot, ir.body) : this.#sized(ir.list)
      const truths = members.map(({ member, part }) => member & (part?.truth ?? T))
      const certain = truths.filter((truth) => truth === T).length
      const possible = truths.filter((truth) => truth !== F).length
      const own = members.flatMap(({ part }) => (part === undefined ? [] : [part]))
      return { value: [certain, possible], reads, parts: [...parts, ...own] }
    }
    const { value, reads, parts } = this.#cell(ir)
    if (typeof value !== 'number') return { value: undefined, reads, parts }
    const grown = ir.type.kind === 'age' ? this.#input.now - this.#input.measuredAt : 0
    return { value: [value + grown, value + grown], reads, parts }
  }

  #sized(list: Ir) {
    const { value, reads, parts } = this.#list(list)
    const members = value.items.map((_, i) => ({ member: value.member?.[i] ?? T, part: undefined }))
    return { members, reads, parts }
  }

  #time(ir: Ir): Value<Seconds | undefined> {
    if (ir.op === 'now') return plain(this.#input.now)
    if (ir.op === 'number') return plain(ir.value)
    const { value, reads, parts } = this.#cell(ir)
    return { value: typeof value === 'number' ? value : undefined, reads, parts }
  }

  #text(ir: Ir): Value<string | undefined> {
    if (ir.op === 'text') return plain(ir.value)
    if (ir.op === 'first') {
      const values = ir.options.map((option) => this.#text(option))
      return { value: values.find(({ value }) => value !== undefined)?.value, ...merged(values) }
    }
    const { value, reads, parts } = this.#cell(ir)
    return { value: typeof value === 'string' ? value : undefined, reads, parts }
  }

  #slots(ir: SlotsIr & { readonly type: Type }): TraceNode {
    const { value, reads, parts } = this.#list(ir.list)
    const pieces = value.items.map((item, i) => this.#piece(ir, item, value.member?.[i] ?? T))
    const certain = ir.needs.flatMap((need, n) => assign(pieces, need.length, n, T))[0]
    const chosen = certain ?? ir.needs.flatMap((need, n) => assign(pieces, need.length, n, U))[0]
    const truth = certain !== undefined ? T : chosen !== undefined ? U : F
    const filled = chosen?.map((piece) => piece.path)
    const own = pieces.flatMap((piece) => piece.parts)
    return {
      ir,
      truth,
      reads,
      parts: [...parts, ...own],
      ...(filled === undefined ? {} : { filled }),
    }
  }

  #piece(ir: SlotsIr, item: Item, member: number): Piece {
    const own = (part: Ir | undefined) =>
      part === undefined ? undefined : this.#forElement(ir.slot, item, part)
    const guards = [own(ir.where), own(ir.every)].filter((node) => node !== undefined)
    const cells = ir.needs.map((need) => need.map((cell) => this.#forElement(ir.slot, item, cell)))
    const strongest = own(ir.strongest?.where)
    this.#variables[ir.slot] = item
    const keys = ir.distinct.map((key) =>
      key.type.kind === 'key' ? this.text(key) : keyOf(this.mask(key)),
    )
    const rank = ir.strongest === undefined ? [1] : this.#possible(ir.strongest.rank).value
    const allowed = guards.reduce((truth, { truth: own }) => truth & own, member)
    return {
      path: this.#pathOf(item),
      cells: cells.map((need) => need.map(({ truth }) => truth & allowed)),
      keys,
      rank,
      strongest: strongest?.truth ?? T,
      parts: [...guards, ...cells.flat(), ...(strongest === undefined ? [] : [strongest])],
    }
  }
}

/** Path of a field whose record is not there. */
function missingPath(ir: Ir): string {
  if (ir.op === 'field') return `${missingPath(ir.of)}.${ir.name}`
  return ir.op === 'root' ? ir.name : ''
}
