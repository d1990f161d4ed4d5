import { codingOf, type CodedLayout, type CodedRecord, type Coding } from './coded-layout.ts'
import type { Ir, SlotsIr, Table } from './ir.ts'
import { F, T } from './kleene.ts'
import type { Comparison } from './syntax.ts'
import { ABSENT } from './types.ts'

/** An operation that no code is generated for; closures run the rule instead. */
export class NotGenerated extends Error {
  constructor(what: string) {
    super(`no code is generated for ${what}`)
  }
}

/** Where a value belongs: the subject as a whole, or one item of a list for each item of the scopes around it. */
export interface Scope {
  readonly id: number
  readonly depth: number
  readonly parent: Scope | undefined
  readonly record: CodedRecord
  /** The list whose items these are, and in which scope it is found. */
  readonly list: { readonly owner: Scope; readonly index: number } | undefined
}

/**
 * A node of the normal form: an expression in which equal parts are one node, defines and filters are gone, and each part
 * belongs to the outermost scope in which it has a value.
 */
export interface Node {
  readonly id: number
  readonly op: Op
  readonly args: readonly Node[]
  /** Constants of the operation, all of them integers. */
  readonly numbers: readonly number[]
  readonly scope: Scope
  /** For operations over a list: the scope of its items. */
  readonly items: Scope | undefined
  /** Its value is never open, whatever is open in the subject. */
  readonly exact: boolean
  uses: number
}

export type Op =
  | 'constant'
  | 'load'
  | 'open'
  | 'now'
  | 'age'
  | 'axis'
  | 'and'
  | 'or'
  | 'not'
  | 'at-least'
  | 'one-of'
  | 'member-of'
  | 'contains'
  | 'compare-mask'
  | 'compare-number'
  | 'compare-time'
  | 'same-text'
  | 'within'
  | 'within-days'
  | 'has-mask'
  | 'has-number'
  | 'has-text'
  | 'choose-truth'
  | 'choose-mask'
  | 'first-mask'
  | 'first-text'
  | 'table'
  | 'level'
  | 'extreme'
  | 'exists'
  | 'count'
  | 'one'
  | 'slots'

export const COMPARISON_CODES = ['==', '<', '<=', '>', '>='] as const
export const COUNTED: readonly Op[] = ['exists', 'count', 'one', 'slots']

/** What the numbers of a node refer to, kept outside of the generated code. */
export interface Lookups {
  /** Masks by the position of the key's bit; the last entry answers for a key that was not established. */
  readonly tables: Int32Array[]
  /** Levels by the number of a text. */
  readonly levels: Int32Array[]
  readonly zones: { readonly days: number; readonly zone: string }[]
  readonly axes: string[]
}

type Tables = ReadonlyMap<string, Table>
type Locals = ReadonlyMap<number, Scope>
type Built = Pick<Node, 'op' | 'args'> &
  Partial<Pick<Node, 'numbers' | 'items' | 'scope' | 'exact'>>

/** Builds nodes; one instance per program, so that rules share what they have in common. */
export class NormalForm {
  readonly layout: CodedLayout
  readonly root: Scope
  readonly lookups: Lookups = { tables: [], levels: [], zones: [], axes: [] }
  readonly #nodes = new Map<string, Node>()
  readonly #scopes = new Map<string, Scope>()
  #tables: Tables = new Map()

  constructor(layout: CodedLayout) {
    this.layout = layout
    this.root = { id: 0, depth: 0, parent: undefined, record: layout.root, list: undefined }
  }

  /** The nodes so far, each after those it uses. */
  get nodes(): readonly Node[] {
    return [...this.#nodes.values()]
  }

  /** `tables` are those of the pack that the condition stands in. */
  condition(ir: Ir, tables: Tables): Node {
    this.#tables = tables
    return this.#truth(ir, new Map())
  }

  value(ir: Ir, tables: Tables): Node {
    this.#tables = tables
    return this.#mask(ir, new Map())
  }

  constant(value: number): Node {
    return this.#node({ op: 'constant', args: [], numbers: [value] })
  }

  #node({ op, args, numbers = [], items, scope, exact }: Built): Node {
    const home =
      scope ?? args.reduce<Scope>((a, { scope: b }) => (b.depth > a.depth ? b : a), this.root)
    const key = [op, home.id, items?.id ?? '', numbers.join(), ...args.map(({ id }) => id)].join(
      ' ',
    )
    const known = this.#nodes.get(key)
    if (known !== undefined) return known
    const node: Node = {
      id: this.#nodes.size,
      op,
      args,
      numbers,
      scope: home,
      items,
      exact: exact ?? args.every((arg) => arg.exact),
      uses: 0,
    }
    for (const arg of args) arg.uses += 1
    this.#nodes.set(key, node)
    return node
  }

