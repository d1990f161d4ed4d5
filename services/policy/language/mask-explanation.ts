import type { Explanation, ExplainedRule } from './explain.ts'
import type { Text } from './text.ts'
import type { ScoreValue } from './score-value.ts'

/** A rule as a party may see it that the facts do not belong to. */
export interface MaskedRule {
  readonly id: string
  readonly title: Text
  readonly cites: readonly string[]
  readonly effect: string
  readonly missing: Text | undefined
  /** Facts that decided and that the party knows anyway. No values. */
  readonly paths: readonly string[]
}

/** An explanation without values of facts, without conditions, and with no path but those that the party may know. */
export interface MaskedExplanation {
  readonly axis: string
  readonly value: ScoreValue
  readonly status: Explanation['status']
  readonly why: readonly MaskedRule[]
  readonly lowered: readonly MaskedRule[]
  readonly whyNot: readonly MaskedRule[]
  /** Kinds of checks without an answer; not what they were made on. */
  readonly unknown: readonly string[]
}

/**
 * What a relying party may be told. `mayKnow` says of a path in the facts whether the party has it from elsewhere. Which condition of
 * a rule came out how is a fact about the person, so conditions are left out altogether.
 */
export function maskExplanation(
  explanation: Explanation,
  mayKnow: (path: string) => boolean,
): MaskedExplanation {
  const masked = (rules: readonly ExplainedRule[]) => rules.map((rule) => maskRule(rule, mayKnow))
  const { axis, value, status } = explanation
  return {
    axis,
    value,
    status,
    why: masked(explanation.why),
    lowered: masked(explanation.lowered),
    whyNot: masked(explanation.whyNot),
    unknown: [...new Set(explanation.unknown.map(({ check }) => check))],
  }
}

function maskRule(
  { id, title, cites, effect, missing, conditions }: ExplainedRule,
  mayKnow: (path: string) => boolean,
): MaskedRule {
  const paths = conditions.flatMap(({ facts }) => facts.map(({ path }) => path)).filter(mayKnow)
  return { id, title, cites, effect, missing, paths: [...new Set(paths)] }
}
