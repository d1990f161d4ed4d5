import { NONE, VERIFIED_AT } from './coded-layout.ts'
import type { NormalForm, Node, Scope } from './normal-form.ts'
import type { ProgramRule } from './program-plan.ts'
import { PIECES } from './slot-search.ts'

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

/** Statements that run once per subject, or once per item of a list. */
export interface Block {
  readonly scope: Scope
  readonly parent: Block | undefined
  readonly lines: string[]
  readonly known: Map<Node, string>
  /** Variable that holds the first word of the item. */
  readonly pointer: string
}

/** What the value of an axis is to the conditions that read it. */
export interface AxisValues {
  /** Expression of its mask. Throws `NotGenerated` where it is not known yet. */
  maskOf(axis: string): string
  /** The conditions and values that it is made from. */
  madeFrom(axis: string): readonly Node[]
}

/** What all parts of one function share while it is written. */
export class Emission {
  readonly form: NormalForm
  readonly variant: Variant
  readonly root: Block
  #names = 0
  #regions = 0

  constructor(form: NormalForm, variant: Variant) {
    this.form = form
    this.variant = variant
    this.root = { scope: form.root, parent: undefined, lines: [], known: new Map(), pointer: 's' }
  }

  /** Words that the function needs beside the subject's, in regions of as many as a list has pieces. */
  get scratchRegions(): number {
    return this.#regions
  }

  name(prefix: string): string {
    this.#names += 1
    return `${prefix}_${this.#names}`
  }

  /** First of as many scratch words as a list has pieces. */
  region(): number {
    this.#regions += 1
    return (this.#regions - 1) * PIECES
  }

  isExact(node: Node): boolean {
    return !this.variant.kleene || node.exact
  }
}

export function some(node: Node | undefined): Node {
  if (node === undefined) throw new TypeError('an operation without its operand')
  return node
}

/** Of a function of a subject's words, its first word, the time, and when what ages was measured. */
export function sourceOf({ form, root, scratchRegions }: Emission): GeneratedSource {
  const text = [
    "'use strict';",
    'const { out, turns, search, scratch, tables, levels, days, compareMasks, tableOf, extremeOf, weakestOf } = lib;',
    ...form.lookups.tables.map((_, i) => `const T${i} = tables[${i}];`),
    ...form.lookups.levels.map((_, i) => `const L${i} = levels[${i}];`),
    'const not = (t) => t === 2 ? 2 : 3 - t;',
    'return function (m, s, now, measured) {',
    'let turn = Infinity, x = 0;',
    `const verified = m[s + ${VERIFIED_AT}], at = verified === ${NONE} ? now : verified;`,
    ...root.lines,
    '};',
  ].join('\n')
  return { text, scratchRegions }
}

/** What has to hold of `at` for a rule to be in force. */
export function periodOf({ from, until }: Pick<ProgramRule, 'from' | 'until'>): readonly string[] {
  return [
    ...(from === undefined ? [] : [`at >= ${from}`]),
    ...(until === undefined ? [] : [`at < ${until}`]),
  ]
}
