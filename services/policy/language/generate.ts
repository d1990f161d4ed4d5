import { NONE, VERIFIED_AT } from './coded-layout.ts'
import { COUNTED, NotGenerated, type NormalForm, type Node, type Scope } from './normal-form.ts'
import type { ProgramAxis, ProgramPlan, ProgramRule } from './program-plan.ts'
import { BITS, rulesThatMatter, someOf, wordOf, type OrderedRule } from './rules-that-matter.ts'
import { PIECES } from './slot-search.ts'
import { ABSENT } from './types.ts'

/** What one variant of a program takes care of. */
export interface Variant {
  /** Three-valued; the two-valued one may only be asked about subjects without an open outcome. */
  readonly kleene: boolean
  /**
   * `fired`: the bounds and every rule that fired. `bounds`: the bounds alone, for which only those rules are looked at that can
   * change one. `turns`: the same, and when the next clock turns that may change one.
   */
  readonly finds: 'fired' | 'bounds' | 'turns'
}

export interface GeneratedSource {
  /** Body of a function of `lib`: constant integers, words of the subject and operators, never a text of an author. */
  readonly text: string
  readonly scratchRegions: number
}

const NO_CAP = 2 ** 30

/** Source of one function over a coded subject: every rule once, lists in one pass, equal parts once. */
export function generateSource(
  form: NormalForm,
  plan: ProgramPlan,
  variant: Variant,
): GeneratedSource {
  return new Emitter(form, plan, variant).program()
}

/** Statements that run once per subject, or once per item of a list. */
interface Block {
  readonly scope: Scope
  readonly parent: Block | undefined
  readonly lines: string[]
  readonly known: Map<Node, string>
  /** Variable that holds the first word of the item. */
  readonly pointer: string
}

class Emitter {
  readonly #form: NormalForm
  readonly #plan: ProgramPlan
  readonly #variant: Variant
  readonly #root: Block
  readonly #axes = new Map<string, { readonly lower: string; readonly upper: string }>()
  readonly #stages = new Map<Node, number>()
  readonly #known = new Map<string, number>()
  #names = 0
  #regions = 0

  constructor(form: NormalForm, plan: ProgramPlan, variant: Variant) {
    this.#form = form
    this.#plan = plan
    this.#variant = variant
    this.#root = { scope: form.root, parent: undefined, lines: [], known: new Map(), pointer: 's' }
  }

