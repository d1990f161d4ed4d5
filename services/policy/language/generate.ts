import { NONE } from './coded-layout.ts'
import {
  Emission,
  periodOf,
  sourceOf,
  type AxisValues,
  type GeneratedSource,
  type Variant,
} from './emission.ts'
import { ValueEmitter } from './emit-values.ts'
import { NotGenerated, type Node, type NormalForm } from './normal-form.ts'
import type { ProgramAxis, ProgramPlan, ProgramRule } from './program-plan.ts'
import { BITS, rulesThatMatter, someOf, wordOf, type OrderedRule } from './rules-that-matter.ts'
import { ABSENT } from './types.ts'

const NO_CAP = 2 ** 30

/** Source of one function over a coded subject: every rule once, lists in one pass, equal parts once. */
export function generateSource(
  form: NormalForm,
  plan: ProgramPlan,
  variant: Variant,
): GeneratedSource {
  return new ProgramEmitter(form, plan, variant).program()
}

class ProgramEmitter implements AxisValues {
  readonly #emission: Emission
  readonly #plan: ProgramPlan
  readonly #values: ValueEmitter
  readonly #axes = new Map<string, { readonly lower: string; readonly upper: string }>()

  constructor(form: NormalForm, plan: ProgramPlan, variant: Variant) {
    this.#emission = new Emission(form, variant)
    this.#plan = plan
    this.#values = new ValueEmitter(this.#emission, this)
  }

  program(): GeneratedSource {
    const { lines } = this.#emission.root
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
    return sourceOf(this.#emission)
  }

  madeFrom(name: string): readonly Node[] {
    const axis = this.#axisOf(name)
    return [...(axis?.rules ?? []).map(({ condition }) => condition), ...(axis?.minimum ?? [])]
  }

  maskOf(name: string): string {
    const bounds = this.#axes.get(name)
    if (bounds === undefined) throw new NotGenerated(`axis ${name} before it is known`)
    if (!this.#variant.kleene) return bounds.lower
    const isSet = this.#axisOf(name)?.kind === 'methods'
    return isSet ? `(${bounds.lower} | ${bounds.upper})` : `(2 * ${bounds.upper} - ${bounds.lower})`
  }

  #axisOf(name: string): ProgramAxis | undefined {
    return this.#plan.axes.find((axis) => axis.name === name)
  }

  get #variant(): Variant {
    return this.#emission.variant
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
    const { lines } = this.#emission.root
    const [word, bit] = [Math.floor(index / BITS), 1 << (index % BITS)]
    const inForce = [...matters, ...periodOf({ from, until })]
    if (this.#notes) {
      for (const instant of [from, until])
        if (instant !== undefined)
          lines.push(
            `if (verified === ${NONE} && ${instant} > now && ${instant} < turn) turn = ${instant};`,
          )
    }
    if (this.#emission.isExact(condition)) {
      const holds = [...inForce, this.#values.bool(condition, this.#emission.root)].join(' && ')
      lines.push(`if (${holds}) f${word} |= ${bit};`)
      return
    }
    const code = [...inForce, this.#values.code(condition, this.#emission.root)].join(' && ')
    lines.push(`x = ${inForce.length > 0 ? `(${code}) || 0` : code};`)
    lines.push(`if (x !== 0) { g${word} |= ${bit}; if (x === 3) f${word} |= ${bit}; }`)
  }

  #axis(axis: ProgramAxis): void {
    const { lines } = this.#emission.root
    const { kleene } = this.#variant
    if (kleene)
      for (const word of new Set(axis.rules.map(({ index }) => Math.floor(index / BITS))))
        lines.push(`g${word} |= f${word};`)
    const lower = this.#emission.name('l')
    lines.push(`const ${lower} = ${this.#bound(axis, false)};`)
    const upper = kleene ? this.#emission.name('u') : lower
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
    const mask = this.#values.atom(node, this.#emission.root)
    return this.#emission.isExact(node)
      ? `(${mask} === ${ABSENT} ? 1 : ${mask})`
      : `weakestOf(${mask}, ${most ? 2 : 1})`
  }

  #results(): void {
    const { lines } = this.#emission.root
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
}
