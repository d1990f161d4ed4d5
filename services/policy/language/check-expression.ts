import { FAULTY_IR, fits, type Checking, type Locals } from './checking.ts'
import { FunctionChecker } from './check-functions.ts'
import { NameChecker } from './check-names.ts'
import { OperatorChecker } from './check-operators.ts'
import { NO_COLUMNS, type Columns } from './columns.ts'
import type { Fault, Place, Report } from './diagnostic.ts'
import type { Ir } from './ir.ts'
import { F, T } from './kleene.ts'
import { usesItself } from './name-faults.ts'
import type { Definition, ParsedExpression, Scope } from './scope.ts'
import type { SourceMap, SourceText } from './source-map.ts'
import type { Ast } from './syntax.ts'
import { expectedKind, expectedType, LIST_OUT_OF_PLACE } from './type-faults.ts'
import { TRUTH, type Type } from './types.ts'

const NO_LOCALS: Locals = new Map()

/**
 * Types the expressions of one pack. Faults go into `report`; what is faulty gets the type `faulty`, which fits
 * everywhere. One instance per pack, so that every variable of the pack has a slot of its own.
 */
export class ExpressionChecker implements Checking {
  readonly scope: Scope
  readonly sources: SourceMap
  readonly settled = new WeakSet<Ir>()
  readonly #report: Report
  readonly #names: NameChecker
  readonly #functions: FunctionChecker
  readonly #operators: OperatorChecker
  readonly #inlining: string[] = []
  #nextSlot = 0
  #columns = NO_COLUMNS
  #monotone = false
  #source: SourceText = { text: '', placeAt: () => ({ file: '', line: 1, column: 1 }) }

  /** Where each condition stands goes into `sources`. */
  constructor(scope: Scope, report: Report, sources: SourceMap) {
    this.scope = scope
    this.#report = report
    this.sources = sources
    this.#names = new NameChecker(this)
    this.#functions = new FunctionChecker(this)
    this.#operators = new OperatorChecker(this)
  }

  get columns(): Columns {
    return this.#columns
  }

  get monotone(): boolean {
    return this.#monotone
  }

  placeAt(offset: number): Place {
    return this.#source.placeAt(offset)
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
    return this.#inSource(source, monotone, () => this.truth(source.ast, locals))
  }

  /** A value of type `expected`. */
  value(source: ParsedExpression, expected: Type, locals: Locals = NO_LOCALS): Ir {
    return this.#inSource(source, false, () => {
      const ir = this.check(source.ast, locals, expected)
      return fits(ir, expected) ? ir : this.fault(source.ast.at, expectedType(expected, ir.type))
    })
  }

  /** A value of whatever type it has. */
  any(source: ParsedExpression, monotone: boolean, locals: Locals = NO_LOCALS): Ir {
    return this.#inSource(source, monotone, () => this.check(source.ast, locals))
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

  fault(at: number, fault: Fault): Ir {
    return this.faultIn(this.placeAt(at), fault)
  }

  faultIn(place: Place, fault: Fault): Ir {
    this.#report.add(place, fault)
    return FAULTY_IR
  }

  truth(ast: Ast, locals: Locals): Ir {
    const ir = this.check(ast, locals, TRUTH)
    if (ir.type.kind === 'truth' || ir.type.kind === 'faulty') return ir
    if (ir.type.kind === 'flag')
      return this.#placed({ op: 'holds', flag: ir, type: TRUTH }, ast, locals)
    return this.fault(ast.at, expectedKind('condition', ir.type))
  }

  /** A condition keeps its place; an argument that is one keeps that of the call alone. */
  #placed(ir: Ir, ast: Ast, locals: Locals): Ir {
    if (ir.type.kind !== 'truth' || (ast.kind === 'name' && locals.has(ast.name))) return ir
    this.sources.add(ir, { source: this.#source, at: ast.at, end: ast.end })
    return ir
  }

  check(ast: Ast, locals: Locals, expected?: Type): Ir {
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
          return this.#names.member(String(ast.value), this.placeAt(ast.at), expected)
        return { op: 'number', value: ast.value, type: { kind: 'int' } }
      case 'duration':
        return { op: 'number', value: ast.seconds, type: { kind: 'duration' } }
      case 'text':
        if (expected?.kind === 'enum')
          return this.#names.member(ast.value, this.placeAt(ast.at), expected)
        if (expected?.kind === 'timestamp') return this.#names.instant(ast.value, ast.at)
        return {
          op: 'text',
          value: ast.value,
          type: { kind: expected?.kind === 'label' ? 'label' : 'key' },
        }
      case 'name':
        return this.#names.name(ast.name, ast.at, locals, expected)
      case 'list':
        return this.fault(ast.at, LIST_OUT_OF_PLACE)
      case 'field':
        return this.#names.field(ast, locals)
      case 'index':
        return this.#names.index(ast, locals)
      case 'call':
        return this.#functions.call(ast, locals, expected)
      case 'method':
        return this.#functions.method(ast, locals)
      case 'not':
        return this.#operators.not(ast, locals)
      case 'binary':
        return this.#operators.binary(ast, locals)
      case 'conditional':
        return this.#operators.conditional(ast, locals, expected)
    }
  }

  inline(definition: Definition, args: readonly Ir[], at: number, monotone = this.#monotone): Ir {
    if (this.#inlining.includes(definition.name) || this.#inlining.length > 30) {
      return this.fault(at, usesItself(definition.name))
    }
    this.#inlining.push(definition.name)
    const locals = new Map(definition.parameters.map((name, i) => [name, args[i] ?? FAULTY_IR]))
    const ir = this.inRow(NO_COLUMNS, () =>
      this.#inSource(definition.body, monotone, () => {
        const checked = this.check(definition.body.ast, locals)
        return checked.type.kind === 'flag'
          ? this.#placed({ op: 'holds', flag: checked, type: TRUTH }, definition.body.ast, locals)
          : checked
      }),
    )
    this.#inlining.pop()
    return ir
  }
}
