import type { Ir } from '../language/ir.ts'
import type { Answer, AnswerPart, Axis, Pack, Rule } from '../language/pack.ts'

/** A boolean is an enum of `false` and `true`. */
const [NO, YES] = [0b01, 0b10]

type Options = ReadonlyMap<string, boolean | number>

/**
 * The pack with its options as constants, as a profile that uses it sets them. Questions about it are then about nobody who
 * is asked for with other options.
 */
export function bindOptions(pack: Pack, set: Options): Pack {
  if (pack.options.size === 0) return pack
  const values: Options = new Map(
    [...pack.options].map(([name, { value }]) => [name, set.get(name) ?? value]),
  )
  const bind = (ir: Ir) => bound(ir, values)
  const rules = <R extends Rule>(all: readonly R[]) =>
    all.map((rule) => ({ ...rule, condition: bind(rule.condition) }))
  return {
    ...pack,
    options: new Map(),
    axes: new Map([...pack.axes].map(([name, axis]) => [name, boundAxis(axis, bind)])),
    grants: rules(pack.grants),
    vetoes: rules(pack.vetoes),
    caps: rules(pack.caps),
    notes: rules(pack.notes),
    answers: rules(pack.answers).map((rule) => ({ ...rule, set: boundAnswer(rule.set, bind) })),
  }
}

function boundAxis(axis: Axis, bind: (ir: Ir) => Ir): Axis {
  switch (axis.kind) {
    case 'levels':
      return { ...axis, minimum: axis.minimum?.map(bind) }
    case 'answer':
      return { ...axis, otherwise: boundAnswer(axis.otherwise, bind) }
    case 'methods':
      return axis
    default:
      return axis satisfies never
  }
}

function boundAnswer(answer: Answer, bind: (ir: Ir) => Ir): Answer {
  const part = (one: AnswerPart): AnswerPart =>
    one.kind === 'value'
      ? { kind: 'value', ir: bind(one.ir) }
      : { kind: 'parts', parts: boundAnswer(one.parts, bind) }
  return Object.fromEntries(Object.entries(answer).map(([name, one]) => [name, part(one)]))
}

function bound(ir: Ir, values: Options): Ir {
  const value = optionOf(ir, values)
  if (typeof value === 'number') return { op: 'number', value, type: ir.type }
  if (value !== undefined) return { op: 'mask', value: value ? YES : NO, type: ir.type }
  return Object.fromEntries(
    Object.entries(ir).map(([key, inner]) => [key, key === 'type' ? inner : within(inner, values)]),
  ) as Ir // the same members, with expressions in their places
}

/** Expressions wherever they are within a node. */
function within(value: unknown, values: Options): unknown {
  if (Array.isArray(value)) return value.map((one) => within(one, values))
  if (typeof value !== 'object' || value === null) return value
  if ('op' in value) return bound(value as Ir, values) // of nodes alone
  return Object.fromEntries(
    Object.entries(value).map(([key, inner]) => [key, within(inner, values)]),
  )
}

function optionOf(ir: Ir, values: Options): boolean | number | undefined {
  return ir.op === 'field' && ir.of.op === 'root' && ir.of.name === 'policy'
    ? values.get(ir.name)
    : undefined
}
