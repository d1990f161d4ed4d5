import type { Json } from '../kernel/canonical-json.ts'
import type { ActivePolicy } from './active-policy.ts'
import { levelOf } from './frameworks.ts'
import type { AxisRef } from './language/pack.ts'
import type { RuleReason } from './language/score-value.ts'
import type { Facts } from './language/judged-facts.ts'
import type { AssuranceFlag, CeremonyFacts } from './ports.ts'
import { bindingsOf, stateOf, type StoredFact } from './subject-facts.ts'

/** Level of one login on one axis, as its session stands now. */
export interface CeremonyLevel {
  readonly level: string
  readonly validUntil: Date | undefined
  /** The login was good enough once, but its session is over. */
  readonly terminated: boolean
  readonly fired: readonly RuleReason[]
}

/** Facts of a login as they stand now: an authenticator suspended since then counts for nothing. */
export function ceremonyFacts(
  ceremony: CeremonyFacts | undefined,
  known: readonly StoredFact[],
): Facts {
  if (ceremony === undefined) return {}
  const auth = asRecord(ceremony.auth)
  const factors = (Array.isArray(auth['factors']) ? (auth['factors'] as readonly Json[]) : []).map(
    (factor) => {
      const own = asRecord(factor)
      const id = own['authenticator']
      const state = typeof id === 'string' ? stateOf(known, id) : undefined
      return state === undefined || state === 'active'
        ? own
        : { ...own, status: state === 'revoked' ? 'revoked' : 'suspended' }
    },
  )
  const bindings = bindingsOf(known)
  return { auth: { ...auth, factors }, ...(bindings.length === 0 ? {} : { bindings }) }
}

/** Event level, then the limits of its session (SP 800-63B-4 §5.2 where the pack names a session axis). Pure. */
export function ceremonyLevel(
  policy: ActivePolicy,
  ref: AxisRef,
  facts: Facts,
  session: { readonly ceremony: CeremonyFacts | undefined; readonly at: Date },
): CeremonyLevel {
  const { framework, axis } = ref
  const { ceremony, at } = session
  const event = policy.frameworks.score({ framework, axis, facts, at })
  const level = levelOf(event.value)
  const until = dateOf(event.validUntil)
  const bottom = policy.offered(framework, axis).axis.type.members[0] ?? ''
  if (ref.session === undefined || ceremony === undefined || level === bottom) {
    return { level, validUntil: until, terminated: false, fired: event.fired }
  }
  const sessionFacts = {
    session: {
      auth_aal: level,
      age_s: secondsSince(ceremony.authenticatedAt, at),
      idle_s: secondsSince(ceremony.lastActiveAt, at),
    },
  }
  const kept = policy.frameworks.score({ framework, axis: ref.session, facts: sessionFacts, at })
  const terminated = levelOf(kept.value) !== level
  return {
    level: terminated ? bottom : level,
    validUntil: earlier(until, dateOf(kept.validUntil)),
    terminated,
    fired: terminated ? [] : [...event.fired, ...kept.fired],
  }
}

export function flagHolds(
  policy: ActivePolicy,
  flag: AssuranceFlag,
  facts: Facts,
  at: Date,
): boolean {
  const score = policy.frameworks.score({ framework: policy.pack.framework, axis: flag, facts, at })
  return levelOf(score.value) === 'yes'
}

export function secondsSince(then: Date, at: Date): number {
  return Math.max(0, Math.floor((at.getTime() - then.getTime()) / 1000))
}

function dateOf(seconds: number | undefined): Date | undefined {
  return seconds === undefined ? undefined : new Date(seconds * 1000)
}

function earlier(a: Date | undefined, b: Date | undefined): Date | undefined {
  if (a === undefined || b === undefined) return a ?? b
  return a < b ? a : b
}

function asRecord(value: Json): Facts {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
    ? (value as Facts)
    : {} // neither null nor a list
}
