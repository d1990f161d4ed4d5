import type { AnswerValue } from './compiled-pack.ts'
import type { Seconds } from './dates.ts'
import type { Ir } from './ir.ts'
import { F, T, U } from './kleene.ts'
import type {
  Answer,
  AnswerAxis,
  AnswerRule,
  Axis,
  Cap,
  Grant,
  LevelAxis,
  MethodAxis,
  Note,
  Pack,
  Rule,
  Veto,
} from './pack.ts'
import type { Item, Subject } from './subject.ts'
import type { TraceNode } from './trace-values.ts'
import { Tracer } from './trace.ts'
import { ABSENT, membersOf, type EnumType } from './types.ts'

export type AnyRule = Grant | Veto | Cap | Note | AnswerRule

/** A rule in force with how its condition came out. */
export interface RuleTrace<R extends AnyRule = AnyRule> {
  readonly rule: R
  readonly node: TraceNode
}

/** One axis: both bounds, and every rule in force that has a say about it. */
export interface AxisTrace {
  readonly axis: Axis
  readonly lower: number | AnswerValue
  readonly upper: number | AnswerValue
  readonly grants: readonly RuleTrace<Grant>[]
  readonly vetoes: readonly RuleTrace<Veto>[]
  readonly caps: readonly RuleTrace<Cap>[]
  readonly answers: readonly RuleTrace<AnswerRule>[]
  readonly notes: readonly RuleTrace<Note>[]
  /** For an axis that is the weakest of others: what each of them may be, as masks. */
  readonly minimum: readonly { readonly ir: Ir; readonly mask: number }[]
}

export interface PackTraceInput {
  readonly subject: Subject
  readonly paths: ReadonlyMap<Item, string>
  readonly now: Seconds
  readonly measuredAt: Seconds
}

/**
 * Bounds of `axis` and of every axis with levels or methods, the asked one last. The reference of every other way to evaluate
 * a pack.
 */
export function tracePack(pack: Pack, axis: string, input: PackTraceInput): readonly AxisTrace[] {
  const asked = pack.axes.get(axis)
  if (asked === undefined) throw new TypeError(`no axis ${axis}`)
  const traces = new PackTracer(pack, input).trace((one) => one === asked || one.kind !== 'answer')
  const isAsked = (trace: AxisTrace) => trace.axis === asked
  return [...traces.filter((trace) => !isAsked(trace)), ...traces.filter(isAsked)]
}

/** Bounds of every axis, answers included, each after those that it reads. */
export function traceAxes(pack: Pack, input: PackTraceInput): readonly AxisTrace[] {
  return new PackTracer(pack, input).trace(() => true)
}

class PackTracer {
  readonly #pack: Pack
  readonly #input: PackTraceInput
  readonly #axes = new Map<string, number>()
  readonly #tracer: Tracer

  constructor(pack: Pack, input: PackTraceInput) {
    this.#pack = pack
    this.#input = input
    const { subject, paths, now, measuredAt } = input
    const { roots } = subject
    this.#tracer = new Tracer({ pack, roots, paths, now, measuredAt, axes: this.#axes })
  }