  program(): GeneratedSource {
    const { lines } = this.#root
    const { rules, axes, words } = this.#plan
    for (let word = 0; word < words; word += 1) lines.push(`let f${word} = 0, g${word} = 0;`)
    const done = new Set<ProgramRule>()
    for (const axis of axes) {
      for (const { rule, matters } of this.#rulesOf(axis))
        if (!done.has(rule)) this.#rule(rule, matters)
      for (const rule of axis.rules) done.add(rule)
      this.#axis(axis)
    }
    if (this.#variant.finds === 'fired')
      for (const rule of rules) if (!done.has(rule)) this.#rule(rule, [])
    this.#results()
    const text = [
      "'use strict';",
      'const { out, turns, search, scratch, tables, levels, days, compareMasks, tableOf, extremeOf, weakestOf } = lib;',
      ...this.#form.lookups.tables.map((_, i) => `const T${i} = tables[${i}];`),
      ...this.#form.lookups.levels.map((_, i) => `const L${i} = levels[${i}];`),
      'const not = (t) => t === 2 ? 2 : 3 - t;',
      'return function (m, s, now, measured) {',
      'let turn = Infinity, x = 0;',
      `const verified = m[s + ${VERIFIED_AT}], at = verified === ${NONE} ? now : verified;`,
      ...lines,
      '};',
    ].join('\n')
    return { text, scratchRegions: this.#regions }
  }

  /** Whether turns of clocks are noted. */
  get #notes(): boolean {
    return this.#variant.finds === 'turns'
  }

  #rulesOf(axis: ProgramAxis): readonly OrderedRule[] {
    const { finds, kleene } = this.#variant
    return finds !== 'fired'
      ? rulesThatMatter(axis, kleene)
      : axis.rules.map((rule) => ({ rule, matters: [] }))
  }

  /** `matters` has to hold before the rule is looked at. */
  #rule({ condition, index, from, until }: ProgramRule, matters: readonly string[]): void {
    const { lines } = this.#root
    const [word, bit] = [Math.floor(index / BITS), 1 << (index % BITS)]
    const inForce = [
      ...matters,
      ...(from === undefined ? [] : [`at >= ${from}`]),
      ...(until === undefined ? [] : [`at < ${until}`]),
    ]
    if (this.#notes) {
      for (const instant of [from, until])
        if (instant !== undefined)
          lines.push(
            `if (verified === ${NONE} && ${instant} > now && ${instant} < turn) turn = ${instant};`,
          )
    }
    if (this.#isExact(condition)) {
      const holds = [...inForce, this.#bool(condition, this.#root)].join(' && ')
      lines.push(`if (${holds}) f${word} |= ${bit};`)
      return
    }
    const code = [...inForce, this.#code(condition, this.#root)].join(' && ')
    lines.push(`x = ${inForce.length > 0 ? `(${code}) || 0` : code};`)
    lines.push(`if (x !== 0) { g${word} |= ${bit}; if (x === 3) f${word} |= ${bit}; }`)
  }

  #axis(axis: ProgramAxis): void {
    const { lines } = this.#root
    const { kleene } = this.#variant
    if (kleene)
      for (const word of new Set(axis.rules.map(({ index }) => Math.floor(index / BITS))))
        lines.push(`g${word} |= f${word};`)
    const lower = this.#name('l')
    lines.push(`const ${lower} = ${this.#bound(axis, false)};`)
    const upper = kleene ? this.#name('u') : lower
    if (kleene) lines.push(`const ${upper} = ${this.#bound(axis, true)};`)
    this.#axes.set(axis.name, { lower, upper })
  }

  #bound(axis: ProgramAxis, most: boolean): string {
    const vetoed = axis.vetoes.map((one) => ({ ...one, holds: this.#lowers(one, most) }))
    const caps = axis.caps.map((one) => ({ ...one, holds: this.#lowers(one, most) }))
    const grants = axis.grants.map((one) => ({ ...one, holds: this.#fired(one.rule, most) }))
    if (axis.kind === 'methods') {
      const granted = grants.map(({ holds, mask }) => `(${holds} ? ${mask} : 0)`).join(' | ') || '0'
      const removed = vetoed.map(({ holds, mask }) => ` & (${holds} ? ${~mask} : -1)`)
      const left = caps.map(({ holds, mask }) => ` & (${holds} ? ${mask} : -1)`)
      return `(${granted})${removed.join('')}${left.join('')}`
    }
    const reached =
      axis.minimum === undefined
        ? this.#chosen(axis.grants, most)
        : `Math.min(${axis.minimum.map((node) => this.#weakest(node, most)).join(', ')})`
    const lowest = this.#ladder(caps, String(NO_CAP))
    const capped = caps.length === 0 ? reached : `Math.min(${reached}, ${lowest})`
    const any = vetoed.map(({ holds }) => holds).join(' || ')
    return any === '' ? capped : `(${any}) ? 1 : ${capped}`
  }

  /** Highest level whose rules certainly or possibly fired; the lowest of the axis where none did. */
  #chosen(grants: ProgramAxis['grants'], possible: boolean): string {
    const levels = [...new Set(grants.map(({ mask }) => mask))].sort((a, b) => b - a)
    return levels.reduceRight((rest, level) => {
      const rules = grants.filter(({ mask }) => mask === level).map(({ rule }) => rule)
      return `(${someOf(rules, [possible && this.#variant.kleene])} ? ${level} : ${rest})`
    }, '1')
  }

  /** Lowest level that a cap leaves. */
  #ladder(
    caps: readonly { readonly holds: string; readonly mask: number }[],
    otherwise: string,
  ): string {
    return [...caps]
      .sort((a, b) => b.mask - a.mask)
      .reduce((rest, { holds, mask }) => `(${holds} ? ${mask} : ${rest})`, otherwise)
  }

  #word({ index }: ProgramRule, possible: boolean): string {
    return wordOf(index, possible && this.#variant.kleene)
  }

  #fired(rule: ProgramRule, possible: boolean): string {
    return `(${this.#word(rule, possible)} & ${1 << (rule.index % BITS)}) !== 0`
  }

  /** An open veto or cap lowers what may be relied on, and leaves what is possible. */
  #lowers({ rule }: { readonly rule: ProgramRule }, most: boolean): string {
    const possible = rule.unknown === 'fire' ? true : rule.unknown === 'ignore' ? false : !most
    return this.#fired(rule, possible)
  }

  #weakest(node: Node, most: boolean): string {
    const mask = this.#atom(node, this.#root)
    return this.#isExact(node)
      ? `(${mask} === ${ABSENT} ? 1 : ${mask})`
      : `weakestOf(${mask}, ${most ? 2 : 1})`
  }

  #results(): void {
    const { lines } = this.#root
    const { targets, words } = this.#plan
    const { kleene, finds } = this.#variant
    targets.forEach((name, i) => {
      const bounds = this.#axes.get(name)
      if (bounds === undefined) throw new TypeError(`no axis ${name}`)
      lines.push(`out[${2 * i}] = ${bounds.lower}; out[${2 * i + 1}] = ${bounds.upper};`)
    })
    for (let word = 0; word < words; word += 1) {
      const at = 2 * targets.length + word
      const possible = kleene ? `f${word} | g${word}` : `f${word}`
      lines.push(`out[${at}] = f${word}; out[${at + words}] = ${possible};`)
    }
    if (finds === 'turns') lines.push('turns[0] = turn;')
  }

  #name(prefix: string): string {
    this.#names += 1
    return `${prefix}_${this.#names}`
  }

  #isExact(node: Node): boolean {
    return !this.#variant.kleene || node.exact
  }

  /** Condition as a boolean of JavaScript. */
  #bool(node: Node, block: Block): string {
    return this.#ref(node, block)
  }

