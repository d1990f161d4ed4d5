import type { Ir } from '../language/ir.ts'
import type { Pack, Rule } from '../language/pack.ts'
import { TRUTH } from '../language/types.ts'
import { ADDED } from './scope.ts'

/**
 * The pack as it judged before some entries of a record were there: its quantifiers and slots pass over the elements that are
 * marked as added. What `settled` says yes to is left as it is.
 */
export function beforeEntries(pack: Pack, record: string, settled: (ir: Ir) => boolean): Pack {
  const rewriter = new Rewriter(record, settled)
  const rules = <R extends Rule>(list: readonly R[]) =>
    list.map((rule) => ({ ...rule, condition: rewriter.rewrite(rule.condition) }))
  return {
    ...pack,
    grants: rules(pack.grants),
    vetoes: rules(pack.vetoes),
    caps: rules(pack.caps),
    notes: rules(pack.notes),
    answers: rules(pack.answers),
    axes: new Map(
      [...pack.axes].map(([name, axis]) => [
        name,
        axis.kind === 'levels' && axis.minimum !== undefined
          ? { ...axis, minimum: axis.minimum.map((ir) => rewriter.rewrite(ir)) }
          : axis,
      ]),
    ),
  }
}

class Rewriter {
  readonly #record: string
  readonly #settled: (ir: Ir) => boolean
  readonly #made = new Map<Ir, Ir>()

  constructor(record: string, settled: (ir: Ir) => boolean) {
    this.#record = record
    this.#settled = settled
  }

  rewrite(ir: Ir): Ir {
    const known = this.#made.get(ir)
    if (known !== undefined) return known
    const made = this.#settled(ir) ? ir : this.#restricted(this.#copy(ir))
    this.#made.set(ir, made)
    return made
  }

  /** With its parts rewritten; the same expression where nothing in it changes. */
  #copy(ir: Ir): Ir {
    const parts = Object.entries(ir).map(([name, value]) => [name, this.#part(value)] as const)
    const same = parts.every(([name, value]) => value === (ir as Record<string, unknown>)[name])
    return same ? ir : (Object.fromEntries(parts) as Ir) // each part is of the kind that it was
  }

  #part(value: unknown): unknown {
    if (typeof value !== 'object' || value === null) return value
    if (Array.isArray(value)) {
      const items = value.map((item) => this.#part(item))
      return items.every((item, i) => item === value[i]) ? value : items
    }
    if ('op' in value) return this.rewrite(value as Ir) // only expressions have `op`
    if (!('rank' in value)) return value
    return Object.fromEntries(
      Object.entries(value).map(([name, inner]) => [name, this.#part(inner)]),
    )
  }

  #restricted(ir: Ir): Ir {
    if (!('list' in ir) || ir.list.type.kind !== 'list' || ir.list.type.record !== this.#record)
      return ir
    // The list of a `filter` is restricted where it begins.
    if (ir.list.op === 'filter') return ir
    switch (ir.op) {
      case 'size':
        return {
          op: 'count',
          list: ir.list,
          slot: NO_SLOT,
          body: this.#old(NO_SLOT),
          type: ir.type,
        }
      case 'slots':
        return { ...ir, where: and(ir.where, this.#old(ir.slot)) }
      case 'all':
        return {
          ...ir,
          body: { op: 'or', left: not(this.#old(ir.slot)), right: ir.body, type: TRUTH },
        }
      default:
        return { ...ir, body: and(ir.body, this.#old(ir.slot)) }
    }
  }

  /** The element was there before. */
  #old(slot: number): Ir {
    const of: Ir = { op: 'variable', slot, type: { kind: 'record', record: this.#record } }
    const flag: Ir = { op: 'field', of, name: ADDED, type: { kind: 'flag' } }
    return not({ op: 'holds', flag, type: TRUTH })
  }
}

/** Of a quantifier that has no variable of its own. */
const NO_SLOT = -1

function not(of: Ir): Ir {
  return { op: 'not', of, type: TRUTH }
}

function and(left: Ir | undefined, right: Ir): Ir {
  return left === undefined ? right : { op: 'and', left, right, type: TRUTH }
}
