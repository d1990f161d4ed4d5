import { some, type AxisValues, type Block, type Emission } from './emission.ts'
import { COUNTED, NotGenerated, type Node, type Scope } from './normal-form.ts'
import { BITS } from './rules-that-matter.ts'

/** Writes the conditions on an item of a list. */
interface ItemValues {
  bool(node: Node, block: Block): string
  code(node: Node, block: Block): string
  ref(node: Node, block: Block): string
}

/** Writes what looks into lists: one loop for all that looks into the same list at the same stage. */
export class ListPasses {
  readonly #emission: Emission
  readonly #axes: AxisValues
  readonly #values: ItemValues
  readonly #stages = new Map<Node, number>()
  readonly #known = new Map<string, number>()

  constructor(emission: Emission, axes: AxisValues, values: ItemValues) {
    this.#emission = emission
    this.#axes = axes
    this.#values = values
  }

  /** Everything of one stage that looks into the same list is computed in one pass over it. */
  over(node: Node, block: Block): string {
    const { items } = node
    if (items?.list === undefined) throw new TypeError('a pass without items')
    const group = this.#emission.form.nodes.filter(
      (other) =>
        other.items === items &&
        !block.known.has(other) &&
        this.#stage(other) === this.#stage(node),
    )
    let owner: Block = block
    while (owner.scope !== items.list.owner && owner.parent !== undefined) owner = owner.parent
    const pointer = this.#emission.name('p')
    const inner: Block = { scope: items, parent: block, lines: [], known: new Map(), pointer }
    const pass = new Pass(this.#emission.name('i'))
    for (const one of group) this.#collect(one, inner, pass)
    const header = `m[${owner.pointer} + ${items.list.index}]`
    const count = `m[${owner.pointer} + ${items.list.index + 1}]`
    block.lines.push(
      ...pass.before,
      `for (let ${pointer} = s + ${header}, ${pass.counter} = 0, n = ${count}; ${pass.counter} < n; ${pass.counter} += 1, ${pointer} += ${items.record.width}) {`,
      ...inner.lines,
      '}',
    )
    for (const [one, result] of pass.results) block.known.set(one, result())
    const found = block.known.get(node)
    if (found === undefined) throw new TypeError('a pass without its node')
    return found
  }

