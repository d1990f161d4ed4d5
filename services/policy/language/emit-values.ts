import { NONE } from './coded-layout.ts'
import { some, type AxisValues, type Block, type Emission } from './emission.ts'
import { ListPasses } from './list-passes.ts'
import { COUNTED, NotGenerated, type Node } from './normal-form.ts'
import { ABSENT } from './types.ts'

/** Writes conditions and values as expressions of JavaScript; what is used twice becomes a constant of the block it belongs to. */
export class ValueEmitter {
  readonly #emission: Emission
  readonly #axes: AxisValues
  readonly #passes: ListPasses

  constructor(emission: Emission, axes: AxisValues) {
    this.#emission = emission
    this.#axes = axes
    this.#passes = new ListPasses(emission, axes, this)
  }

  /** Condition as a boolean of JavaScript. */
  bool(node: Node, block: Block): string {
    return this.ref(node, block)
  }

  /** Condition as a code of two bits. */
  code(node: Node, block: Block): string {
    const text = this.ref(node, block)
    return this.#emission.isExact(node) ? `(${text} ? 3 : 0)` : text
  }

  atom(node: Node, block: Block): string {
    return this.ref(node, block, true)
  }

  /** Name or expression of a node, seen from a block; what belongs to a block around it is computed there, once. */
  ref(node: Node, block: Block, atom = false): string {
    let home: Block = block
    while (home.scope !== node.scope) {
      if (home.parent === undefined) throw new TypeError('a node outside of its scope')
      home = home.parent
    }
    const known = home.known.get(node)
    if (known !== undefined) return known
    if (COUNTED.includes(node.op)) return this.#passes.over(node, home)
    const text = this.#expression(node, home)
    if (FREE.includes(node.op)) return text
    const cheap = node.op === 'one-of' || node.op === 'not' || this.#notesTurn(node)
    if (!atom && (cheap || (node.uses < 2 && home === block))) return text
    const name = this.#emission.name('v')
    home.lines.push(`const ${name} = ${text};`)
    home.known.set(node, name)
    return name
  }

  /**
   * Whether computing the node notes a turn of its clock: then it is written wherever it is used, so that a clock counts only
   * where the result depends on it.
   */
  #notesTurn({ op, numbers, args }: Node): boolean {
    if (!this.#notes) return false
    if (op === 'compare-number') return numbers[1] === 1
    return (
      op === 'within' ||
      op === 'within-days' ||
      (op === 'compare-time' && args.some((arg) => arg.op === 'now'))
    )
  }

