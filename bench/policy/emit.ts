import { checkRecord } from '../../services/policy/language/catalogue.ts'
import type { Ir } from '../../services/policy/language/ir.ts'
import { T } from '../../services/policy/language/kleene.ts'
import { membersOf } from '../../services/policy/language/types.ts'

/** How an engine writes what the reference policy needs; the policy itself is written once. */
export interface Dialect<E> {
  constant(value: boolean | number): E
  fact(path: readonly string[], item: number | undefined): E
  all(left: E, right: E): E
  any(left: E, right: E): E
  not(of: E): E
  oneOf(of: E, members: readonly string[]): E
  compare(cmp: string, left: E, right: E): E
  exists(list: E, item: number, body: E): E
  /** Whether at least so many items hold. */
  counts(list: E, item: number, body: E, least: number): E
  /** Seconds from an instant to now. */
  age(of: E): E
  now(): E
}

export function emit<E>(ir: Ir, to: Dialect<E>): E {
  const go = (part: Ir): E => emit(part, to)
  switch (ir.op) {
    case 'truth':
      return to.constant(ir.value === T)
    case 'number':
      return to.constant(ir.value)
    case 'now':
      return to.now()
    case 'and':
      return ir.left.op === 'truth' ? go(ir.right) : to.all(go(ir.left), go(ir.right))
    case 'or':
      return to.any(go(ir.left), go(ir.right))
    case 'not':
      return to.not(go(ir.of))
    case 'holds':
      return go(ir.flag)
    case 'one-of':
      return oneOf(ir.of, ir.mask, to)
    case 'compare-enum':
      return to.compare(ir.cmp, go(ir.left), go(ir.right))
    case 'mask':
      return to.constant(Math.log2(ir.value))
    case 'compare-number':
      if (ir.left.op === 'count' && ir.right.op === 'number' && ir.cmp === '>=')
        return to.counts(go(ir.left.list), ir.left.slot, go(ir.left.body), ir.right.value)
      return to.compare(ir.cmp, go(ir.left), go(ir.right))
    case 'compare-time':
      return to.compare(ir.cmp, go(ir.left), go(ir.right))
    case 'within':
      return to.compare('<=', to.age(go(ir.time)), to.constant(ir.seconds))
    case 'exists':
      return to.exists(go(ir.list), ir.slot, go(ir.body))
    case 'all':
      return to.not(to.exists(go(ir.list), ir.slot, to.not(go(ir.body))))
    case 'root':
    case 'field':
      return fact(ir, [], to)
    default:
      throw new TypeError(`the bench has no word for ${ir.op}`)
  }
}

function fact<E>(ir: Ir, path: readonly string[], to: Dialect<E>): E {
  if (ir.op === 'field') return fact(ir.of, [ir.name, ...path], to)
  if (ir.op === 'root') return to.fact([ir.name, ...path], undefined)
  if (ir.op === 'variable') return to.fact(path, ir.slot)
  throw new TypeError(`${ir.op} is no fact`)
}

function oneOf<E>(of: Ir, mask: number, to: Dialect<E>): E {
  if (of.type.kind !== 'enum') throw new TypeError(`the bench asks no ${of.type.kind} for members`)
  const value = emit(of, to)
  if (!of.type.ordered) return to.oneOf(value, membersOf(of.type, mask))
  return to.compare('==', value, to.constant(Math.log2(mask)))
}

/** Common Expression Language; zen's differs in a few words. */
export const CEL: Dialect<string> = {
  constant: String,
  fact: (path, item) => (item === undefined ? path.join('.') : [`v${item}`, ...path].join('.')),
  all: (left, right) => `(${left} && ${right})`,
  any: (left, right) => `(${left} || ${right})`,
  not: (of) => `!(${of})`,
  oneOf: (of, members) => `${of} in ${JSON.stringify(members)}`,
  compare: (cmp, left, right) => `${left} ${cmp} ${right}`,
  exists: (list, item, body) => `${list}.exists(v${item}, ${body})`,
  counts: (list, item, body, least) => `${list}.filter(v${item}, ${body}).size() >= ${least}`,
  age: (of) => `now - ${of}`,
  now: () => 'now',
}

export const ZEN: Dialect<string> = {
  ...CEL,
  all: (left, right) => `(${left} and ${right})`,
  any: (left, right) => `(${left} or ${right})`,
  not: (of) => `not (${of})`,
  exists: (list, item, body) => `some(${list} as v${item}, ${body})`,
  counts: (list, item, body, least) => `count(${list} as v${item}, ${body}) >= ${least}`,
}

/** json-logic sees nothing but the item inside of a list: the host copies `now` into each. */
export const JSON_LOGIC: Dialect<unknown> = {
  constant: (value) => value,
  fact: (path) => ({ var: path.join('.') }),
  all: (left, right) => ({ and: [left, right] }),
  any: (left, right) => ({ or: [left, right] }),
  not: (of) => ({ '!': [of] }),
  oneOf: (of, members) => ({ in: [of, members] }),
  compare: (cmp, left, right) => ({ [cmp]: [left, right] }),
  exists: (list, _item, body) => ({ some: [list, body] }),
  counts: (list, _item, body, least) => ({
    '>=': [{ reduce: [{ filter: [list, body] }, { '+': [{ var: 'accumulator' }, 1] }, 0] }, least],
  }),
  age: (of) => ({ '-': [{ var: 'now' }, of] }),
  now: () => ({ var: 'now' }),
}

/** Outermost quantifiers and clocks, which an engine without them takes from its host as booleans. */
export class Atoms {
  readonly conditions: Ir[] = []
  readonly #names = new Map<string, number>()

  /** The same condition with atoms as fields of the root `atoms`. */
  replace(ir: Ir): Ir {
    switch (ir.op) {
      case 'and':
      case 'or':
        return { ...ir, left: this.replace(ir.left), right: this.replace(ir.right) }
      case 'not':
        return { ...ir, of: this.replace(ir.of) }
      case 'exists':
      case 'all':
      case 'within':
        return this.#atom(ir)
      case 'compare-number':
        return ir.left.op === 'count' ? this.#atom(ir) : ir
      default:
        return ir
    }
  }

  #atom(ir: Ir): Ir {
    const key = JSON.stringify(ir, (name, value: unknown) =>
      name === 'slot' || name === 'type' ? undefined : value,
    )
    const known = this.#names.get(key)
    const index = known ?? this.conditions.push(ir) - 1
    this.#names.set(key, index)
    const root: Ir = {
      op: 'root',
      name: 'atoms',
      type: { kind: 'record', record: checkRecord('atoms') },
    }
    return { op: 'field', of: root, name: `a${index}`, type: { kind: 'truth' } }
  }
}
