import { fits, literalMembers, type Checking, type Locals } from './checking.ts'
import type { Ir } from './ir.ts'
import { unknownAxis, unknownFunction } from './name-faults.ts'
import { isZone } from './scope.ts'
import type { Ast } from './syntax.ts'
import {
  arity,
  CONTAINS_FORM,
  EXPECTED_DAYS,
  EXPECTED_DURATION,
  expectedKind,
  expectedType,
  HAS_IN_GRANT,
  NEEDS_AXIS_NAME,
  needsOrderedEnum,
  quantifierForm,
  quantifierInGrant,
  unknownZone,
} from './type-faults.ts'
import { FAULTY, TRUTH, type Type } from './types.ts'

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

/** Types the calls of functions, definitions and quantifiers. */
export class FunctionChecker {
  readonly #checking: Checking

  constructor(checking: Checking) {
    this.#checking = checking
  }

  call(ast: Ast & { kind: 'call' }, locals: Locals, expected?: Type): Ir {
    const define = this.#checking.scope.defines.get(ast.name)
    if (define !== undefined) {
      if (define.parameters.length !== ast.args.length)
        return this.#arity(ast, define.parameters.length)
      return this.#checking.inline(
        define,
        ast.args.map((arg) => this.#checking.check(arg, locals)),
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
        const known = [...FUNCTIONS, ...this.#checking.scope.defines.keys()]
        return this.#checking.fault(ast.at, unknownFunction(ast.name, known))
      }
    }
  }

  #arity(ast: Ast, expected: number): Ir {
    return this.#checking.fault(ast.at, arity(expected))
  }

  #checkWithin(ast: Ast & { kind: 'call' }, locals: Locals): Ir {
    const [time, limit, zone] = ast.args
    if (time === undefined || limit === undefined) return this.#arity(ast, 2)
    const checked = this.#checking.check(time, locals)
    const timestamp: Type = { kind: 'timestamp' }
    if (!fits(checked, timestamp))
      return this.#checking.fault(time.at, expectedType(timestamp, checked.type))
    if (ast.name === 'within') {
      if (limit.kind !== 'duration') return this.#checking.fault(limit.at, EXPECTED_DURATION)
      return { op: 'within', time: checked, seconds: limit.seconds, type: TRUTH }
    }
    if (limit.kind !== 'int') return this.#checking.fault(limit.at, EXPECTED_DAYS)
    const name = zone?.kind === 'text' ? zone.value : this.#checking.scope.zone
    if (!isZone(name)) return this.#checking.fault(zone?.at ?? ast.at, unknownZone(name))
    return { op: 'within-days', time: checked, days: limit.value, zone: name, type: TRUTH }
  }

  #has(ast: Ast & { kind: 'call' }, locals: Locals): Ir {
    const [arg] = ast.args
    if (arg === undefined || ast.args.length > 1) return this.#arity(ast, 1)
    if (this.#checking.monotone) {
      return this.#checking.fault(ast.at, HAS_IN_GRANT)
    }
    return { op: 'has', of: this.#checking.check(arg, locals), type: TRUTH }
  }

  #extreme(ast: Ast & { kind: 'call' }, which: 'min' | 'max', locals: Locals, expected?: Type): Ir {
    const of = ast.args.map((arg) => this.#checking.check(arg, locals, expected))
    const type = of.find(({ type }) => type.kind !== 'faulty')?.type
    if (type?.kind !== 'enum' || !type.ordered) {
      return this.#checking.fault(ast.at, needsOrderedEnum(which))
    }
    const odd = of.findIndex((ir) => !fits(ir, type))
    if (odd >= 0)
      return this.#checking.fault(
        (ast.args[odd] ?? ast).at,
        expectedType(type, of[odd]?.type ?? FAULTY),
      )
    return { op: 'extreme', which, of, type }
  }

  #first(ast: Ast & { kind: 'call' }, locals: Locals, expected?: Type): Ir {
    const options = ast.args.map((arg) => this.#checking.check(arg, locals, expected))
    const type = options[0]?.type
    if (type === undefined) return this.#arity(ast, 2)
    const odd = options.findIndex((ir) => !fits(ir, type))
    if (odd >= 0)
      return this.#checking.fault(
        (ast.args[odd] ?? ast).at,
        expectedType(type, options[odd]?.type ?? FAULTY),
      )
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
      return this.#checking.fault(ast.at, NEEDS_AXIS_NAME)
    const type = this.#checking.scope.axes.get(name)
    if (type !== undefined) return { op: 'axis', axis: name, type }
    return this.#checking.fault(arg.at, unknownAxis(name, this.#checking.scope.axes.keys()))
  }

  #level(ast: Ast & { kind: 'call' }, locals: Locals): Ir {
    const [, text] = ast.args
    const axis = this.#axis(ast)
    if (text === undefined) return this.#arity(ast, 2)
    const of = this.#checking.check(text, locals, { kind: 'label' })
    if (!fits(of, { kind: 'label' }))
      return this.#checking.fault(text.at, expectedType({ kind: 'label' }, of.type))
    return axis.type.kind === 'faulty' ? axis : { op: 'level', of, type: axis.type }
  }

  method(ast: Ast & { kind: 'method' }, locals: Locals): Ir {
    if (ast.of.kind === 'name' && ast.of.name === 'sets') return this.#contains(ast, locals)
    const list = this.#checking.check(ast.of, locals)
    if (list.type.kind === 'faulty') return list
    const quantifier = QUANTIFIERS.find((name) => name === ast.name)
    if (quantifier === undefined && ast.name !== 'size') {
      return this.#checking.fault(ast.nameAt, unknownFunction(ast.name, [...QUANTIFIERS, 'size']))
    }
    if (list.type.kind !== 'list') {
      return this.#checking.fault(ast.of.at, expectedKind('list', list.type))
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
      return this.#checking.fault(ast.nameAt, quantifierForm(op))
    }
    if (this.#checking.monotone && (op === 'all' || op === 'exists_one')) {
      return this.#checking.fault(ast.nameAt, quantifierInGrant(op))
    }
    const slot = this.#checking.newSlot()
    const element: Ir = { op: 'variable', slot, type: { kind: 'record', record } }
    const checked = this.#checking.truth(body, new Map(locals).set(variable.name, element))
    const type: Type = op === 'filter' ? list.type : op === 'count' ? { kind: 'count' } : TRUTH
    return { op, list, slot, body: checked, type }
  }

  #contains(ast: Ast & { kind: 'method' }, locals: Locals): Ir {
    const [setAst, members] = ast.args
    if (ast.name !== 'contains' || setAst === undefined || members?.kind !== 'list') {
      return this.#checking.fault(ast.nameAt, CONTAINS_FORM)
    }
    const set = this.#checking.check(setAst, locals)
    if (set.type.kind === 'faulty') return set
    if (set.type.kind !== 'set')
      return this.#checking.fault(setAst.at, expectedKind('set', set.type))
    const mask = literalMembers(this.#checking, members.items, set.type.of, locals)
    return { op: 'contains', set, mask, type: TRUTH }
  }
}
