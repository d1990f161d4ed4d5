import type { Json } from '../../kernel/canonical-json.ts'
import { formatTime, type Seconds } from './dates.ts'
import type { Place } from './diagnostic.ts'
import { F, T, U } from './kleene.ts'
import type { Axis, Effect } from './pack.ts'
import type { Text } from './text.ts'
import { waysToRaise, type Raise } from './raise-level.ts'
import type { ScoreQuestion, Scorer } from './score.ts'
import type { Score, ScoreValue } from './score-value.ts'
import { placeOfSpan, textOfSpan, type SourceMap } from './source-map.ts'
import type { Cell } from './subject.ts'
import { counts, type AnyRule, type AxisTrace, type RuleTrace } from './trace-pack.ts'
import type { FactRead, TraceNode } from './trace-values.ts'
import { membersOf, type Type } from './types.ts'

export type TruthName = 'true' | 'false' | 'unknown'

export interface ExplainedFact {
  readonly path: string
  /** As facts write it; `null` where nothing was established. */
  readonly value: Json
}

/** A condition that decided, as the author wrote it. */
export interface ExplainedCondition {
  readonly text: string
  readonly place: Place
  readonly truth: TruthName
  /** The entry of a list that it was asked of. */
  readonly element?: string
  readonly facts: readonly ExplainedFact[]
}

export interface ExplainedRule {
  readonly id: string
  readonly stratum: AnyRule['stratum']
  readonly title: Text
  readonly cites: readonly string[]
  readonly place: Place
  /** Level or methods that it gives, takes away or bounds; empty for a rule that answers. */
  readonly effect: string
  readonly truth: TruthName
  readonly missing: Text | undefined
  readonly effort: number
  /** Those that made the rule come out as it did, not those that made no difference. */
  readonly conditions: readonly ExplainedCondition[]
}

/** An outcome without an answer, and the value with either answer while the others stay unknown. */
export interface DecidingUnknown {
  readonly path: string
  readonly check: string
  readonly on: string | undefined
  readonly text: Text
  readonly ifPassed: ScoreValue
  readonly ifFailed: ScoreValue
}

/** What comes when the value ends, if nothing happens before. */
export interface NextChange {
  readonly at: Seconds
  readonly value: ScoreValue
  /** Rules that hold until then and no longer. */
  readonly ends: readonly string[]
}

export interface Explanation {
  readonly axis: string
  readonly value: ScoreValue
  readonly atLeast: ScoreValue
  readonly atMost: ScoreValue
  readonly status: Score['status']
  readonly why: readonly ExplainedRule[]
  /** Vetoes and caps that count, certainly or because nobody can tell. */
  readonly lowered: readonly ExplainedRule[]
  /** Grants above the value that do not hold, cheapest first. */
  readonly whyNot: readonly ExplainedRule[]
  readonly unknown: readonly DecidingUnknown[]
  readonly next: NextChange | undefined
  /** The least that would raise to the level that was asked for. */
  readonly raise: readonly Raise[]
}

const MAX_CONDITIONS = 20

/**
 * Why an axis has its value, why not more, until when, and what would raise it to `to`. Computed anew from pack, facts and time:
 * nothing of it is stored. Throws as `Scorer.score` does.
 */
export function explainScore(scorer: Scorer, question: ScoreQuestion, to?: string): Explanation {
  const score = scorer.score(question)
  const trace = scorer.trace(question).at(-1)
  if (trace === undefined) throw new TypeError(`no axis ${question.axis}`)
  const explain = (rules: readonly RuleTrace[]) =>
    rules.map((rule) => explainRule(rule, trace.axis, scorer.pack.sources))
  const fired = new Set(score.fired.map(({ id }) => id))
  const bars = [...trace.vetoes, ...trace.caps].filter((rule) => counts(rule, 'lower'))
  const rules: readonly RuleTrace[] = [...trace.grants, ...trace.answers]
  return {
    axis: question.axis,
    value: score.value,
    atLeast: score.atLeast,
    atMost: score.atMost,
    status: score.status,
    why: explain(rules.filter(({ rule }) => fired.has(rule.id))),
    lowered: explain(bars),
    whyNot: whyNot(trace, scorer.pack.sources),
    unknown: score.missing.map(({ path, check, on, ja, en }) => ({
      path,
      check,
      on,
      text: { ja, en },
      ifPassed: scorer.suppose(question, { answers: new Map([[path, true]]) }).value,
      ifFailed: scorer.suppose(question, { answers: new Map([[path, false]]) }).value,
    })),
    next: nextChange(scorer, question, score),
    raise: to === undefined ? [] : waysToRaise(scorer, question, to),
  }
}

/** Grants above the value that do not hold, cheapest first, with the conditions that are false or unknown. */
export function explainWhyNot(scorer: Scorer, question: ScoreQuestion): readonly ExplainedRule[] {
  const trace = scorer.trace(question).at(-1)
  if (trace === undefined) throw new TypeError(`no axis ${question.axis}`)
  return whyNot(trace, scorer.pack.sources)
}

function whyNot(trace: AxisTrace, sources: SourceMap): readonly ExplainedRule[] {
  return [...notHeld(trace)]
    .sort((a, b) => a.rule.effort - b.rule.effort)
    .map((rule) => explainRule(rule, trace.axis, sources))
}

