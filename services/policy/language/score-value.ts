import type { AnswerValue, AxisBounds } from './compiled-pack.ts'
import type { Seconds } from './dates.ts'
import type { Outcome } from './judged-facts.ts'
import { T } from './kleene.ts'
import type { Axis, Grant, Rule } from './pack.ts'
import type { Text } from './text.ts'
import { membersOf } from './types.ts'

export const INDETERMINATE = 'indeterminate'

/** A level, a set of methods, or an answer. A level with flags is an answer with `level`. */
export type ScoreValue = string | readonly string[] | AnswerValue

/** Something that was attempted without an answer, and that decides. */
export interface MissingOutcome {
  readonly path: string
  /** Check type, or `status`. */
  readonly check: string
  readonly on: string | undefined
  readonly ja: string
  readonly en: string
}

interface AppliedCap {
  readonly rule: string
  readonly to: string
  readonly certain: boolean
}

interface AppliedVeto {
  readonly rule: string
  readonly certain: boolean
}

/** A rule as explanations show it. */
export interface RuleReason {
  readonly id: string
  readonly title: Text
  readonly cites: readonly string[]
}

export interface Score {
  readonly framework: string
  readonly axis: string
  readonly value: ScoreValue
  /** The least and the most the value can be once the missing outcomes are known; both equal `value` when decided. */
  readonly atLeast: ScoreValue
  readonly atMost: ScoreValue
  readonly status: 'decided' | 'indeterminate'
  /** First instant (seconds) at which the value changes, or must be proved again, if no event arrives. */
  readonly validUntil: Seconds | undefined
  readonly missing: readonly MissingOutcome[]
  readonly caps: readonly AppliedCap[]
  readonly vetoes: readonly AppliedVeto[]
  readonly flags: readonly string[]
  readonly obligations: readonly string[]
  /** Rules that made the value, in the order of the pack. */
  readonly fired: readonly RuleReason[]
  /** Equivalences that made the value, where one did. */
  readonly via?: readonly string[]
}

/** Whether a value reaches a level or includes a method, three-valued, and until when that is known. */
export interface Reach {
  readonly truth: number
  readonly validUntil: Seconds | undefined
  readonly missing: readonly MissingOutcome[]
  /** Every outcome of the facts that is unknown, whether it decides here or not. */
  readonly unknown: readonly MissingOutcome[]
}

/** What stands however the unknown outcomes turn out, and what some way gives. Answers have no bounds of their own. */
export function exactBounds(axis: Axis | undefined, found: readonly (number | AnswerValue)[]) {
  const masks = found.filter((one) => typeof one === 'number')
  if (axis === undefined || axis.kind === 'answer' || masks.length === 0) return {}
  if (axis.kind === 'levels') return { lower: Math.min(...masks), upper: Math.max(...masks) }
  return { lower: masks.reduce((a, b) => a & b), upper: masks.reduce((a, b) => a | b) }
}

/** When labels are asked for, and the first turn so far. */
interface LabelClock {
  readonly now: Seconds
  /** The instant whose label is shown. */
  readonly at: Seconds
  nextTurn: number
}

/** `bit` 1 is what may be relied on, 2 what is possible. */
export function valueOf(
  bounds: AxisBounds,
  bit: 1 | 2,
  flags: readonly string[],
  clock: LabelClock,
): ScoreValue {
  const { axis } = bounds
  const bound = bit === 1 ? bounds.lower : bounds.upper
  if (typeof bound !== 'number') return bound
  if (axis.kind === 'answer') throw new TypeError('an answer is no mask')
  const members = membersOf(axis.type, bound)
  if (axis.kind === 'levels') {
    const level = members[0] ?? axis.type.members[0] ?? ''
    const name = axis.shows === undefined ? undefined : nameOf(bounds, bit, bound)
    if (flags.length === 0 && axis.shows === undefined) return level
    return {
      level,
      ...(axis.shows === undefined || name === undefined ? {} : { [axis.shows]: name }),
      ...Object.fromEntries(flags.map((flag) => [flag, true])),
    }
  }
  return members.map((id) => {
    const labels = axis.labels.get(id) ?? []
    for (const { until } of labels)
      if (until !== undefined && until > clock.now) clock.nextTurn = Math.min(clock.nextTurn, until)
    return labels.find(({ until }) => until === undefined || clock.at < until)?.text ?? id
  })
}

/** What the first grant of exactly this level is called; the order of the pack is the order of preference. */
function nameOf({ axis, grants }: AxisBounds, bit: 1 | 2, level: number): string | undefined {
  for (const { rule, truth } of grants) {
    if (!('gives' in rule) || (truth & bit) === 0) continue
    const { gives, as } = rule as Grant // the only rules with `gives` are grants
    if (as !== undefined && gives.get(axis.name) === level) return as
  }
  return undefined
}

export function isMethods(value: ScoreValue): value is readonly string[] {
  return Array.isArray(value)
}

/** Members compare as sets of names; order in a list says nothing. */
export function sameValue(a: ScoreValue, b: ScoreValue): boolean {
  if (typeof a === 'string' || typeof b === 'string') return a === b
  if (Array.isArray(a) || Array.isArray(b)) {
    return (
      Array.isArray(a) &&
      Array.isArray(b) &&
      a.length === b.length &&
      a.every((item) => b.includes(item))
    )
  }
  const [left, right] = [a as AnswerValue, b as AnswerValue] // neither text nor list
  const keys = new Set([...Object.keys(left), ...Object.keys(right)])
  return [...keys].every((key) => {
    const [x, y] = [left[key], right[key]]
    if (typeof x === 'object' && typeof y === 'object') return sameValue(x, y)
    return x === y
  })
}

export function firedOf(bounds: AxisBounds): RuleReason[] {
  const { axis } = bounds
  const reasons = bounds.grants
    .filter(({ rule, truth }) => truth === T && carries(rule, axis, bounds.lower))
    .map(({ rule }) => rule)
  const lowered = [...bounds.vetoes, ...bounds.caps]
    .filter(({ truth }) => truth === T)
    .map(({ rule }) => rule)
  return [...reasons, ...lowered].map(reasonOf)
}

/** Of the rules that granted, those that still show in the value. */
function carries(rule: Rule, axis: Axis, value: number | AnswerValue): boolean {
  if (axis.kind === 'answer' || typeof value !== 'number') return true
  const given = 'gives' in rule ? (rule as Grant).gives.get(axis.name) : undefined // the only rules with `gives` are grants
  if (given === undefined) return true
  return axis.kind === 'methods' ? (given & value) !== 0 : given >= value
}

function reasonOf({ id, title, cites }: Rule): RuleReason {
  return { id, title, cites }
}

export function missingOf({ path, type, on }: Outcome): MissingOutcome {
  const isStatus = type === 'status'
  return {
    path,
    check: type,
    on,
    ja: isStatus
      ? '失効状態の確認結果（有効か失効か）が必要です'
      : `確認「${type}」の結果が必要です`,
    en: isStatus
      ? 'needs an answer about revocation: good or revoked'
      : `needs the outcome of the check ${type}`,
  }
}
