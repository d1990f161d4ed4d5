import type { Ir } from '../../../services/policy/language/ir.ts'
import { membersOf } from '../../../services/policy/language/types.ts'
import type {
  Answer,
  AnswerRule,
  Axis,
  Cap,
  Grant,
  Pack,
  Rule,
  Veto,
} from '../../../services/policy/language/pack.ts'
import { T } from '../../../services/policy/language/kleene.ts'
import { textOfSpan } from '../../../services/policy/language/source-map.ts'

/** What a rule asks of the thing that its column names. */
export type Wish =
  | { readonly kind: 'yes' | 'no' }
  /** In the words of the language: `>= STRONG`, `photo_id(e)`. */
  | { readonly kind: 'text'; readonly text: string }

export interface TableRow {
  readonly rule: Rule
  readonly stratum: 'grant' | 'veto' | 'cap' | 'answer'
  /** Levels or methods that it gives, takes or leaves at most, or what it answers; a veto on levels names none. */
  readonly effect: readonly string[]
  /** By column; several are joined by and. */
  readonly wishes: ReadonlyMap<string, readonly Wish[]>
  /** What no other rule looks at. */
  readonly others: readonly string[]
}

export interface DecisionTable {
  /** What several rules look at, in the order in which they first do. */
  readonly columns: readonly string[]
  readonly rows: readonly TableRow[]
  /** What the axis is the least of, instead of having rules that give. */
  readonly minimum: readonly string[]
}

type OwnRule = Grant | Veto | Cap | AnswerRule

/** The rules on one axis with what they share side by side. Pure. */
export function decisionTable(pack: Pack, axis: Axis): DecisionTable {
  const conditions = new Conditions(pack)
  const rules = rulesOn(pack, axis.name).map((rule) => ({
    rule,
    asks: conditions.asksOf(rule.condition),
  }))
  const uses = new Map<string, Set<Rule>>()
  for (const { rule, asks } of rules)
    for (const { column } of asks) uses.set(column, (uses.get(column) ?? new Set()).add(rule))
  const columns = [...uses].filter(([, users]) => users.size > 1).map(([column]) => column)
  const minimum = axis.kind === 'levels' ? (axis.minimum ?? []) : []
  return {
    columns,
    minimum: minimum.map((ir) => written(ir, pack) ?? axisOf(ir)),
    rows: rules.map(({ rule, asks }) => ({
      ...{ rule, stratum: rule.stratum, effect: effectOf(rule, axis, pack) },
      wishes: new Map(
        columns.map((name) => [
          name,
          distinct(asks.filter(({ column }) => column === name).map(({ wish }) => wish)),
        ]),
      ),
      others: asks.filter(({ column }) => !columns.includes(column)).map(askText),
    })),
  }
}

function axisOf(ir: Ir): string {
  return ir.op === 'axis' ? `levels.${ir.axis}` : ir.op
}

function rulesOn(pack: Pack, axis: string): readonly OwnRule[] {
  return [
    ...pack.grants.filter(({ gives }) => gives.has(axis)),
    ...pack.vetoes.filter(({ removes }) => removes.has(axis)),
    ...pack.caps.filter(({ to }) => to.has(axis)),
    ...pack.answers.filter((rule) => rule.axis === axis),
  ]
}

function effectOf(rule: OwnRule, axis: Axis, pack: Pack): readonly string[] {
  if (rule.stratum === 'answer') return answerTexts(rule.set, pack)
  if (axis.kind === 'answer') return []
  return membersOf(axis.type, maskOn(rule, axis) ?? 0)
}

function maskOn(rule: Grant | Veto | Cap, { kind, name }: Axis): number | undefined {
  switch (rule.stratum) {
    case 'grant':
      return rule.gives.get(name)
    case 'cap':
      return rule.to.get(name)
    case 'veto':
      return kind === 'methods' ? rule.removes.get(name) : undefined
  }
}

function answerTexts(answer: Answer, pack: Pack): readonly string[] {
  return Object.entries(answer).map(([name, part]) =>
    part.kind === 'parts'
      ? `${name} (${answerTexts(part.parts, pack).join(', ')})`
      : `${name}: ${constantOf(part.ir) ?? written(part.ir, pack) ?? '…'}`,
  )
}

interface Ask {
  readonly column: string
  readonly wish: Wish
}

function askText({ column, wish }: Ask): string {
  switch (wish.kind) {
    case 'yes':
      return column
    case 'no':
      return `!${column}`
    case 'text':
      return `${column} ${wish.text}`
  }
}

/** Takes conditions apart into the thing that is looked at and what is asked of it. */
class Conditions {
  readonly #pack: Pack

  constructor(pack: Pack) {
    this.#pack = pack
  }

