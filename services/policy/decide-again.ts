import type { ActivePolicy } from './active-policy.ts'
import { ceremonyFacts, ceremonyLevel } from './ceremony-level.ts'
import { levelOf } from './frameworks.ts'
import { identityLevel } from './identity-level.ts'
import type { AxisRef } from './language/pack.ts'
import type { RuleReason } from './language/score-value.ts'
import type { Facts } from './language/judged-facts.ts'
import { ceremonyOf } from './logged-ceremony.ts'
import type { DecisionRow } from './store.ts'
import { proofingsOf, type StoredFact } from './subject-facts.ts'

/** A decision of the log under some policy. */
export interface DecidedAgain {
  readonly level: string
  readonly fired: readonly RuleReason[]
  /** What was looked at, as the rules read it: one object per proofing, or one login. */
  readonly facts: readonly Facts[]
}

/** Whether rules decided it: what was asked of the age of a login alone, or of nothing at all, is the same under every policy. */
export function isByRules({ axis }: Pick<DecisionRow, 'axis'>): boolean {
  return axis !== '' && axis !== 'max_age'
}

/**
 * The level that a policy gives on the facts of then, at the instant of then. Undefined where the policy does not answer that
 * axis. Pure.
 */
export function decideAgain(
  policy: ActivePolicy,
  decision: DecisionRow,
  known: readonly StoredFact[],
): DecidedAgain | undefined {
  const { framework, axis, decidedAt: at } = decision
  const is = (ref: AxisRef) => ref.framework === framework && ref.axis === axis
  const person = policy.person.find(is)
  if (person !== undefined) {
    const facts = proofingsOf(known)
    return { ...identityLevel(policy, person, facts, at), facts }
  }
  const ceremony = ceremonyOf(decision.ceremony)
  const facts = ceremonyFacts(ceremony, known)
  const login = policy.ceremony.find(is)
  if (login !== undefined)
    return { ...ceremonyLevel(policy, login, facts, { ceremony, at }), facts: [facts] }
  if (framework !== policy.pack.framework || !policy.pack.axes.has(axis)) return undefined
  const { value, fired } = policy.frameworks.score({ framework, axis, facts, at })
  return { level: levelOf(value), fired, facts: [facts] }
}
