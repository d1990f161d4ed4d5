import { NO_COLUMNS, type Columns } from './columns.ts'
import { readTime } from './dates.ts'
import { didYouMean, type DiagnosticCode, type Place, type Report } from './diagnostic.ts'
import type { Ir } from './ir.ts'
import { F, T } from './kleene.ts'
import {
  isZone,
  OPTION_RECORD,
  type Definition,
  type ParsedExpression,
  type Scope,
} from './scope.ts'
import type { SourceMap, SourceText } from './source-map.ts'
import type { Ast, Comparison } from './syntax.ts'
import { ABSENT, FAULTY, maskOf, TRUTH, typeName, type EnumType, type Type } from './types.ts'

type Locals = ReadonlyMap<string, Ir>
const NO_LOCALS: Locals = new Map()
const QUANTIFIERS = ['exists', 'all', 'exists_one', 'filter', 'count'] as const
const FUNCTIONS = [
  'within',
  'withinDays',
  'has',
  'min',
  'max',
  'first',
  'axis',
  'level',
  'sets.contains',
] as const

/**
 * Types the expressions of one pack. Faults go into `report`; what is faulty gets the type `faulty`, which fits
 * everywhere. One instance per pack, so that every variable of the pack has a slot of its own.
 */
export class ExpressionChecker {
  readonly #scope: Scope
  readonly #report: Report
  readonly #sources: SourceMap
  readonly #inlining: string[] = []
  /** Results of derived fields: what is negated inside them is settled before any rule. */
  readonly #settled = new WeakSet<Ir>()
  #nextSlot = 0
  #columns = NO_COLUMNS
  #monotone = false
  #source: SourceText = { text: '', placeAt: () => ({ file: '', line: 1, column: 1 }) }

  /** Where each condition stands goes into `sources`. */
  constructor(scope: Scope, report: Report, sources: SourceMap) {
    this.#scope = scope
    this.#report = report
    this.#sources = sources
  }

  get slots(): number {
    return this.#nextSlot
  }

  newSlot(): number {
    return this.#nextSlot++
  }

  /** Reads expressions of one row of a table: `$name` is the value of its cell. */
  inRow<R>(columns: Columns, work: () => R): R {
    const before = this.#columns
    this.#columns = columns
    try {
      return work()
    } finally {
      this.#columns = before
    }
  }

  /** A condition. `monotone` refuses what more evidence could turn from true to false, as grants demand. */
  condition(source: ParsedExpression, monotone: boolean, locals: Locals = NO_LOCALS): Ir {
    return this.#inSource(source, monotone, () => this.#truth(source.ast, locals))
  }