  trace(isWanted: (axis: Axis) => boolean): readonly AxisTrace[] {
    const traced = this.#pack.order
      .flatMap((name) => this.#pack.axes.get(name) ?? [])
      .filter(isWanted)
      .map((axis) => this.#traced(axis))
    // Notes may read any axis, and so come after all.
    const { notes } = this.#pack
    return traced.map((trace) => ({
      ...trace,
      notes: this.#rules(notes, ({ axes }) => axes.includes(trace.axis.name)),
    }))
  }

  #traced(axis: Axis): Omit<AxisTrace, 'notes'> {
    const { grants, vetoes, caps, answers } = this.#pack
    const minimum = axis.kind === 'levels' ? (axis.minimum ?? []) : []
    const rules = {
      grants: this.#rules(grants, ({ gives }) => gives.has(axis.name)),
      vetoes: this.#rules(vetoes, ({ removes }) => removes.has(axis.name)),
      caps: this.#rules(caps, ({ to }) => to.has(axis.name)),
      answers: this.#rules(answers, (rule) => rule.axis === axis.name),
      minimum: minimum.map((ir) => ({ ir, mask: this.#tracer.mask(ir) })),
    }
    const [lower, upper] = this.#bounds(axis, rules)
    this.#axes.set(axis.name, between(axis, lower, upper))
    return { axis, lower, upper, ...rules }
  }

  #bounds(
    axis: Axis,
    rules: Omit<AxisTrace, 'axis' | 'lower' | 'upper' | 'notes'>,
  ): readonly [number | AnswerValue, number | AnswerValue] {
    if (axis.kind === 'answer') return this.#answers(axis, rules.answers)
    return axis.kind === 'levels'
      ? [levelBound(axis, rules, 'lower'), levelBound(axis, rules, 'upper')]
      : [methodBound(axis, rules, 'lower'), methodBound(axis, rules, 'upper')]
  }

  #answers(
    axis: AnswerAxis,
    rules: readonly RuleTrace<AnswerRule>[],
  ): readonly [AnswerValue, AnswerValue] {
    const possible = rules.filter(({ node }) => node.truth !== F)
    const certain = possible.find(({ node }) => node.truth === T)
    const lower = this.#answer(certain?.rule.set ?? axis.otherwise, axis)
    const [first] = possible
    return [lower, first === undefined ? lower : this.#answer(first.rule.set, axis)]
  }

  #answer(answer: Answer, axis: AnswerAxis): AnswerValue {
    const value: Record<string, boolean | string | AnswerValue> = {}
    for (const [name, part] of Object.entries(answer)) {
      const found = part.kind === 'parts' ? this.#answer(part.parts, axis) : this.#field(part.ir)
      if (found !== undefined) value[name] = found
    }
    return value
  }

  #field(ir: Ir): boolean | string | undefined {
    if (ir.type.kind === 'truth') return this.#tracer.condition(ir).truth === T
    if (ir.type.kind !== 'enum') return this.#tracer.text(ir)
    const members = membersOf(ir.type, this.#tracer.mask(ir))
    return members.length === 1 ? members[0] : undefined
  }

  #rules<R extends AnyRule>(rules: readonly R[], concerns: (rule: R) => boolean): RuleTrace<R>[] {
    const at = this.#input.subject.verifiedAt ?? this.#input.now
    return rules
      .filter((rule) => concerns(rule) && isInForce(rule, at))
      .map((rule) => ({ rule, node: this.#tracer.condition(rule.condition) }))
  }
}

function isInForce({ inForce: { from, until } }: Rule, at: Seconds): boolean {
  return (from === undefined || from <= at) && (until === undefined || at < until)
}

type Bound = 'lower' | 'upper'
type RuleSet = Pick<AxisTrace, 'grants' | 'vetoes' | 'caps' | 'minimum'>

/** One bit: the level. */
function levelBound(axis: LevelAxis, rules: RuleSet, bound: Bound): number {
  if (rules.vetoes.some((veto) => counts(veto, bound))) return 1
  const granted = rules.grants
    .filter(({ node }) => grants(node, bound))
    .map(({ rule }) => rule.gives.get(axis.name) ?? 1)
  const columns = rules.minimum.map(({ mask }) => columnBound(axis.type, mask, bound))
  const reached = axis.minimum === undefined ? Math.max(1, ...granted) : Math.min(...columns)
  const capped = rules.caps
    .filter((cap) => counts(cap, bound))
    .map(({ rule }) => rule.to.get(axis.name) ?? 1)
  return Math.min(reached, ...capped)
}

/** One bit per method. */
function methodBound(axis: MethodAxis, rules: RuleSet, bound: Bound): number {
  const granted = rules.grants
    .filter(({ node }) => grants(node, bound))
    .reduce((mask, { rule }) => mask | (rule.gives.get(axis.name) ?? 0), 0)
  const left = rules.vetoes
    .filter((veto) => counts(veto, bound))
    .reduce((mask, { rule }) => mask & ~(rule.removes.get(axis.name) ?? 0), granted)
  return rules.caps
    .filter((cap) => counts(cap, bound))
    .reduce((mask, { rule }) => mask & (rule.to.get(axis.name) ?? 0), left)
}

function grants({ truth }: TraceNode, bound: Bound): boolean {
  return truth === T || (bound === 'upper' && truth === U)
}

/** Whether a veto or a cap lowers this bound: what may be relied on falls on an unknown one, unless it says otherwise. */
export function counts({ rule, node: { truth } }: RuleTrace<Veto | Cap>, bound: Bound): boolean {
  if (truth !== U) return truth === T
  return rule.unknown === 'fire' || (rule.unknown === 'lower' && bound === 'lower')
}

function columnBound(type: EnumType, mask: number, bound: Bound): number {
  const levels = type.members.map((_, i) => 1 << i).filter((level) => (mask & level) !== 0)
  if (bound === 'upper') return Math.max(1, ...levels)
  return (mask & ABSENT) !== 0 ? 1 : Math.min(...levels)
}

/** What an axis that reads this one finds. */
function between(axis: Axis, lower: number | AnswerValue, upper: number | AnswerValue): number {
  if (typeof lower !== 'number' || typeof upper !== 'number') return ABSENT
  if (axis.kind === 'methods') return lower | upper
  const levels = axis.kind === 'levels' ? axis.type.members.map((_, i) => 1 << i) : []
  return levels.filter((level) => level >= lower && level <= upper).reduce((a, b) => a | b, 0)
}