  /** Condition as a code of two bits. */
  #code(node: Node, block: Block): string {
    const text = this.#ref(node, block)
    return this.#isExact(node) ? `(${text} ? 3 : 0)` : text
  }

  #atom(node: Node, block: Block): string {
    return this.#ref(node, block, true)
  }

  /** Name or expression of a node, seen from a block; what belongs to a block around it is computed there, once. */
  #ref(node: Node, block: Block, atom = false): string {
    let home: Block = block
    while (home.scope !== node.scope) {
      if (home.parent === undefined) throw new TypeError('a node outside of its scope')
      home = home.parent
    }
    const known = home.known.get(node)
    if (known !== undefined) return known
    if (COUNTED.includes(node.op)) return this.#overItems(node, home)
    const text = this.#expression(node, home)
    if (FREE.includes(node.op)) return text
    const cheap = node.op === 'one-of' || node.op === 'not' || this.#notesTurn(node)
    if (!atom && (cheap || (node.uses < 2 && home === block))) return text
    const name = this.#name('v')
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
    const [first, second, third] = args
    const [number = 0] = numbers
    switch (op) {
      case 'constant':
        return String(number)
      case 'now':
        return 'now'
      case 'load':
        return `m[${block.pointer} + ${number}]`
      case 'open':
        return this.#isExact(node)
          ? `(m[${block.pointer} + ${number}] !== 0)`
          : `m[${block.pointer} + ${number}]`
      case 'axis':
        return this.#axisMask(number)
      case 'table':
      case 'level':
        return this.#lookup(node, block)
      case 'first-text':
        return `(${args.map((arg) => this.#ref(arg, block)).join(' || ')})`
      case 'age':
        return `(${this.#atom(some(first), block)} === ${NONE} ? ${NONE} : ${this.#atom(some(first), block)} + now - measured)`
      default:
        break
    }
    if (first !== undefined && this.#isExact(node))
      return `(${this.#exactly(node, first, second, third, block)})`
    if (first !== undefined) return this.#openly(node, first, second, third, block)
    throw new NotGenerated(op)
  }

  #exactly(
    { op, args, numbers }: Node,
    first: Node,
    second: Node | undefined,
    third: Node | undefined,
    block: Block,
  ): string {
    const [number = 0] = numbers
    const atom = (node: Node | undefined) => this.#atom(some(node), block)
    const ref = (node: Node | undefined) => this.#ref(some(node), block)
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

  #openly(
    { op, args, numbers }: Node,
    first: Node,
    second: Node | undefined,
    third: Node | undefined,
    block: Block,
  ): string {
    const [number = 0] = numbers
    const atom = (node: Node | undefined) => this.#atom(some(node), block)
    const ref = (node: Node | undefined) => this.#ref(some(node), block)
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
        return this.#isExact(first)
          ? `(${which} ? ${a} : ${b})`
          : `(${which} === 3 ? ${a} : ${which} === 0 ? ${b} : ${open})`
      }
      case 'choose-mask': {
        const [which, a, b] = [atom(first), atom(second), atom(third)]
        return this.#isExact(first)
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
    const text = this.#atom(node, block)
    return this.#isExact(node) ? `(${text} ? 3 : 0)` : text
  }

  #joined(
    left: Node,
    right: Node,
    block: Block,
    mixed: (exact: string, open: string) => string,
    operator: string,
  ): string {
    if (this.#isExact(left)) return mixed(this.#ref(left, block), this.#ref(right, block))
    if (this.#isExact(right)) return mixed(this.#ref(right, block), this.#ref(left, block))
    return `(${this.#ref(left, block)} ${operator} ${this.#ref(right, block)})`
  }

  #axisMask(index: number): string {
    const name = this.#form.lookups.axes[index] ?? ''
    const bounds = this.#axes.get(name)
    if (bounds === undefined) throw new NotGenerated(`axis ${name} before it is known`)
    if (!this.#variant.kleene) return bounds.lower
    const isSet = this.#plan.axes.find((axis) => axis.name === name)?.kind === 'methods'
    return isSet ? `(${bounds.lower} | ${bounds.upper})` : `(2 * ${bounds.upper} - ${bounds.lower})`
  }

  #lookup({ op, args, numbers }: Node, block: Block): string {
    const key = some(args[0])
    const [index = 0] = numbers
    if (op === 'level') {
      const text = this.#atom(key, block)
      return `(${text} < L${index}.length ? L${index}[${text}] : ${ABSENT})`
    }
    const mask = this.#ref(key, block)
    return this.#isExact(key)
      ? `T${index}[31 - Math.clz32(${mask})]`
      : `tableOf(T${index}, ${mask})`
  }

  #compareNumber(
    [comparison = 0, turning]: readonly number[],
    left: Node,
    right: Node,
    block: Block,
  ): string {
    const [a, b] = [this.#atom(left, block), this.#atom(right, block)]
    const known = [left, right]
      .filter(({ op }) => op === 'load' || op === 'age')
      .map((node) => `${this.#atom(node, block)} !== ${NONE}`)
    const compared = `${a} ${OPERATORS[comparison]} ${b}`
    if (turning !== 1 || !this.#notes) return [...known, compared].join(' && ')
    // The age reaches the limit, and one second later passes it.
    return [
      ...known,
      `(${turnAt(`now + ${b} - ${a}`, OPERATORS[comparison] ?? '===', true)}, ${compared})`,
    ].join(' && ')
  }

  #compareTime(comparison: number, left: Node, right: Node, block: Block): string {
    const [a, b] = [this.#atom(left, block), this.#atom(right, block)]
    const fixed = left.op === 'now' ? b : a
    const known = [left, right]
      .filter(({ op }) => op !== 'now')
      .map((node) => `${this.#atom(node, block)} !== ${NONE}`)
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
      .map((node) => `${this.#atom(node, block)} !== ${NONE}`)
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
    const text = this.#atom(node, block)
    return node.op === 'count' && !this.#isExact(node) ? [text, `${text}p`] : [text, text]
  }

  /** Everything of one stage that looks into the same list is computed in one pass over it. */
  #overItems(node: Node, block: Block): string {
    const { items } = node
    if (items?.list === undefined) throw new TypeError('a pass without items')
    const group = this.#form.nodes.filter(
      (other) =>
        other.items === items &&
        !block.known.has(other) &&
        this.#stage(other) === this.#stage(node),
    )
    let owner: Block = block
    while (owner.scope !== items.list.owner && owner.parent !== undefined) owner = owner.parent
    const pointer = this.#name('p')
    const inner: Block = { scope: items, parent: block, lines: [], known: new Map(), pointer }
    const pass = new Pass(this.#name('i'))
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
    if (this.#isExact(node)) {
      const { word, bit } = pass.bit(() => this.#name('e'))
      inner.lines.push(`if (${this.#bool(body, inner)}) ${word} |= ${bit};`)
      pass.results.set(node, () => `((${word} & ${bit}) !== 0)`)
      return
    }
    const name = this.#name('q')
    pass.before.push(`let ${name} = 0;`)
    inner.lines.push(`${name} |= ${this.#code(body, inner)};`)
    pass.results.set(node, () => name)
  }

  #collectCount(node: Node, body: Node, inner: Block, pass: Pass): void {
    const name = this.#name('c')
    if (this.#isExact(node)) {
      pass.before.push(`let ${name} = 0;`)
      inner.lines.push(`if (${this.#bool(body, inner)}) ${name} += 1;`)
      pass.results.set(node, () => (node.op === 'one' ? `(${name} === 1)` : name))
      return
    }
    pass.before.push(`let ${name} = 0, ${name}p = 0;`)
    inner.lines.push(`x = ${this.#code(body, inner)}; ${name} += x & 1; ${name}p += x >> 1;`)
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
    const name = this.#name('k')
    const text = this.#isExact(node)
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
    const region = this.#regions * PIECES
    this.#regions += 1
    pass.regions.set(node, region)
    inner.lines.push(`scratch[${region} + ${pass.counter}] = ${this.#ref(node, inner)};`)
    return region
  }

  /** The pieces of which a condition holds, as bits. */
  #pieces(node: Node, inner: Block, pass: Pass): Pieces {
    const known = pass.pieces.get(node)
    if (known !== undefined) return known
    const certain = this.#name('b')
    const exact = this.#isExact(node)
    const possible = exact ? certain : `${certain}p`
    pass.before.push(`let ${certain} = 0${exact ? '' : `, ${possible} = 0`};`)
    const bit = `1 << ${pass.counter}`
    if (exact) inner.lines.push(`if (${this.#bool(node, inner)}) ${certain} |= ${bit};`)
    else
      inner.lines.push(
        `x = ${this.#code(node, inner)}; if (x !== 0) { ${possible} |= ${bit}; if (x === 3) ${certain} |= ${bit}; }`,
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
    const name = this.#form.lookups.axes[index]
    const axis = this.#plan.axes.find((one) => one.name === name)
    const conditions = [
      ...(axis?.rules ?? []).map(({ condition }) => condition),
      ...(axis?.minimum ?? []),
    ]
    return Math.max(0, ...conditions.map((node) => this.#needs(node, scope)))
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

function some(node: Node | undefined): Node {
  if (node === undefined) throw new TypeError('an operation without its operand')
  return node
}