  /** A value of type `expected`. */
  value(source: ParsedExpression, expected: Type, locals: Locals = NO_LOCALS): Ir {
    return this.#inSource(source, false, () => {
      const ir = this.#check(source.ast, locals, expected)
      return this.#fits(ir, expected) ? ir : this.#mismatch(source.ast, expected, ir.type)
    })
  }

  /** A value of whatever type it has. */
  any(source: ParsedExpression, monotone: boolean, locals: Locals = NO_LOCALS): Ir {
    return this.#inSource(source, monotone, () => this.#check(source.ast, locals))
  }

  #inSource<R>(source: ParsedExpression, monotone: boolean, work: () => R): R {
    const before = [this.#source, this.#monotone] as const
    this.#source = source
    this.#monotone = monotone
    try {
      return work()
    } finally {
      ;[this.#source, this.#monotone] = before
    }
  }

  #fault(code: DiagnosticCode, at: number, message: string, help?: string): Ir {
    return this.#faultIn(code, this.#source.placeAt(at), message, help)
  }

  #faultIn(code: DiagnosticCode, place: Place, message: string, help?: string): Ir {
    this.#report.add(code, place, message, help)
    return { op: 'truth', value: F, type: FAULTY }
  }

  #fits(ir: Ir, expected: Type): boolean {
    if (ir.type.kind === 'faulty' || expected.kind === 'faulty') return true
    return typeName(ir.type) === typeName(expected) && ir.type.kind === expected.kind
  }

  #mismatch(ast: Ast, expected: Type, found: Type): Ir {
    return this.#fault(
      'type-mismatch',
      ast.at,
      `expected ${typeName(expected)}, found ${typeName(found)}`,
    )
  }

  #truth(ast: Ast, locals: Locals): Ir {
    const ir = this.#check(ast, locals, TRUTH)
    if (ir.type.kind === 'truth' || ir.type.kind === 'faulty') return ir
    if (ir.type.kind === 'flag')
      return this.#placed({ op: 'holds', flag: ir, type: TRUTH }, ast, locals)
    return this.#fault('type-mismatch', ast.at, `expected a condition, found ${typeName(ir.type)}`)
  }

  /** A condition keeps its place; an argument that is one keeps that of the call alone. */
  #placed(ir: Ir, ast: Ast, locals: Locals): Ir {
    if (ir.type.kind !== 'truth' || (ast.kind === 'name' && locals.has(ast.name))) return ir
    this.#sources.add(ir, { source: this.#source, at: ast.at, end: ast.end })
    return ir
  }

  #check(ast: Ast, locals: Locals, expected?: Type): Ir {
    return this.#placed(this.#typed(ast, locals, expected), ast, locals)
  }

  #typed(ast: Ast, locals: Locals, expected?: Type): Ir {
    switch (ast.kind) {
      case 'bool':
        if (expected?.kind === 'flag')
          return { op: 'mask', value: ast.value ? 2 : 1, type: expected }
        return { op: 'truth', value: ast.value ? T : F, type: TRUTH }
      case 'int':
        if (expected?.kind === 'enum')
          return this.#member(String(ast.value), this.#source.placeAt(ast.at), expected)
        return { op: 'number', value: ast.value, type: { kind: 'int' } }
      case 'duration':
        return { op: 'number', value: ast.seconds, type: { kind: 'duration' } }
      case 'text':
        if (expected?.kind === 'enum')
          return this.#member(ast.value, this.#source.placeAt(ast.at), expected)
        if (expected?.kind === 'timestamp') return this.#instant(ast.value, ast.at)
        return {
          op: 'text',
          value: ast.value,
          type: { kind: expected?.kind === 'label' ? 'label' : 'key' },
        }
      case 'name':
        return this.#name(ast.name, ast.at, locals, expected)
      case 'list':
        return this.#fault(
          'type-mismatch',
          ast.at,
          'a list can only stand right of `in` or in `sets.contains`',
        )
      case 'field':
        return this.#field(ast, locals)
      case 'index':
        return this.#index(ast, locals)
      case 'call':
        return this.#call(ast, locals, expected)
      case 'method':
        return this.#method(ast, locals)
      case 'not':
        return this.#not(ast, locals)
      case 'binary':
        return this.#binary(ast, locals)
      case 'conditional':
        return this.#conditional(ast, locals, expected)
    }
  }

  /** A day begins at midnight in the zone of the framework. */
  #instant(text: string, at: number): Ir {
    const value = readTime(text, this.#scope.zone)
    if (value !== undefined) return { op: 'number', value, type: { kind: 'timestamp' } }
    return this.#fault(
      'bad-date',
      at,
      `\`${text}\` is no date`,
      'write "2026-04-01" or "2026-04-01T09:00:00+09:00"',
    )
  }

  #member(name: string, place: Place, type: EnumType): Ir {
    const mask = maskOf(type, name)
    if (mask !== ABSENT) return { op: 'mask', value: mask, type }
    const isAxis = type.name.startsWith('axis ')
    return this.#faultIn(
      isAxis ? 'unknown-level' : 'enum-member',
      place,
      isAxis
        ? `unknown level \`${name}\` of ${type.name}`
        : `unknown member \`${name}\` of enum ${type.name}`,
      didYouMean(name, type.members) ?? `known: ${type.members.join(', ')}`,
    )
  }

  /** The cell of a column, as a value of the type that is expected; a member that does not exist is the cell's fault. */
  #cell(name: string, at: number, expected?: Type): Ir {
    const cell = this.#columns.get(name)
    if (cell === undefined) {
      const help = this.#columns.hint(name)
      return this.#fault('unknown-name', at, `unknown column \`${name}\``, help)
    }
    if (cell.kind !== 'scalar' || cell.value === null)
      return this.#fault('type-mismatch', at, `\`${name}\` is a list`, 'use it in `need_each`')
    if (expected?.kind === 'enum') return this.#member(cell.text, cell.place, expected)
    if (expected?.kind === 'timestamp') return this.#instant(cell.text, at)
    if (typeof cell.value === 'number')
      return { op: 'number', value: cell.value, type: { kind: 'int' } }
    if (typeof cell.value === 'boolean') {
      if (expected?.kind === 'flag')
        return { op: 'mask', value: cell.value ? 2 : 1, type: expected }
      return { op: 'truth', value: cell.value ? T : F, type: TRUTH }
    }
    return {
      op: 'text',
      value: cell.text,
      type: { kind: expected?.kind === 'label' ? 'label' : 'key' },
    }
  }

  #name(name: string, at: number, locals: Locals, expected?: Type): Ir {
    if (name.startsWith('$')) return this.#cell(name, at, expected)
    const local = locals.get(name)
    if (local !== undefined) return local
    if (expected?.kind === 'enum' && expected.members.includes(name))
      return this.#member(name, this.#source.placeAt(at), expected)
    // The side that this word is compared with was reported already.
    if (expected?.kind === 'faulty') return FAULTY_IR
    if (name === 'now') return { op: 'now', type: { kind: 'timestamp' } }
    const define = this.#scope.defines.get(name)
    if (define?.parameters.length === 0) return this.#inline(define, [], at)
    const root =
      name === 'policy'
        ? ({ kind: 'record', record: OPTION_RECORD } as const)
        : this.#scope.catalogue.roots.get(name)
    if (root !== undefined) return { op: 'root', name, type: root }
    if (expected?.kind === 'enum') return this.#member(name, this.#source.placeAt(at), expected)
    const known = [
      ...locals.keys(),
      'now',
      ...this.#scope.defines.keys(),
      ...this.#scope.catalogue.roots.keys(),
    ]
    return this.#fault('unknown-name', at, `unknown name \`${name}\``, didYouMean(name, known))
  }

  #field(ast: Ast & { kind: 'field' }, locals: Locals): Ir {
    const of = this.#check(ast.of, locals)
    if (of.type.kind === 'faulty') return of
    if (of.type.kind !== 'record') {
      const help = of.type.kind === 'list' ? 'look into a list with `.exists(x, …)`' : undefined
      return this.#fault('type-mismatch', ast.nameAt, `${typeName(of.type)} has no fields`, help)
    }
    const { record } = of.type
    const derived = this.#scope.derived.get(record)?.get(ast.name)
    if (derived !== undefined) return this.#derivedField(derived, of, ast)
    const fields =
      record === OPTION_RECORD ? this.#scope.options : this.#scope.catalogue.records.get(record)
    const type = fields?.get(ast.name)
    if (type !== undefined) return { op: 'field', of, name: ast.name, type }
    const code = record === OPTION_RECORD ? 'unknown-option' : 'unknown-field'
    const known = [...(fields?.keys() ?? []), ...(this.#scope.derived.get(record)?.keys() ?? [])]
    return this.#fault(
      code,
      ast.nameAt,
      `unknown field \`${ast.name}\` of ${record}`,
      didYouMean(ast.name, known),
    )
  }

  #derivedField(definition: Definition, of: Ir, { name, nameAt }: Ast & { kind: 'field' }): Ir {
    const ir = this.#inline(definition, [of], nameAt, false)
    // A copy, so that a variable or constant shared with other expressions is not marked.
    const settled = { ...ir }
    this.#settled.add(settled)
    this.#sources.copy(ir, settled)
    this.#sources.derive(settled, name)
    return settled
  }

  #inline(definition: Definition, args: readonly Ir[], at: number, monotone = this.#monotone): Ir {
    if (this.#inlining.includes(definition.name) || this.#inlining.length > 30) {
      return this.#fault('define-cycle', at, `\`${definition.name}\` uses itself`)
    }
    this.#inlining.push(definition.name)
    const locals = new Map(definition.parameters.map((name, i) => [name, args[i] ?? FAULTY_IR]))
    const ir = this.inRow(NO_COLUMNS, () =>
      this.#inSource(definition.body, monotone, () => {
        const checked = this.#check(definition.body.ast, locals)
        return checked.type.kind === 'flag'
          ? this.#placed({ op: 'holds', flag: checked, type: TRUTH }, definition.body.ast, locals)
          : checked
      }),
    )
    this.#inlining.pop()
    return ir
  }

  #index(ast: Ast & { kind: 'index' }, locals: Locals): Ir {
    const { of } = ast
    if (of.kind !== 'field' || of.of.kind !== 'name' || of.of.name !== 'tables') {
      return this.#fault(
        'type-mismatch',
        ast.at,
        'only a table can be indexed: `tables.<name>[key]`',
      )
    }
    const table = this.#scope.tables.get(of.name)
    if (table === undefined) {
      return this.#fault(
        'unknown-name',
        of.nameAt,
        `unknown table \`${of.name}\``,
        didYouMean(of.name, this.#scope.tables.keys()),
      )
    }
    const key = this.#check(ast.key, locals, table.key)
    if (!this.#fits(key, table.key)) return this.#mismatch(ast.key, table.key, key.type)
    return { op: 'table', table: table.name, key, type: table.value }
  }

  #call(ast: Ast & { kind: 'call' }, locals: Locals, expected?: Type): Ir {
    const define = this.#scope.defines.get(ast.name)
    if (define !== undefined) {
      if (define.parameters.length !== ast.args.length)
        return this.#arity(ast, define.parameters.length)
      return this.#inline(
        define,
        ast.args.map((arg) => this.#check(arg, locals)),
        ast.at,
      )
    }
    switch (ast.name) {
      case 'within':
      case 'withinDays':
        return this.#checkWithin(ast, locals)
      case 'has':
        return this.#has(ast, locals)
      case 'min':
      case 'max':
        return this.#extreme(ast, ast.name, locals, expected)
      case 'first':
        return this.#first(ast, locals, expected)
      case 'axis':
        return this.#axis(ast)
      case 'level':
        return this.#level(ast, locals)
      default: {
        const known = [...FUNCTIONS, ...this.#scope.defines.keys()]
        return this.#fault(
          'unknown-function',
          ast.at,
          `unknown function \`${ast.name}\``,
          didYouMean(ast.name, known),
        )
      }
    }
  }

  #arity(ast: Ast, expected: number): Ir {
    return this.#fault(
      'type-mismatch',
      ast.at,
      `expected ${expected} argument${expected === 1 ? '' : 's'}`,
    )
  }

  #checkWithin(ast: Ast & { kind: 'call' }, locals: Locals): Ir {
    const [time, limit, zone] = ast.args
    if (time === undefined || limit === undefined) return this.#arity(ast, 2)
    const checked = this.#check(time, locals)
    const timestamp: Type = { kind: 'timestamp' }
    if (!this.#fits(checked, timestamp)) return this.#mismatch(time, timestamp, checked.type)
    if (ast.name === 'within') {
      if (limit.kind !== 'duration')
        return this.#fault('type-mismatch', limit.at, 'expected a duration such as `12h`')
      return { op: 'within', time: checked, seconds: limit.seconds, type: TRUTH }
    }
    if (limit.kind !== 'int')
      return this.#fault('type-mismatch', limit.at, 'expected a number of days')
    const name = zone?.kind === 'text' ? zone.value : this.#scope.zone
    if (!isZone(name))
      return this.#fault('bad-date', zone?.at ?? ast.at, `unknown time zone \`${name}\``)
    return { op: 'within-days', time: checked, days: limit.value, zone: name, type: TRUTH }
  }

  #has(ast: Ast & { kind: 'call' }, locals: Locals): Ir {
    const [arg] = ast.args
    if (arg === undefined || ast.args.length > 1) return this.#arity(ast, 1)
    if (this.#monotone) {
      return this.#fault(
        'grant-negation',
        ast.at,
        '`has` cannot stand in a grant',
        'compare the value, or use a veto or a cap',
      )
    }
    return { op: 'has', of: this.#check(arg, locals), type: TRUTH }
  }

  #extreme(ast: Ast & { kind: 'call' }, which: 'min' | 'max', locals: Locals, expected?: Type): Ir {
    const of = ast.args.map((arg) => this.#check(arg, locals, expected))
    const type = of.find(({ type }) => type.kind !== 'faulty')?.type
    if (type?.kind !== 'enum' || !type.ordered) {
      return this.#fault('type-mismatch', ast.at, `\`${which}\` needs values of one ordered enum`)
    }
    const odd = of.findIndex((ir) => !this.#fits(ir, type))
    if (odd >= 0) return this.#mismatch(ast.args[odd] ?? ast, type, of[odd]?.type ?? FAULTY)
    return { op: 'extreme', which, of, type }
  }

  #first(ast: Ast & { kind: 'call' }, locals: Locals, expected?: Type): Ir {
    const options = ast.args.map((arg) => this.#check(arg, locals, expected))
    const type = options[0]?.type
    if (type === undefined) return this.#arity(ast, 2)
    const odd = options.findIndex((ir) => !this.#fits(ir, type))
    if (odd >= 0) return this.#mismatch(ast.args[odd] ?? ast, type, options[odd]?.type ?? FAULTY)
    return { op: 'first', options, type }
  }

  #axis(ast: Ast & { kind: 'call' }): Ir {
    const [arg] = ast.args
    const name =
      arg?.kind === 'name' || arg?.kind === 'text'
        ? arg.kind === 'name'
          ? arg.name
          : arg.value
        : undefined
    if (arg === undefined || name === undefined)
      return this.#fault('type-mismatch', ast.at, '`axis` needs the name of an axis')
    const type = this.#scope.axes.get(name)
    if (type !== undefined) return { op: 'axis', axis: name, type }
    return this.#fault(
      'unknown-axis',
      arg.at,
      `unknown axis \`${name}\``,
      didYouMean(name, this.#scope.axes.keys()),
    )
  }

  #level(ast: Ast & { kind: 'call' }, locals: Locals): Ir {
    const [, text] = ast.args
    const axis = this.#axis(ast)
    if (text === undefined) return this.#arity(ast, 2)
    const of = this.#check(text, locals, { kind: 'label' })
    if (!this.#fits(of, { kind: 'label' })) return this.#mismatch(text, { kind: 'label' }, of.type)
    return axis.type.kind === 'faulty' ? axis : { op: 'level', of, type: axis.type }
  }

  #method(ast: Ast & { kind: 'method' }, locals: Locals): Ir {
    if (ast.of.kind === 'name' && ast.of.name === 'sets') return this.#contains(ast, locals)
    const list = this.#check(ast.of, locals)
    if (list.type.kind === 'faulty') return list
    const quantifier = QUANTIFIERS.find((name) => name === ast.name)
    if (quantifier === undefined && ast.name !== 'size') {
      const help = didYouMean(ast.name, [...QUANTIFIERS, 'size'])
      return this.#fault('unknown-function', ast.nameAt, `unknown function \`${ast.name}\``, help)
    }
    if (list.type.kind !== 'list') {
      return this.#fault(
        'type-mismatch',
        ast.of.at,
        `expected a list, found ${typeName(list.type)}`,
      )
    }
    if (quantifier === undefined) return { op: 'size', list, type: { kind: 'count' } }
    return this.#quantifier(quantifier, ast, list, list.type.record, locals)
  }

  #quantifier(
    op: (typeof QUANTIFIERS)[number],
    ast: Ast & { kind: 'method' },
    list: Ir,
    record: string,
    locals: Locals,
  ): Ir {
    const [variable, body] = ast.args
    if (variable?.kind !== 'name' || variable.name.startsWith('$') || body === undefined) {
      return this.#fault('type-mismatch', ast.nameAt, `write \`${op}(x, condition)\``)
    }
    if (this.#monotone && (op === 'all' || op === 'exists_one')) {
      return this.#fault(
        'grant-negation',
        ast.nameAt,
        `\`${op}\` cannot stand in a grant`,
        'more evidence could make it false: use a veto or a cap',
      )
    }
    const slot = this.newSlot()
    const element: Ir = { op: 'variable', slot, type: { kind: 'record', record } }
    const checked = this.#truth(body, new Map(locals).set(variable.name, element))
    const type: Type = op === 'filter' ? list.type : op === 'count' ? { kind: 'count' } : TRUTH
    return { op, list, slot, body: checked, type }
  }

  #contains(ast: Ast & { kind: 'method' }, locals: Locals): Ir {
    const [setAst, members] = ast.args
    if (ast.name !== 'contains' || setAst === undefined || members?.kind !== 'list') {
      return this.#fault('unknown-function', ast.nameAt, 'write `sets.contains(set, [members])`')
    }
    const set = this.#check(setAst, locals)
    if (set.type.kind === 'faulty') return set
    if (set.type.kind !== 'set')
      return this.#fault('type-mismatch', setAst.at, `expected a set, found ${typeName(set.type)}`)
    const mask = this.#masks(members.items, set.type.of, locals)
    return { op: 'contains', set, mask, type: TRUTH }
  }

  /** Union of literal members. */
  #masks(items: readonly Ast[], type: EnumType, locals: Locals): number {
    let mask = 0
    for (const item of items) {
      const ir = this.#check(item, locals, type)
      if (ir.op === 'mask') mask |= ir.value
      else if (ir.type.kind !== 'faulty')
        this.#fault('type-mismatch', item.at, `expected a member of ${typeName(type)}`)
    }
    return mask
  }

  #not(ast: Ast & { kind: 'not' }, locals: Locals): Ir {
    const of = this.#truth(ast.of, locals)
    this.#refuseNegation(of, ast.at)
    return { op: 'not', of, type: TRUTH }
  }

  /** A grant must stay when evidence is added: nothing about a list may be negated in it. */
  #refuseNegation(ir: Ir, at: number): void {
    if (!this.#monotone || !this.#looksIntoList(ir)) return
    this.#fault(
      'grant-negation',
      at,
      'a grant cannot negate what it finds in a list',
      'use a veto or a cap, or a derived field',
    )
  }

  #looksIntoList(ir: Ir): boolean {
    if (this.#settled.has(ir)) return false
    switch (ir.op) {
      case 'exists':
      case 'all':
      case 'exists_one':
      case 'count':
      case 'size':
      case 'slots':
        return true
      case 'and':
      case 'or':
      case 'compare-number':
      case 'compare-enum':
        return this.#looksIntoList(ir.left) || this.#looksIntoList(ir.right)
      case 'at-least':
        return ir.of.some((part) => this.#looksIntoList(part))
      case 'not':
        return this.#looksIntoList(ir.of)
      case 'conditional':
        return [ir.test, ir.then, ir.otherwise].some((part) => this.#looksIntoList(part))
      case 'one-of':
        return this.#looksIntoList(ir.of)
      default:
        return false
    }
  }

  #conditional(ast: Ast & { kind: 'conditional' }, locals: Locals, expected?: Type): Ir {
    const test = this.#truth(ast.test, locals)
    this.#refuseNegation(test, ast.test.at)
    // A bare member such as `STRONG` takes its enum from the other branch.
    const bareThen = ast.then.kind === 'name' || ast.then.kind === 'text'
    const firstAst = bareThen ? ast.otherwise : ast.then
    const secondAst = bareThen ? ast.then : ast.otherwise
    const first = this.#check(firstAst, locals, expected)
    const second = this.#check(secondAst, locals, expected ?? first.type)
    if (!this.#fits(second, first.type)) return this.#mismatch(secondAst, first.type, second.type)
    if (!['truth', 'enum', 'flag', 'faulty'].includes(first.type.kind)) {
      return this.#fault(
        'type-mismatch',
        ast.at,
        `a choice is between conditions or enum members, not ${typeName(first.type)}`,
      )
    }
    const [then, otherwise] = bareThen ? [second, first] : [first, second]
    return { op: 'conditional', test, then, otherwise, type: first.type }
  }

  #binary(ast: Ast & { kind: 'binary' }, locals: Locals): Ir {
    if (ast.op === '&&' || ast.op === '||') {
      const left = this.#truth(ast.left, locals)
      const right = this.#truth(ast.right, locals)
      return { op: ast.op === '&&' ? 'and' : 'or', left, right, type: TRUTH }
    }
    if (ast.op === 'in') return this.#in(ast, locals)
    const { left, right } = this.#pair(ast, locals)
    if (left.type.kind === 'faulty') return left
    if (right.type.kind === 'faulty') return right
    const equal = this.#compare(ast, ast.op === '!=' ? '==' : ast.op, left, right)
    if (ast.op !== '!=') return equal
    this.#refuseNegation(equal, ast.opAt)
    return { op: 'not', of: equal, type: TRUTH }
  }

  /** Both sides; a bare word takes its enum from the side that has a type of its own. */
  #pair(ast: Ast & { kind: 'binary' }, locals: Locals): { readonly left: Ir; readonly right: Ir } {
    const bare = ast.left.kind === 'name' || ast.left.kind === 'text' || ast.left.kind === 'bool'
    if (bare && !(ast.left.kind === 'name' && locals.has(ast.left.name))) {
      const right = this.#check(ast.right, locals)
      return { left: this.#check(ast.left, locals, right.type), right }
    }
    const left = this.#check(ast.left, locals)
    if (left.type.kind === 'set') {
      const help = 'write `member in set`, or `sets.contains(set, [members])`'
      return {
        left: this.#fault(
          'type-mismatch',
          ast.opAt,
          `a set cannot stand left of \`${ast.op}\``,
          help,
        ),
        right: FAULTY_IR,
      }
    }
    return { left, right: this.#check(ast.right, locals, left.type) }
  }

  #compare(ast: Ast & { kind: 'binary' }, cmp: Comparison, left: Ir, right: Ir): Ir {
    const kinds = `${left.type.kind} ${right.type.kind}`
    const equality = cmp === '=='
    if (
      left.type.kind === 'enum' &&
      (this.#fits(right, left.type) || sameLevels(left.type, right.type))
    ) {
      if (equality && right.op === 'mask')
        return { op: 'one-of', of: left, mask: right.value, type: TRUTH }
      if (equality && left.op === 'mask')
        return { op: 'one-of', of: right, mask: left.value, type: TRUTH }
      if (!equality && !left.type.ordered) {
        return this.#fault(
          'type-mismatch',
          ast.opAt,
          `members of enum ${left.type.name} have no order`,
        )
      }
      return { op: 'compare-enum', cmp, left, right, type: TRUTH }
    }
    if (equality && left.type.kind === 'flag' && right.op === 'mask') {
      return { op: 'one-of', of: left, mask: right.value, type: TRUTH }
    }
    if (equality && right.type.kind === 'flag' && left.op === 'mask') {
      return { op: 'one-of', of: right, mask: left.value, type: TRUTH }
    }
    if (equality && (kinds === 'key key' || kinds === 'label label' || kinds === 'label key')) {
      return { op: 'same-key', left, right, type: TRUTH }
    }
    if (kinds === 'timestamp timestamp' && !equality)
      return { op: 'compare-time', cmp, left, right, type: TRUTH }
    if (['int int', 'age int', 'age duration', 'count int', 'int count'].includes(kinds)) {
      if (this.#monotone && left.type.kind === 'count' && cmp !== '>=' && cmp !== '>') {
        return this.#fault(
          'grant-negation',
          ast.opAt,
          `a grant can only ask for at least a number, not \`${cmp}\``,
        )
      }
      return { op: 'compare-number', cmp, left, right, type: TRUTH }
    }
    return this.#fault(
      'type-mismatch',
      ast.opAt,
      `cannot compare ${typeName(left.type)} with ${typeName(right.type)} by \`${ast.op}\``,
    )
  }

  #in(ast: Ast & { kind: 'binary' }, locals: Locals): Ir {
    if (ast.right.kind === 'list') {
      const of = this.#check(ast.left, locals)
      if (of.type.kind === 'faulty') return of
      if (of.type.kind !== 'enum')
        return this.#fault(
          'type-mismatch',
          ast.left.at,
          `expected an enum, found ${typeName(of.type)}`,
        )
      return { op: 'one-of', of, mask: this.#masks(ast.right.items, of.type, locals), type: TRUTH }
    }
    const set = this.#check(ast.right, locals)
    if (set.type.kind === 'faulty') return set
    if (set.type.kind !== 'set') {
      return this.#fault(
        'type-mismatch',
        ast.right.at,
        `expected a set or a list of members, found ${typeName(set.type)}`,
      )
    }
    const of = this.#check(ast.left, locals, set.type.of)
    if (!this.#fits(of, set.type.of)) return this.#mismatch(ast.left, set.type.of, of.type)
    return { op: 'member-of', of, set, type: TRUTH }
  }
}

/** Two axes with the same levels may be compared with each other. */
function sameLevels(left: EnumType, right: Type): boolean {
  return (
    right.kind === 'enum' &&
    left.ordered &&
    left.name.startsWith('axis ') &&
    left.members.join('\n') === right.members.join('\n')
  )
}

const FAULTY_IR: Ir = { op: 'truth', value: F, type: FAULTY }
