import type { ActivePolicy } from './active-policy.ts'
import { levelOf } from './frameworks.ts'
import type { AxisRef } from './language/pack.ts'
import { INDETERMINATE, type RuleReason, type Score } from './language/score-value.ts'
import type { Facts } from './language/judged-facts.ts'

/** Level of a person on one identity axis, from all proofings together. */
export interface IdentityLevel {
  readonly framework: string
  readonly axis: string
  /** Label, or `indeterminate`. */
  readonly level: string
  readonly validUntil: Date | undefined
  /** Names of the checks whose outcome would settle it. */
  readonly missing: readonly string[]
  readonly fired: readonly RuleReason[]
}

/**
 * Highest over the valid proofings, so that losing the best falls back to the next. An open one counts only where it could
 * still raise the level. Pure.
 */
export function identityLevel(
  policy: ActivePolicy,
  ref: AxisRef,
  proofings: readonly Facts[],
  at: Date,
): IdentityLevel {
  const { framework, axis } = ref
  const { members } = policy.offered(framework, axis).axis.type
  const facts = proofings.length === 0 ? [{}] : proofings
  const scores = facts.map((own) => policy.frameworks.score({ framework, axis, facts: own, at }))
  const least = Math.max(...scores.map((score) => members.indexOf(levelOf(score.atLeast))))
  const most = Math.max(...scores.map((score) => members.indexOf(levelOf(score.atMost))))
  const open = scores.filter(
    (score) => members.indexOf(levelOf(score.atMost)) > least && score.status === 'indeterminate',
  )
  const decided = least === most
  const level = decided ? (members[least] ?? '') : INDETERMINATE
  return {
    framework,
    axis,
    level,
    validUntil: earliest(scores),
    missing: decided
      ? []
      : [...new Set(open.flatMap((score) => score.missing.map(({ check }) => check)))],
    fired: scores.find((score) => levelOf(score.atLeast) === members[least])?.fired ?? [],
  }
}

/** Never later than the change itself: with several proofings it may be an instant at which nothing changes. */
function earliest(scores: readonly Score[]): Date | undefined {
  const ends = scores.flatMap(({ validUntil }) => (validUntil === undefined ? [] : [validUntil]))
  return ends.length === 0 ? undefined : new Date(Math.min(...ends) * 1000)
}