  #collect(node: Node, inner: Block, pass: Pass): void {
    const [body] = node.args
    switch (node.op) {
      case 'exists':
        this.#collectExists(node, some(body), inner, pass)
        break
      case 'count':
      case 'one':
        this.#collectCount(node, some(body), inner, pass)
        break
      default:
        this.#collectSlots(node, inner, pass)
    }
  }

  #collectExists(node: Node, body: Node, inner: Block, pass: Pass): void {
    if (this.#emission.isExact(node)) {
      const { word, bit } = pass.bit(() => this.#emission.name('e'))
      inner.lines.push(`if (${this.#values.bool(body, inner)}) ${word} |= ${bit};`)
      pass.results.set(node, () => `((${word} & ${bit}) !== 0)`)
      return
    }
    const name = this.#emission.name('q')
    pass.before.push(`let ${name} = 0;`)
    inner.lines.push(`${name} |= ${this.#values.code(body, inner)};`)
    pass.results.set(node, () => name)
  }

  #collectCount(node: Node, body: Node, inner: Block, pass: Pass): void {
    const name = this.#emission.name('c')
    if (this.#emission.isExact(node)) {
      pass.before.push(`let ${name} = 0;`)
      inner.lines.push(`if (${this.#values.bool(body, inner)}) ${name} += 1;`)
      pass.results.set(node, () => (node.op === 'one' ? `(${name} === 1)` : name))
      return
    }
    pass.before.push(`let ${name} = 0, ${name}p = 0;`)
    inner.lines.push(`x = ${this.#values.code(body, inner)}; ${name} += x & 1; ${name}p += x >> 1;`)
    const exactlyOne = `(${name} === 1 && ${name}p === 1 ? 3 : ${name} <= 1 && ${name}p >= 1 ? 2 : 0)`
    pass.results.set(node, () => (node.op === 'one' ? exactlyOne : name))
  }

  #collectSlots(node: Node, inner: Block, pass: Pass): void {
    const [keyCount = 0, ranked = 0, ...sizes] = node.numbers
    if (keyCount > 2) throw new NotGenerated('more than two keys')
    const keys = node.args.slice(0, keyCount).map((key) => this.#region(key, inner, pass))
    const [rank, strongest] = ranked === 1 ? node.args.slice(keyCount, keyCount + 2) : []
    const ranks = rank === undefined ? -1 : this.#region(rank, inner, pass)
    const most = strongest === undefined ? undefined : this.#pieces(strongest, inner, pass)
    const cells = node.args.slice(keyCount + 2 * ranked)
    let next = 0
    const needs = sizes.map((size) => {
      const slots = cells.slice(next, next + size)
      next += size
      return slots.map((cell) => this.#pieces(cell, inner, pass))
    })
    const filled = (certain: boolean): string =>
      needs
        .map((slots) => {
          const masks = slots.map((slot) => (certain ? slot.certain : slot.possible))
          const best = most === undefined ? '0' : certain ? most.certain : most.possible
          if (masks.length === 1)
            return most === undefined ? `${masks[0]} !== 0` : `(${masks[0]} & ${best}) !== 0`
          const four = [...masks, '0', '0', '0'].slice(0, 4)
          const [keyA = -1, keyB = -1] = keys
          const search = `search.fill(${masks.length}, ${four.join(', ')}, ${keyA}, ${keyB}, ${ranks}, ${best}, ${certain})`
          return `(${[...masks, ...(most === undefined ? [] : [best])].map((mask) => `${mask} !== 0`).join(' && ')} && ${search})`
        })
        .join(' || ')
    const name = this.#emission.name('k')
    const text = this.#emission.isExact(node)
      ? filled(true)
      : `(${filled(true)}) ? 3 : (${filled(false)}) ? 2 : 0`
    pass.results.set(node, () => {
      this.#after(inner, `const ${name} = ${text};`)
      return name
    })
  }

  #after(inner: Block, line: string): void {
    inner.parent?.lines.push(line)
  }

  /** Scratch words into which the keys or ranks of the pieces go. */
  #region(node: Node, inner: Block, pass: Pass): number {
    const known = pass.regions.get(node)
    if (known !== undefined) return known
    const region = this.#emission.region()
    pass.regions.set(node, region)
    inner.lines.push(`scratch[${region} + ${pass.counter}] = ${this.#values.ref(node, inner)};`)
    return region
  }

  /** The pieces of which a condition holds, as bits. */
  #pieces(node: Node, inner: Block, pass: Pass): Pieces {
    const known = pass.pieces.get(node)
    if (known !== undefined) return known
    const certain = this.#emission.name('b')
    const exact = this.#emission.isExact(node)
    const possible = exact ? certain : `${certain}p`
    pass.before.push(`let ${certain} = 0${exact ? '' : `, ${possible} = 0`};`)
    const bit = `1 << ${pass.counter}`
    if (exact) inner.lines.push(`if (${this.#values.bool(node, inner)}) ${certain} |= ${bit};`)
    else
      inner.lines.push(
        `x = ${this.#values.code(node, inner)}; if (x !== 0) { ${possible} |= ${bit}; if (x === 3) ${certain} |= ${bit}; }`,
      )
    const found = { certain, possible }
    pass.pieces.set(node, found)
    return found
  }

  /** One more than the latest pass of the same scope that a node's items need. */
  #stage(node: Node): number {
    const known = this.#stages.get(node)
    if (known !== undefined) return known
    const stage = Math.max(0, ...node.args.map((arg) => this.#needs(arg, node.scope)))
    this.#stages.set(node, stage)
    return stage
  }

  #needs(node: Node, scope: Scope): number {
    if (node.scope.depth < scope.depth) return 0
    const key = `${node.id} ${scope.id}`
    const known = this.#known.get(key)
    if (known !== undefined) return known
    const needs = this.#computeNeeds(node, scope)
    this.#known.set(key, needs)
    return needs
  }

  #computeNeeds(node: Node, scope: Scope): number {
    const below = Math.max(0, ...node.args.map((arg) => this.#needs(arg, scope)))
    if (node.op === 'axis') return Math.max(below, this.#axisStage(node.numbers[0] ?? 0, scope))
    return COUNTED.includes(node.op) && node.scope === scope
      ? Math.max(below, this.#stage(node) + 1)
      : below
  }

  #axisStage(index: number, scope: Scope): number {
    const name = this.#emission.form.lookups.axes[index] ?? ''
    return Math.max(0, ...this.#axes.madeFrom(name).map((node) => this.#needs(node, scope)))
  }
}

interface Pieces {
  readonly certain: string
  readonly possible: string
}

/** What one pass over a list gathers. */
class Pass {
  readonly counter: string
  readonly before: string[] = []
  readonly results = new Map<Node, () => string>()
  readonly regions = new Map<Node, number>()
  readonly pieces = new Map<Node, Pieces>()
  #word = ''
  #bits = BITS

  constructor(counter: string) {
    this.counter = counter
  }

  bit(name: () => string): { readonly word: string; readonly bit: number } {
    if (this.#bits === BITS) {
      this.#word = name()
      this.#bits = 0
      this.before.push(`let ${this.#word} = 0;`)
    }
    const bit = 1 << this.#bits
    this.#bits += 1
    return { word: this.#word, bit }
  }
}
