import type { Ir } from '../language/ir.ts'
import { T } from '../language/kleene.ts'
import { NotCovered } from './open-question.ts'
import { formOf } from './open-reasons.ts'

/** The parts of a condition that all have to hold. */
export function conjuncts(ir: Ir): readonly Ir[] {
  if (ir.op === 'and') return [...conjuncts(ir.left), ...conjuncts(ir.right)]
  return ir.op === 'truth' && ir.value === T ? [] : [ir]
}

/** Is it a field of the element that one of these variables stands for? */
export function isFieldOf(ir: Ir, slots: readonly number[]): ir is Ir & { readonly op: 'field' } {
  return ir.op === 'field' && ir.of.op === 'variable' && slots.includes(ir.of.slot)
}

/** Where a list of the person stands. */
export function rootPath(list: Ir): readonly string[] {
  const names: string[] = []
  let at = list
  for (; at.op === 'field'; at = at.of) names.unshift(at.name)
  if (at.op !== 'root') throw new NotCovered(formOf('list', at.op))
  return [at.name, ...names]
}

/** The expressions that an expression is made of, apart from those that range over a list. */
export function operands(ir: Ir): readonly Ir[] {
  switch (ir.op) {
    case 'and':
    case 'or':
    case 'compare-enum':
    case 'compare-number':
    case 'compare-time':
    case 'same-key':
      return [ir.left, ir.right]
    case 'not':
    case 'one-of':
    case 'has':
    case 'level':
      return [ir.of]
    case 'at-least':
    case 'extreme':
      return ir.of
    case 'holds':
      return [ir.flag]
    case 'member-of':
      return [ir.of, ir.set]
    case 'contains':
      return [ir.set]
    case 'within':
    case 'within-days':
      return [ir.time]
    case 'first':
      return ir.options
    case 'table':
      return [ir.key]
    case 'conditional':
      return [ir.test, ir.then, ir.otherwise]
    default:
      return []
  }
}

/** What an operation says besides its operands. */
export function payload(ir: Ir): string {
  const own = Object.entries(ir).filter(
    ([name, value]) =>
      name === 'op' || (name !== 'type' && (typeof value !== 'object' || value === null)),
  )
  return JSON.stringify(own)
}