/** Grants that would add something to what may be relied on, and do not hold; answers that were passed over. */
function notHeld({ axis, lower, grants, answers }: AxisTrace): readonly RuleTrace[] {
  if (axis.kind === 'answer' || typeof lower !== 'number')
    return answers.filter(({ node }) => node.truth !== T)
  return grants.filter(({ rule, node }) => {
    const given = rule.gives.get(axis.name) ?? 0
    const more = axis.kind === 'levels' ? given > lower : (given & ~lower) !== 0
    return node.truth !== T && more
  })
}

function nextChange(
  scorer: Scorer,
  question: ScoreQuestion,
  { validUntil, fired }: Score,
): NextChange | undefined {
  if (validUntil === undefined) return undefined
  const later = scorer.suppose(question, { now: validUntil })
  const still = new Set(later.fired.map(({ id }) => id))
  const ends = fired.map(({ id }) => id).filter((id) => !still.has(id))
  return { at: validUntil, value: later.value, ends }
}

function explainRule({ rule, node }: RuleTrace, axis: Axis, sources: SourceMap): ExplainedRule {
  const { id, stratum, title, cites, place, missing, effort } = rule
  return {
    id,
    stratum,
    title,
    cites,
    place,
    effect: effectOf(rule, axis),
    truth: truthName(node.truth),
    missing,
    effort,
    conditions: explainConditions(node, sources),
  }
}

function effectOf(rule: AnyRule, axis: Axis): string {
  if (axis.kind === 'answer') return ''
  const named = (effect: Effect) => membersOf(axis.type, effect.get(axis.name) ?? 0).join(' ')
  switch (rule.stratum) {
    case 'grant':
      return named(rule.gives)
    case 'cap':
      return named(rule.to)
    case 'veto':
      return axis.kind === 'levels' ? (axis.type.members[0] ?? '') : named(rule.removes)
    case 'note':
    case 'answer':
      return ''
  }
}

/** Conditions that decided a rule, each place and entry once. */
function explainConditions(node: TraceNode, sources: SourceMap): readonly ExplainedCondition[] {
  const found = new Map<string, ExplainedCondition>()
  for (const { leaf, element } of deciding(node, undefined)) {
    const [span] = sources.of(leaf.ir)
    if (span === undefined || found.size >= MAX_CONDITIONS) continue
    const place = placeOfSpan(span)
    const key = `${place.file}:${place.line}:${place.column} ${element ?? ''}`
    found.set(key, {
      text: textOfSpan(span),
      place,
      truth: truthName(leaf.truth),
      ...(element === undefined ? {} : { element }),
      facts: explainFacts(leaf),
    })
  }
  return [...found.values()]
}

interface Decider {
  readonly leaf: TraceNode
  readonly element: string | undefined
}

/** The conditions without which a value would not be what it is. */
function deciding(node: TraceNode, outer: string | undefined): readonly Decider[] {
  const element = node.element ?? outer
  const within = (parts: readonly TraceNode[]) => parts.flatMap((part) => deciding(part, element))
  const { ir, parts, truth } = node
  const same = parts.filter((part) => part.truth === truth)
  switch (ir.op) {
    case 'not':
      return within(parts)
    case 'and':
    case 'or': {
      const all = (ir.op === 'and') === (truth === T)
      if (truth !== U && all) return within(parts)
      return within(truth === T ? same.slice(0, 1) : same)
    }
    case 'at-least':
      return within(same)
    case 'conditional':
      return within(parts)
    case 'exists': {
      const elements = parts.filter((part) => part.ir === ir.body)
      const chosen = elements.filter((part) => part.truth === truth)
      if (elements.length === 0 || chosen.length === 0) return [{ leaf: node, element }]
      return within(truth === T ? chosen.slice(0, 1) : chosen)
    }
    case 'slots': {
      const pieces = node.filled ?? []
      const own = parts.filter((part) =>
        truth === T ? pieces.includes(part.element ?? '') && part.truth === T : part.truth !== T,
      )
      return [{ leaf: node, element }, ...within(own)]
    }
    default:
      return [{ leaf: node, element }]
  }
}

function explainFacts(node: TraceNode): readonly ExplainedFact[] {
  const reads = [...node.reads, ...node.parts.flatMap(allReads)]
  const facts = new Map(reads.map((read) => [read.path, explainFact(read)]))
  return node.ir.op === 'slots' || node.ir.op === 'exists'
    ? node.reads.map(explainFact)
    : [...facts.values()]
}

function allReads(node: TraceNode): readonly FactRead[] {
  return [...node.reads, ...node.parts.flatMap(allReads)]
}

/** An outcome stands in the facts as the result of its check. */
function explainFact({ path, type, value }: FactRead): ExplainedFact {
  const written = path.replace(/\.(?:ok|passed|failed)$/, '.result')
  return { path: written, value: cellToJson(value, type) }
}

function cellToJson(value: Cell, type: Type): Json {
  if (value === undefined) return null
  if (typeof value === 'string') return value
  if (typeof value === 'object') return 'items' in value ? `${lengthOf(value)} entries` : null
  switch (type.kind) {
    case 'enum':
      return membersOf(type, value)[0] ?? null
    case 'set':
      return membersOf(type.of, value)
    case 'flag':
      return value === 2
    case 'truth':
      return truthName(value)
    case 'timestamp':
      return formatTime(value)
    default:
      return value
  }
}

function lengthOf({ items }: Exclude<Cell, number | string | undefined>): number {
  return Array.isArray(items) ? items.length : 0
}

function truthName(truth: number): TruthName {
  if (truth === T) return 'true'
  return truth === F ? 'false' : 'unknown'
}
