import { FAULTY_IR, fits, literalMembers, type Checking, type Locals } from './checking.ts'
import type { Ir } from './ir.ts'
import type { Ast, Comparison } from './syntax.ts'
import {
  countFromAbove,
  expectedKind,
  expectedType,
  NEGATED_LIST,
  noOrder,
  notComparable,
  oddChoice,
  setOnTheLeft,
} from './type-faults.ts'
import { TRUTH, type EnumType, type Type } from './types.ts'

/** Types negations, joins, comparisons and choices. */
export class OperatorChecker {
  readonly #checking: Checking

  constructor(checking: Checking) {
    this.#checking = checking
  }

  not(ast: Ast & { kind: 'not' }, locals: Locals): Ir {
    const of = this.#checking.truth(ast.of, locals)
    this.#refuseNegation(of, ast.at)
    return { op: 'not', of, type: TRUTH }
  }

  /** A grant must stay when evidence is added: nothing about a list may be negated in it. */
  #refuseNegation(ir: Ir, at: number): void {
    if (!this.#checking.monotone || !this.#looksIntoList(ir)) return
    this.#checking.fault(at, NEGATED_LIST)
  }

  #looksIntoList(ir: Ir): boolean {
    if (this.#checking.settled.has(ir)) return false
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

  conditional(ast: Ast & { kind: 'conditional' }, locals: Locals, expected?: Type): Ir {
    const test = this.#checking.truth(ast.test, locals)
    this.#refuseNegation(test, ast.test.at)
    // A bare member such as `STRONG` takes its enum from the other branch.
    const bareThen = ast.then.kind === 'name' || ast.then.kind === 'text'
    const firstAst = bareThen ? ast.otherwise : ast.then
    const secondAst = bareThen ? ast.then : ast.otherwise
    const first = this.#checking.check(firstAst, locals, expected)
    const second = this.#checking.check(secondAst, locals, expected ?? first.type)
    if (!fits(second, first.type))
      return this.#checking.fault(secondAst.at, expectedType(first.type, second.type))
    if (!['truth', 'enum', 'flag', 'faulty'].includes(first.type.kind)) {
      return this.#checking.fault(ast.at, oddChoice(first.type))
    }
    const [then, otherwise] = bareThen ? [second, first] : [first, second]
    return { op: 'conditional', test, then, otherwise, type: first.type }
  }

  binary(ast: Ast & { kind: 'binary' }, locals: Locals): Ir {
    if (ast.op === '&&' || ast.op === '||') {
      const left = this.#checking.truth(ast.left, locals)
      const right = this.#checking.truth(ast.right, locals)
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
      const right = this.#checking.check(ast.right, locals)
      return { left: this.#checking.check(ast.left, locals, right.type), right }
    }
    const left = this.#checking.check(ast.left, locals)
    if (left.type.kind === 'set') {
      return {
        left: this.#checking.fault(ast.opAt, setOnTheLeft(ast.op)),
        right: FAULTY_IR,
      }
    }
    return { left, right: this.#checking.check(ast.right, locals, left.type) }
  }

  #compare(ast: Ast & { kind: 'binary' }, cmp: Comparison, left: Ir, right: Ir): Ir {
    const kinds = `${left.type.kind} ${right.type.kind}`
    const equality = cmp === '=='
    if (
      left.type.kind === 'enum' &&
      (fits(right, left.type) || sameLevels(left.type, right.type))
    ) {
      if (equality && right.op === 'mask')
        return { op: 'one-of', of: left, mask: right.value, type: TRUTH }
      if (equality && left.op === 'mask')
        return { op: 'one-of', of: right, mask: left.value, type: TRUTH }
      if (!equality && !left.type.ordered) {
        return this.#checking.fault(ast.opAt, noOrder(left.type.name))
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
      if (this.#checking.monotone && left.type.kind === 'count' && cmp !== '>=' && cmp !== '>') {
        return this.#checking.fault(ast.opAt, countFromAbove(cmp))
      }
      return { op: 'compare-number', cmp, left, right, type: TRUTH }
    }
    return this.#checking.fault(ast.opAt, notComparable(left.type, right.type, ast.op))
  }

  #in(ast: Ast & { kind: 'binary' }, locals: Locals): Ir {
    if (ast.right.kind === 'list') {
      const of = this.#checking.check(ast.left, locals)
      if (of.type.kind === 'faulty') return of
      if (of.type.kind !== 'enum')
        return this.#checking.fault(ast.left.at, expectedKind('enum', of.type))
      return {
        op: 'one-of',
        of,
        mask: literalMembers(this.#checking, ast.right.items, of.type, locals),
        type: TRUTH,
      }
    }
    const set = this.#checking.check(ast.right, locals)
    if (set.type.kind === 'faulty') return set
    if (set.type.kind !== 'set') {
      return this.#checking.fault(ast.right.at, expectedKind('setOrMembers', set.type))
    }
    const of = this.#checking.check(ast.left, locals, set.type.of)
    if (!fits(of, set.type.of))
      return this.#checking.fault(ast.left.at, expectedType(set.type.of, of.type))
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