  #truth(ir: Ir, locals: Locals): Node {
    switch (ir.op) {
      case 'truth':
        return this.constant(ir.value)
      case 'and':
        return this.#and(this.#truth(ir.left, locals), this.#truth(ir.right, locals))
      case 'or':
        return this.#or(this.#truth(ir.left, locals), this.#truth(ir.right, locals))
      case 'not':
        return this.#not(this.#truth(ir.of, locals))
      case 'at-least':
        return this.#atLeast(
          ir.count,
          ir.of.map((part) => this.#truth(part, locals)),
        )
      case 'holds':
        return this.#oneOf(this.#mask(ir.flag, locals), 2)
      case 'one-of':
        return this.#oneOf(this.#mask(ir.of, locals), ir.mask)
      case 'member-of':
        return this.#node({
          op: 'member-of',
          args: [this.#mask(ir.of, locals), this.#mask(ir.set, locals)],
        })
      case 'contains':
        return this.#node({
          op: 'contains',
          args: [this.#mask(ir.set, locals)],
          numbers: [ir.mask],
        })
      case 'compare-enum':
        return this.#compare('compare-mask', ir.cmp, [
          this.#mask(ir.left, locals),
          this.#mask(ir.right, locals),
        ])
      case 'compare-number':
        return this.#compareNumber(ir, locals)
      case 'compare-time':
        return this.#compare('compare-time', ir.cmp, [
          this.#time(ir.left, locals),
          this.#time(ir.right, locals),
        ])
      case 'same-key':
        return this.#node({
          op: 'same-text',
          args: [this.#text(ir.left, locals), this.#text(ir.right, locals)],
        })
      case 'within':
        return this.#node({
          op: 'within',
          args: [this.#time(ir.time, locals)],
          numbers: [ir.seconds + 1],
        })
      case 'within-days':
        return this.#node({
          op: 'within-days',
          args: [this.#time(ir.time, locals)],
          numbers: [this.#days(ir.days, ir.zone)],
        })
      case 'has':
        return this.#has(ir.of, locals)
      case 'exists':
        return this.#quantified('exists', ir, locals)
      case 'all':
        return this.#not(
          this.#quantified(
            'exists',
            { ...ir, body: { op: 'not', of: ir.body, type: ir.type } },
            locals,
          ),
        )
      case 'exists_one':
        return this.#quantified('one', ir, locals)
      case 'slots':
        return this.#slots(ir, locals)
      case 'conditional':
        return this.#node({
          op: 'choose-truth',
          args: [
            this.#truth(ir.test, locals),
            this.#truth(ir.then, locals),
            this.#truth(ir.otherwise, locals),
          ],
        })
      case 'field':
      case 'variable':
      case 'root':
        return this.#load(ir, 'truth', locals)
      default:
        throw new NotGenerated(`condition ${ir.op}`)
    }
  }

  #mask(ir: Ir, locals: Locals): Node {
    switch (ir.op) {
      case 'mask':
        return this.constant(ir.value)
      case 'truth':
        return this.constant(ir.value === T ? 2 : 1)
      case 'axis':
        return this.#node({
          op: 'axis',
          args: [],
          numbers: [this.#axis(ir.axis)],
          exact: false,
        })
      case 'level':
        return this.#level(ir, locals)
      case 'first':
        return this.#node({
          op: 'first-mask',
          args: ir.options.map((option) => this.#mask(option, locals)),
        })
      case 'table':
        return this.#node({
          op: 'table',
          args: [this.#mask(ir.key, locals)],
          numbers: [this.#table(ir.table)],
        })
      case 'extreme':
        return ir.of
          .map((part) => this.#mask(part, locals))
          .reduce((a, b) =>
            this.#node({ op: 'extreme', args: [a, b], numbers: [ir.which === 'min' ? 0 : 1] }),
          )
      case 'conditional':
        return this.#node({
          op: 'choose-mask',
          args: [
            this.#truth(ir.test, locals),
            this.#mask(ir.then, locals),
            this.#mask(ir.otherwise, locals),
          ],
        })
      default:
        return this.#load(ir, 'mask', locals)
    }
  }

  #text(ir: Ir, locals: Locals): Node {
    if (ir.op === 'text') return this.constant(this.layout.text(ir.value))
    if (ir.op === 'first') {
      return this.#node({
        op: 'first-text',
        args: ir.options.map((option) => this.#text(option, locals)),
      })
    }
    return this.#load(ir, 'text', locals)
  }

  #time(ir: Ir, locals: Locals): Node {
    if (ir.op === 'now') return this.#node({ op: 'now', args: [] })
    return this.#load(ir, 'instant', locals)
  }

  /** Loads keep their word; an open outcome is the one source of doubt in facts. */
  #load(ir: Ir, coding: Coding, locals: Locals): Node {
    if (codingOf(ir.type) !== coding) throw new NotGenerated(`${ir.type.kind} read as ${coding}`)
    const { scope, path } = this.#reach(ir, locals)
    return this.#node({
      op: coding === 'truth' ? 'open' : 'load',
      args: [],
      numbers: [scope.record.field(path, coding)],
      scope,
      exact: coding !== 'truth',
    })
  }

  #reach(ir: Ir, locals: Locals): { readonly scope: Scope; readonly path: readonly string[] } {
    if (ir.op === 'root') return { scope: this.root, path: [ir.name] }
    if (ir.op === 'variable') {
      const scope = locals.get(ir.slot)
      if (scope === undefined) throw new NotGenerated('a variable outside of its list')
      return { scope, path: [] }
    }
    if (ir.op !== 'field') throw new NotGenerated(`fact ${ir.op}`)
    const { scope, path } = this.#reach(ir.of, locals)
    return { scope, path: [...path, ir.name] }
  }

  #and(left: Node, right: Node): Node {
    if (isConstant(left, F) || isConstant(right, T)) return left
    if (isConstant(right, F) || isConstant(left, T) || left === right) return right
    return this.#node({ op: 'and', args: [left, right] })
  }

  #or(left: Node, right: Node): Node {
    if (isConstant(left, T) || isConstant(right, F)) return left
    if (isConstant(right, T) || isConstant(left, F) || left === right) return right
    return this.#node({ op: 'or', args: [left, right] })
  }

  #not(of: Node): Node {
    if (of.op === 'not' && of.args[0] !== undefined) return of.args[0]
    return this.#node({ op: 'not', args: [of] })
  }

  #atLeast(count: number, parts: readonly Node[]): Node {
    if (count === 1) return parts.reduce((a, b) => this.#or(a, b))
    if (count === parts.length) return parts.reduce((a, b) => this.#and(a, b))
    return this.#node({ op: 'at-least', args: parts, numbers: [count] })
  }

  #oneOf(of: Node, mask: number): Node {
    if (of.op === 'constant') {
      const [value = 0] = of.numbers
      return this.constant((value & mask) !== 0 && (value & ~mask) === 0 ? T : F)
    }
    return this.#node({ op: 'one-of', args: [of], numbers: [mask] })
  }

  #compare(
    op: 'compare-mask' | 'compare-number' | 'compare-time',
    cmp: Comparison,
    args: readonly Node[],
    more: readonly number[] = [],
  ): Node {
    const code = COMPARISON_CODES.findIndex((one) => one === cmp)
    if (code < 0) throw new NotGenerated(`comparison ${cmp}`)
    return this.#node({ op, args, numbers: [code, ...more] })
  }

  #compareNumber(ir: Ir & { op: 'compare-number' }, locals: Locals): Node {
    const turns = ir.left.type.kind === 'age' && ir.right.op === 'number'
    return this.#compare(
      'compare-number',
      ir.cmp,
      [this.#number(ir.left, locals), this.#number(ir.right, locals)],
      [turns ? 1 : 0],
    )
  }

  #number(ir: Ir, locals: Locals): Node {
    if (ir.op === 'number') {
      if (!Number.isSafeInteger(ir.value)) throw new NotGenerated('a fraction')
      return this.constant(ir.value)
    }
    if (ir.op === 'count') return this.#quantified('count', ir, locals)
    if (ir.op === 'size') {
      const body: Ir = { op: 'truth', value: T, type: { kind: 'truth' } }
      return this.#quantified('count', { list: ir.list, slot: -1, body }, locals)
    }
    const load = this.#load(ir, 'number', locals)
    return ir.type.kind === 'age' ? this.#node({ op: 'age', args: [load] }) : load
  }

  #has(of: Ir, locals: Locals): Node {
    const coding = codingOf(of.type)
    switch (coding) {
      case 'mask':
        return this.#node({ op: 'has-mask', args: [this.#mask(of, locals)] })
      case 'number':
      case 'instant':
        return this.#node({ op: 'has-number', args: [this.#load(of, coding, locals)] })
      case 'text':
        return this.#node({ op: 'has-text', args: [this.#load(of, coding, locals)] })
      default:
        throw new NotGenerated(`has of ${of.type.kind}`)
    }
  }

  /** A filter is a condition more on each item of the list that it looks into. */
  #source(list: Ir, locals: Locals): { readonly ir: Ir; readonly filters: readonly Filter[] } {
    if (list.op !== 'filter') return { ir: list, filters: [] }
    const inner = this.#source(list.list, locals)
    return { ir: inner.ir, filters: [...inner.filters, { slot: list.slot, body: list.body }] }
  }

  #itemScope(
    list: Ir,
    parts: readonly { readonly slot: number; readonly ir: Ir }[],
    locals: Locals,
  ): Scope {
    if (list.type.kind !== 'list') throw new NotGenerated(`a list of ${list.type.kind}`)
    const { scope: owner, path } = this.#reach(list, locals)
    const record = this.layout.record(list.type.record)
    const index = owner.record.list(path, record)
    const own = new Set(parts.map(({ slot }) => slot))
    let parent = owner
    for (const { ir } of parts) {
      for (const slot of variablesOf(ir)) {
        const scope = own.has(slot) ? undefined : locals.get(slot)
        if (scope !== undefined && scope.depth > parent.depth) parent = scope
      }
    }
    const key = `${parent.id} ${owner.id} ${index}`
    const known = this.#scopes.get(key)
    // Items of one list inside of themselves are another scope: `bindings.exists(b, bindings.exists(o, …b…))`.
    if (known !== undefined) return known
    const scope: Scope = {
      id: this.#scopes.size + 1,
      depth: parent.depth + 1,
      parent,
      record,
      list: { owner, index },
    }
    this.#scopes.set(key, scope)
    return scope
  }

  #quantified(
    op: 'exists' | 'count' | 'one',
    { list, slot, body }: { readonly list: Ir; readonly slot: number; readonly body: Ir },
    locals: Locals,
  ): Node {
    const { ir, filters } = this.#source(list, locals)
    const parts = [
      ...filters.map((filter) => ({ slot: filter.slot, ir: filter.body })),
      { slot, ir: body },
    ]
    const items = this.#itemScope(ir, parts, locals)
    const inside = parts.reduce((map, part) => new Map(map).set(part.slot, items), new Map(locals))
    const condition = parts
      .map((part) => this.#truth(part.ir, inside))
      .reduce((a, b) => this.#and(a, b))
    return this.#overItems({ op, args: [condition], items })
  }

  #overItems({ op, args, items, numbers = [] }: Built & { readonly items: Scope }): Node {
    if (items.parent === undefined) throw new TypeError('items have a scope around them')
    return this.#node({ op, args, numbers, items, scope: items.parent })
  }

  /**
   * `numbers`: how many keys, whether a strongest piece is asked for, and the number of slots of each alternative; `args`: keys,
   * rank and strongest, then the slots of all alternatives, each with what admits a piece at all.
   */
  #slots(ir: SlotsIr, locals: Locals): Node {
    const { ir: list, filters } = this.#source(ir.list, locals)
    const { slot, where, every, strongest } = ir
    const admits = [where, every].filter((part) => part !== undefined)
    const own = [
      ...admits,
      ...ir.distinct,
      ...(strongest === undefined ? [] : [strongest.rank, strongest.where]),
      ...ir.needs.flat(),
    ]
    const parts = [
      ...filters.map((filter) => ({ slot: filter.slot, ir: filter.body })),
      ...own.map((part) => ({ slot, ir: part })),
    ]
    const items = this.#itemScope(list, parts, locals)
    const inside = parts.reduce((map, part) => new Map(map).set(part.slot, items), new Map(locals))
    const allowed = [...filters.map(({ body }) => body), ...admits]
      .map((part) => this.#truth(part, inside))
      .reduce((a, b) => this.#and(a, b), this.constant(T))
    const keys = ir.distinct.map((key) =>
      key.type.kind === 'key' ? this.#text(key, inside) : this.#mask(key, inside),
    )
    const most =
      strongest === undefined
        ? []
        : [this.#mask(strongest.rank, inside), this.#truth(strongest.where, inside)]
    const cells = ir.needs.flat().map((cell) => this.#and(allowed, this.#truth(cell, inside)))
    return this.#overItems({
      op: 'slots',
      args: [...keys, ...most, ...cells],
      items,
      numbers: [
        keys.length,
        strongest === undefined ? 0 : 1,
        ...ir.needs.map(({ length }) => length),
      ],
    })
  }

  #level(ir: Ir & { op: 'level' }, locals: Locals): Node {
    const of = this.#text(ir.of, locals)
    const members = ir.type.kind === 'enum' ? ir.type.members : []
    const numbers = members.map((member) => this.layout.text(member))
    const levels = new Int32Array(Math.max(0, ...numbers) + 1).fill(ABSENT)
    for (const [index, number] of numbers.entries()) levels[number] = 1 << index
    const index = placeOf(levels, this.lookups.levels)
    return this.#node({ op: 'level', args: [of], numbers: [index] })
  }

  #table(name: string): number {
    const table = this.#tables.get(name)
    if (table === undefined) throw new TypeError(`no table ${name}`)
    const masks = new Int32Array(31)
    for (let bit = 0; bit < 30; bit += 1) masks[bit] = table.rows.get(1 << bit) ?? table.fallback
    masks[30] = ABSENT
    return placeOf(masks, this.lookups.tables)
  }

  #days(days: number, zone: string): number {
    const { zones } = this.lookups
    const known = zones.findIndex((other) => other.days === days && other.zone === zone)
    return known >= 0 ? known : zones.push({ days, zone }) - 1
  }

  #axis(name: string): number {
    const known = this.lookups.axes.indexOf(name)
    return known >= 0 ? known : this.lookups.axes.push(name) - 1
  }
}

