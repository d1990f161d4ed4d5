import type { Ir } from '../language/ir.ts'

type Sign = 1 | -1 | 0

/**
 * Lists in which one entry more could make a condition false: those that stand under a negation, or in a value that the condition
 * compares. In all others the condition is monotone, which needs no further proof.
 */
export function listsThatMayLower(conditions: readonly Ir[]): ReadonlySet<string> {
  const walker = new Walker()
  for (const condition of conditions) walker.walk(condition, 1)
  return walker.found
}

class Walker {
  readonly found = new Set<string>()
  readonly #seen = new Map<Ir, Set<Sign>>()

  walk(ir: Ir, sign: Sign): void {
    const signs = this.#seen.get(ir) ?? new Set<Sign>()
    this.#seen.set(ir, signs)
    if (signs.has(sign)) return
    signs.add(sign)
    switch (ir.op) {
      case 'and':
      case 'or':
        this.walk(ir.left, sign)
        this.walk(ir.right, sign)
        return
      case 'at-least':
        for (const part of ir.of) this.walk(part, sign)
        return
      case 'not':
        this.walk(ir.of, opposite(sign))
        return
      case 'conditional':
        this.walk(ir.test, 0)
        this.walk(ir.then, sign)
        this.walk(ir.otherwise, sign)
        return
      case 'exists':
      case 'filter':
      case 'count':
        this.#list(ir.list, sign)
        this.walk(ir.body, sign)
        return
      case 'all':
        this.#list(ir.list, opposite(sign))
        this.walk(ir.body, sign)
        return
      case 'exists_one':
        this.#list(ir.list, 0)
        this.walk(ir.body, 0)
        return
      case 'size':
        this.#list(ir.list, sign)
        return
      case 'slots':
        this.#list(ir.list, sign)
        for (const part of [ir.where, ir.every, ir.strongest?.where, ...ir.needs.flat()])
          if (part !== undefined) this.walk(part, sign)
        if (ir.strongest !== undefined) this.walk(ir.strongest.rank, 0)
        return
      case 'compare-number':
        this.walk(ir.left, compared(ir.cmp, sign))
        this.walk(ir.right, opposite(compared(ir.cmp, sign)))
        return
      default:
        for (const value of Object.values(ir)) for (const part of partsOf(value)) this.walk(part, 0)
    }
  }

  #list(list: Ir, sign: Sign): void {
    if (list.op === 'filter') {
      this.walk(list, sign)
      return
    }
    if (sign !== 1) this.found.add(list.type.kind === 'list' ? list.type.record : '')
  }
}

function compared(cmp: string, sign: Sign): Sign {
  if (cmp === '>=' || cmp === '>') return sign
  return cmp === '==' ? 0 : opposite(sign)
}

function opposite(sign: Sign): Sign {
  return sign === 1 ? -1 : sign === -1 ? 1 : 0
}

function partsOf(value: unknown): readonly Ir[] {
  const items: readonly unknown[] = Array.isArray(value) ? value : [value]
  return items.filter(
    (item): item is Ir => typeof item === 'object' && item !== null && 'op' in item,
  )
}