  #expression(node: Node, block: Block): string {
    const { op, args, numbers } = node
    const [first] = args
    const [number = 0] = numbers
    switch (op) {
      case 'constant':
        return String(number)
      case 'now':
        return 'now'
      case 'load':
        return `m[${block.pointer} + ${number}]`
      case 'open':
        return this.#emission.isExact(node)
          ? `(m[${block.pointer} + ${number}] !== 0)`
          : `m[${block.pointer} + ${number}]`
      case 'axis':
        return this.#axes.maskOf(this.#emission.form.lookups.axes[number] ?? '')
      case 'table':
      case 'level':
        return this.#lookup(node, block)
      case 'first-text':
        return `(${args.map((arg) => this.ref(arg, block)).join(' || ')})`
      case 'age':
        return `(${this.atom(some(first), block)} === ${NONE} ? ${NONE} : ${this.atom(some(first), block)} + now - measured)`
      default:
        break
    }
    if (first === undefined) throw new NotGenerated(op)
    return this.#emission.isExact(node)
      ? `(${this.#exactly(node, block)})`
      : this.#openly(node, block)
  }

  /** The operands of an operation that has at least one, and how they are written in its block. */
  #operands({ args, numbers }: Node, block: Block) {
    const [first, second, third] = args
    const [number = 0] = numbers
    return {
      ...{ first: some(first), second, third, number },
      atom: (node: Node | undefined) => this.atom(some(node), block),
      ref: (node: Node | undefined) => this.ref(some(node), block),
    }
  }

  #exactly(node: Node, block: Block): string {
    const { op, args, numbers } = node
    const { first, second, third, number, atom, ref } = this.#operands(node, block)
    switch (op) {
      case 'and':
        return `${ref(first)} && ${ref(second)}`
      case 'or':
        return `${ref(first)} || ${ref(second)}`
      case 'not':
        return `!${ref(first)}`
      case 'at-least':
        return `${args.map((arg) => `(${ref(arg)} ? 1 : 0)`).join(' + ')} >= ${number}`
      case 'one-of':
        return `(${ref(first)} & ${number}) !== 0`
      case 'member-of':
        return `(${ref(first)} & ${ref(second)} & ${~ABSENT}) !== 0`
      case 'contains':
        return `(${ref(first)} & ${number}) === ${number}`
      case 'compare-mask':
        return [
          `${atom(first)} ${OPERATORS[number]} ${atom(second)}`,
          ...[first, some(second)]
            .filter(({ op }) => op !== 'constant')
            .map((node) => `${atom(node)} !== ${ABSENT}`),
        ].join(' && ')
      case 'compare-number':
        return this.#compareNumber(numbers, first, some(second), block)
      case 'compare-time':
        return this.#compareTime(number, first, some(second), block)
      case 'same-text':
        return `${atom(first)} !== 0 && ${atom(first)} === ${ref(second)}`
      case 'within':
        return this.#endsAfterNow(`${atom(first)} + ${number}`, atom(first))
      case 'within-days':
        return this.#endsAfterNow(`days(${number}, ${atom(first)})`, atom(first))
      case 'has-mask':
        return `${ref(first)} !== ${ABSENT}`
      case 'has-number':
        return `${ref(first)} !== ${NONE}`
      case 'has-text':
        return `${ref(first)} !== 0`
      case 'choose-truth':
      case 'choose-mask':
        return `${ref(first)} ? ${ref(second)} : ${ref(third)}`
      case 'first-mask':
        return args
          .slice(0, -1)
          .reduceRight(
            (rest, arg) => `(${atom(arg)} !== ${ABSENT} ? ${atom(arg)} : ${rest})`,
            ref(args.at(-1)),
          )
      case 'extreme':
        return `((${atom(first)} | ${atom(second)}) & ${ABSENT}) !== 0 ? ${ABSENT} : Math.${number === 0 ? 'min' : 'max'}(${atom(first)}, ${atom(second)})`
      default:
        throw new NotGenerated(op)
    }
  }

  #openly(node: Node, block: Block): string {
    const { op, args } = node
    const { first, second, third, number, atom, ref } = this.#operands(node, block)
    switch (op) {
      case 'and':
        return this.#joined(
          first,
          some(second),
          block,
          (exact, open) => `(${exact} ? ${open} : 0)`,
          '&',
        )
      case 'or':
        return this.#joined(
          first,
          some(second),
          block,
          (exact, open) => `(${exact} ? 3 : ${open})`,
          '|',
        )
      case 'not':
        return `not(${ref(first)})`
      case 'at-least': {
        const codes = args.map((arg) => this.#codeAtom(arg, block))
        const certain = codes.map((one) => `(${one} & 1)`).join(' + ')
        const possible = codes.map((one) => `(${one} >> 1)`).join(' + ')
        return `(${certain} >= ${number} ? 3 : ${possible} >= ${number} ? 2 : 0)`
      }
      case 'one-of':
        return `((${atom(first)} & ${number}) === 0 ? 0 : (${atom(first)} & ${~number}) === 0 ? 3 : 2)`
      case 'member-of':
        return `((${atom(first)} & ${atom(second)} & ${~ABSENT}) === 0 ? 0 : (${atom(first)} & ~(${atom(second)} & ${~ABSENT})) === 0 ? 3 : 2)`
      case 'contains':
        return `((${ref(first)} & ${number}) === ${number} ? 3 : 0)`
      case 'compare-mask':
        return `compareMasks(${number}, ${ref(first)}, ${ref(second)})`
      case 'compare-number':
        return this.#compareRanges(number, first, some(second), block)
      case 'has-mask':
        return `(${ref(first)} !== ${ABSENT} ? 3 : 0)`
      case 'choose-truth': {
        const [which, a, b] = [
          atom(first),
          this.#codeAtom(some(second), block),
          this.#codeAtom(some(third), block),
        ]
        const open = `((${a} & ${b} & 1) | ((${a} | ${b}) & 2))`
        return this.#emission.isExact(first)
          ? `(${which} ? ${a} : ${b})`
          : `(${which} === 3 ? ${a} : ${which} === 0 ? ${b} : ${open})`
      }
      case 'choose-mask': {
        const [which, a, b] = [atom(first), atom(second), atom(third)]
        return this.#emission.isExact(first)
          ? `(${which} ? ${a} : ${b})`
          : `(${which} === 3 ? ${a} : ${which} === 0 ? ${b} : ${a} | ${b})`
      }
      case 'first-mask':
        return args
          .slice(0, -1)
          .reduceRight(
            (rest, arg) =>
              `((${atom(arg)} & ${ABSENT}) === 0 ? ${atom(arg)} : (${atom(arg)} & ${~ABSENT}) | ${rest})`,
            ref(args.at(-1)),
          )
      case 'extreme':
        return `extremeOf(${number}, ${ref(first)}, ${ref(second)})`
      case 'first-text':
      case 'same-text':
      default:
        throw new NotGenerated(`open ${op}`)
    }
  }

  #codeAtom(node: Node, block: Block): string {
    const text = this.atom(node, block)
    return this.#emission.isExact(node) ? `(${text} ? 3 : 0)` : text
  }

  #joined(
    left: Node,
    right: Node,
    block: Block,
    mixed: (exact: string, open: string) => string,
    operator: string,
  ): string {
    if (this.#emission.isExact(left)) return mixed(this.ref(left, block), this.ref(right, block))
    if (this.#emission.isExact(right)) return mixed(this.ref(right, block), this.ref(left, block))
    return `(${this.ref(left, block)} ${operator} ${this.ref(right, block)})`
  }

  #lookup({ op, args, numbers }: Node, block: Block): string {
    const key = some(args[0])
    const [index = 0] = numbers
    if (op === 'level') {
      const text = this.atom(key, block)
      return `(${text} < L${index}.length ? L${index}[${text}] : ${ABSENT})`
    }
    const mask = this.ref(key, block)
    return this.#emission.isExact(key)
      ? `T${index}[31 - Math.clz32(${mask})]`
      : `tableOf(T${index}, ${mask})`
  }

  #compareNumber(
    [comparison = 0, turning]: readonly number[],
    left: Node,
    right: Node,
    block: Block,
  ): string {
    const [a, b] = [this.atom(left, block), this.atom(right, block)]
    const known = [left, right]
      .filter(({ op }) => op === 'load' || op === 'age')
      .map((node) => `${this.atom(node, block)} !== ${NONE}`)
    const compared = `${a} ${OPERATORS[comparison]} ${b}`
    if (turning !== 1 || !this.#notes) return [...known, compared].join(' && ')
    // The age reaches the limit, and one second later passes it.
    return [
      ...known,
      `(${turnAt(`now + ${b} - ${a}`, OPERATORS[comparison] ?? '===', true)}, ${compared})`,
    ].join(' && ')
  }

  #compareTime(comparison: number, left: Node, right: Node, block: Block): string {
    const [a, b] = [this.atom(left, block), this.atom(right, block)]
    const fixed = left.op === 'now' ? b : a
    const known = [left, right]
      .filter(({ op }) => op !== 'now')
      .map((node) => `${this.atom(node, block)} !== ${NONE}`)
    const compared = `${a} ${OPERATORS[comparison]} ${b}`
    const moving = left.op === 'now' || right.op === 'now'
    if (!moving || !this.#notes) return [...known, compared].join(' && ')
    return [
      ...known,
      `(${turnAt(fixed, OPERATORS[comparison] ?? '===', left.op === 'now')}, ${compared})`,
    ].join(' && ')
  }

  #endsAfterNow(end: string, known: string): string {
    if (!this.#notes) return `${known} !== ${NONE} && ${end} > now`
    return `${known} !== ${NONE} && (x = ${end}) > now && (x < turn ? (turn = x, true) : true)`
  }

  #compareRanges(comparison: number, left: Node, right: Node, block: Block): string {
    const [[a0, a1], [b0, b1]] = [this.#range(left, block), this.#range(right, block)]
    const known = [left, right]
      .filter(({ op }) => op === 'load' || op === 'age')
      .map((node) => `${this.atom(node, block)} !== ${NONE}`)
    const cases = (some: string, all: string) =>
      [...known, `(${all} ? 3 : ${some} ? 2 : 0)`].join(' && ')
    const text = (() => {
      switch (OPERATORS[comparison]) {
        case '<':
        case '<=':
          return cases(
            `${a0} ${OPERATORS[comparison]} ${b1}`,
            `${a1} ${OPERATORS[comparison]} ${b0}`,
          )
        case '>':
        case '>=':
          return cases(
            `${a1} ${OPERATORS[comparison]} ${b0}`,
            `${a0} ${OPERATORS[comparison]} ${b1}`,
          )
        default:
          return cases(
            `(${a0} <= ${b1} && ${b0} <= ${a1})`,
            `(${a0} === ${a1} && ${b0} === ${b1} && ${a0} === ${b0})`,
          )
      }
    })()
    return known.length > 0 ? `((${text}) || 0)` : text
  }

  #range(node: Node, block: Block): readonly [string, string] {
    const text = this.atom(node, block)
    return node.op === 'count' && !this.#emission.isExact(node) ? [text, `${text}p`] : [text, text]
  }

  /** Whether turns of clocks are noted. */
  get #notes(): boolean {
    return this.#emission.variant.finds === 'turns'
  }
}

const FREE: readonly Node['op'][] = ['constant', 'now']
const OPERATORS = ['===', '<', '<=', '>', '>='] as const

/**
 * Notes when a comparison turns of which one side grows with the time: at the instant at which both sides are equal, or one
 * second after it.
 */
function turnAt(
  instant: string,
  comparison: (typeof OPERATORS)[number],
  timeIsLeft: boolean,
): string {
  const note = (when: string) => `((x = ${when}) > now && x < turn && (turn = x))`
  if (comparison === '===') return `${note(instant)}, ${note(`${instant} + 1`)}`
  const later = timeIsLeft ? ['<=', '>'] : ['<', '>=']
  return note(later.includes(comparison) ? `${instant} + 1` : instant)
}
