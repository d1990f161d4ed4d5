import type { Ir, SlotsIr } from '../language/ir.ts'
import type { Pack } from '../language/pack.ts'
import { TRUTH, type Type } from '../language/types.ts'
import { operands, payload } from './ir-parts.ts'
import type { Env, Place, Places, Quantifier } from './places.ts'
import { NotCovered } from './open-question.ts'
import { formOf } from './open-reasons.ts'

/** Numbers of conditions: equal conditions have equal numbers, whatever their variables are called. */
export class ConditionKeys {
  readonly #pack: Pack
  readonly #places: Places
  readonly #numbers: Map<string, number>
  /** Two versions of a pack may carry one number and still differ in what an axis is. */
  readonly #model: number
  readonly #keys = new Map<Ir, Map<string, number>>()
  readonly #counterexamples = new Map<Ir, Ir>()

  /** `numbers` is shared by the packs of a world. */
  constructor(pack: Pack, places: Places, numbers: Map<string, number>) {
    this.#pack = pack
    this.#places = places
    this.#numbers = numbers
    this.#model = numbers.size
    numbers.set(`pack ${numbers.size}`, numbers.size)
  }

  key(ir: Ir, env: Env): number {
    const here = environmentKey(env)
    const byEnv = this.#keys.get(ir) ?? new Map<string, number>()
    this.#keys.set(ir, byEnv)
    const known = byEnv.get(here)
    if (known !== undefined) return known
    const text = this.#keyText(ir, env)
    const number = this.#numbers.get(text) ?? this.#numbers.size
    this.#numbers.set(text, number)
    byEnv.set(here, number)
    return number
  }

  #keyText(ir: Ir, env: Env): string {
    switch (ir.op) {
      case 'field':
      case 'variable':
      case 'root': {
        if (ir.op === 'field' && ir.type.kind !== 'list') {
          const { scope, path } = this.#places.field(ir, env)
          return `${ir.op} ${scope.id} ${path}`
        }
        throw new NotCovered(formOf('fact', ir.op))
      }
      case 'all':
        return `all ${this.key(this.counterexample(ir), env)}`
      case 'exists':
      case 'exists_one':
      case 'count':
      case 'size':
        return `${ir.op} ${this.#places
          .of(ir, env)
          .map((place) => `${place.group.id}${place.other ? '*' : ''} ${this.bodyKey(place)}`)
          .join(' + ')}`
      case 'slots':
        return this.#slotsText(ir, env)
      case 'table': {
        const table = this.#pack.tables.get(ir.table)
        return `table ${JSON.stringify([...(table?.rows ?? [])])} ${table?.fallback ?? 0} ${this.key(ir.key, env)}`
      }
      case 'axis':
        return `axis ${this.#model} ${ir.axis}`
      case 'level':
        return `level ${JSON.stringify(ir.type)} ${this.key(ir.of, env)}`
      default:
        return `${payload(ir)} ${operands(ir)
          .map((part) => this.key(part, env))
          .join(' ')}`
    }
  }

  #slotsText(ir: SlotsIr & { readonly type: Type }, env: Env): string {
    return this.#places
      .of(ir, env)
      .map((place) => {
        const key = (part: Ir | undefined) => (part === undefined ? '-' : this.key(part, place.env))
        const needs = ir.needs.map((need) => need.map(key).join(' ')).join(' / ')
        const rest = [
          ir.where,
          ir.every,
          ir.strongest?.rank,
          ir.strongest?.where,
          ...place.conditions,
          ...ir.distinct,
        ]
        return `slots ${place.group.id} ${needs} ; ${rest.map(key).join(' ')}`
      })
      .join(' + ')
  }

  bodyKey({ conditions, env }: Place): string {
    return conditions
      .map((condition) => this.key(condition, env))
      .sort((a, b) => a - b)
      .join(' ')
  }

  /** `all` holds where there is none of which its condition does not hold. */
  counterexample(ir: Quantifier): Ir {
    if (ir.op === 'size') throw new TypeError('a size is no condition')
    const known = this.#counterexamples.get(ir)
    if (known !== undefined) return known
    const body: Ir = { op: 'not', of: ir.body, type: TRUTH }
    const made: Ir = { op: 'not', of: { ...ir, op: 'exists', body }, type: TRUTH }
    this.#counterexamples.set(ir, made)
    return made
  }
}

/** Name of the statement about a list that a condition makes. */
export function atomKey(key: string | number): string {
  return String(key)
}

function environmentKey(env: Env): string {
  return [...env].map(([slot, { id }]) => `${slot}=${id}`).join()
}