interface Filter {
  readonly slot: number
  readonly body: Ir
}

/** Position of a list of the same numbers, which is added where there is none: what is equal becomes one node. */
function placeOf(numbers: Int32Array, lists: Int32Array[]): number {
  const same = lists.findIndex((other) => other.join() === numbers.join())
  return same >= 0 ? same : lists.push(numbers) - 1
}

function isConstant({ op, numbers }: Node, value: number): boolean {
  return op === 'constant' && numbers[0] === value
}

const KNOWN_VARIABLES = new WeakMap<Ir, ReadonlySet<number>>()

/** Variables that an expression names, with those that it binds itself. */
function variablesOf(ir: Ir): ReadonlySet<number> {
  const known = KNOWN_VARIABLES.get(ir)
  if (known !== undefined) return known
  const found = new Set<number>()
  const queue: unknown[] = [ir]
  for (let node = queue.pop(); node !== undefined; node = queue.pop()) {
    if (typeof node !== 'object' || node === null) continue
    if ('op' in node && node.op === 'variable' && 'slot' in node && typeof node.slot === 'number')
      found.add(node.slot)
    for (const [key, part] of Object.entries(node)) if (key !== 'type') queue.push(part)
  }
  KNOWN_VARIABLES.set(ir, found)
  return found
}