  asksOf(ir: Ir): readonly Ask[] {
    if (ir.op === 'truth') return ir.value === T ? [] : [{ column: 'false', wish: YES }]
    // A named condition stands under its name.
    const named = this.#pack.sources.of(ir).length > 1
    if (ir.op === 'and' && !named) return [...this.asksOf(ir.left), ...this.asksOf(ir.right)]
    return [this.#ask(ir, named)]
  }

  #ask(ir: Ir, named: boolean): Ask {
    const text = this.#written(ir)
    if (named) return asked(text)
    switch (ir.op) {
      case 'exists':
        return this.#exists(ir.body, text)
      case 'slots':
        return { column: `slots: ${this.#list(ir.list)}`, wish: words(this.#slots(ir)) }
      case 'at-least':
        return this.#atLeast(ir)
      case 'one-of':
      case 'compare-enum':
      case 'compare-number':
      case 'compare-time':
      case 'same-key':
        return compared(ir, text)
      case 'not':
        return ir.of.op === 'one-of' || ir.of.op === 'compare-enum' || ir.of.op === 'same-key'
          ? compared(ir, text)
          : asked(text)
      default:
        return asked(text)
    }
  }

  #exists(body: Ir, text: string): Ask {
    const quantified = /^(.+?)\.exists\(\s*\w+\s*,\s*(.+)\)$/s.exec(text)
    if (quantified !== null)
      return { column: `${quantified[1] ?? ''}.exists`, wish: words(quantified[2] ?? '') }
    // A check that is asked for by keys and values.
    const parts = this.#checked(body)
    return { column: text, wish: parts.length === 0 ? YES : words(parts.join(', ')) }
  }

  #checked(body: Ir): readonly string[] {
    if (body.op === 'and') return [...this.#checked(body.left), ...this.#checked(body.right)]
    if (body.op !== 'one-of') return []
    const key = this.#written(body).replace(/_any$/, '')
    return [`${key}: ${constantOf(body) ?? ''}`]
  }

  #slots({ needs, where, every, strongest }: Ir & { readonly op: 'slots' }): string {
    const filled = needs
      .map((need) => need.map((slot) => inBrackets(this.#all(slot), need.length)).join(' + '))
      .join(' / ')
    const further = [
      ...(where === undefined ? [] : [`where ${this.#all(where)}`]),
      ...(every === undefined ? [] : [`every ${this.#all(every)}`]),
      ...(strongest === undefined ? [] : [`strongest ${this.#all(strongest.where)}`]),
    ]
    return [filled, ...further].join('; ')
  }

  #atLeast({ count, of }: Ir & { readonly op: 'at-least' }): Ask {
    const parts = of.map((part) => this.#all(part))
    return { column: count === 1 ? 'any_of' : `n_of: ${count}`, wish: words(parts.join(' | ')) }
  }

  #all(ir: Ir): string {
    return this.asksOf(ir).map(askText).join(' && ')
  }

  #list(list: Ir): string {
    return list.op === 'root' || list.op === 'field' ? list.name : 'list'
  }

  #written(ir: Ir): string {
    return written(ir, this.#pack) ?? ir.op
  }
}

function inBrackets(text: string, parts: number): string {
  return parts > 1 && text.includes('||') ? `(${text})` : text
}

const YES: Wish = { kind: 'yes' }
const NO: Wish = { kind: 'no' }

/** As the author wrote it last: a definition by its name. */
function written(ir: Ir, { sources }: Pack): string | undefined {
  const span = sources.of(ir).at(-1)
  return span === undefined ? undefined : textOfSpan(span)
}

function words(text: string): Wish {
  return { kind: 'text', text }
}

function asked(text: string): Ask {
  const simple = /^!\s*([\w.()$, ]+|\(.*\))$/s.exec(text)
  return simple === null ? { column: text, wish: YES } : { column: simple[1] ?? '', wish: NO }
}

const COMPARISON = /^([^=<>!&|?]+?)\s*(==|!=|<=|>=|<|>|\bin\b)\s*([^=<>!&|?]+)$/s

/** A comparison under what is compared; a cell of the row that the rule was made from stands for its `$name`. */
function compared(ir: Ir, text: string): Ask {
  const parts = text.startsWith('!') ? null : COMPARISON.exec(text)
  if (parts === null) return asked(text)
  const [, left = '', operator = '', right = ''] = parts
  const value = right.startsWith('$') ? (constantOf(ir) ?? right) : right
  return { column: left.trim(), wish: words(`${operator} ${value}`) }
}

/** The constant of a comparison, or of a value that is one. */
function constantOf(ir: Ir): string | undefined {
  switch (ir.op) {
    case 'number':
      return String(ir.value)
    case 'text':
      return ir.value
    case 'truth':
      return String(ir.value === T)
    case 'mask':
      return maskText(ir, ir.value)
    case 'one-of':
      return maskText(ir.of, ir.mask)
    case 'not':
      return constantOf(ir.of)
    case 'compare-enum':
    case 'compare-number':
    case 'compare-time':
    case 'same-key':
      return constantOf(ir.right)
    default:
      return undefined
  }
}

function maskText({ type }: Ir, mask: number): string | undefined {
  if (type.kind === 'enum') return membersOf(type, mask).join(', ')
  if (type.kind === 'set') return membersOf(type.of, mask).join(', ')
  return type.kind === 'flag' ? String((mask & 2) !== 0) : undefined
}

function distinct(wishes: readonly Wish[]): readonly Wish[] {
  const keys = wishes.map((wish) => JSON.stringify(wish))
  return wishes.filter((_, i) => keys.indexOf(keys[i] ?? '') === i)
}
