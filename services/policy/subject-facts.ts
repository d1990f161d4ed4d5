import { canonicalJson, type Json } from '../kernel/canonical-json.ts'
import { toHex } from '../kernel/bytes.ts'
import { sha256 } from '../kernel/digest.ts'
import type { Facts } from './language/judged-facts.ts'

export type AuthenticatorStateName = 'pending' | 'active' | 'suspended' | 'revoked'

/** One thing that an event told about a person. Times are RFC 3339 texts, so that a fact has one canonical form. */
export type StoredFact =
  | { readonly kind: 'proofing'; readonly proofingId: string; readonly facts: Facts }
  | {
      readonly kind: 'status'
      readonly proofingIds: readonly string[]
      readonly learnedAt: string
      /** `check_status` that replaces the one of the proofings named. */
      readonly check: Facts
    }
  | { readonly kind: 'binding'; readonly authenticatorId: string; readonly binding: Facts }
  | {
      readonly kind: 'authenticator_state'
      readonly authenticatorId: string
      readonly state: AuthenticatorStateName
      readonly changedAt: string
    }

/** Facts that proofings establish of a person; all others are of a login or of the party asked. */
export const ROOTS_OF_PROOFINGS = ['proofing', 'evidence', 'checks'] as const
/** What `proofingsOf` gives. */
export const ROOTS_OF_PERSONS: readonly string[] = [...ROOTS_OF_PROOFINGS, 'bindings']

/** Identity of a fact: what it says. The same news in two events is one fact. */
export function factDigest(fact: StoredFact): string {
  return toHex(sha256(canonicalJson(fact)))
}

/** Digest of the whole set; order and repetition do not show in it. */
export function factsDigest(facts: readonly StoredFact[]): string {
  return toHex(sha256([...new Set(facts.map(factDigest))].sort().join('\n')))
}

/**
 * What is known of a person, as one `facts` object per proofing. A function of the set alone: neither the order in
 * which the facts came nor how often they came shows in it.
 */
export function proofingsOf(facts: readonly StoredFact[]): readonly Facts[] {
  const bindings = bindingsOf(facts)
  const byId = new Map(ofKind(facts, 'proofing').map((fact) => [fact.proofingId, fact]))
  return [...byId.values()].map(({ proofingId, facts: own }) => {
    const status = newestStatus(facts, proofingId)
    const checks = listOf(own['checks'])
    const replaced =
      status === undefined
        ? checks
        : [...checks.filter((check) => !isStatusOf(check, status)), status]
    return { ...own, checks: replaced, ...(bindings.length === 0 ? {} : { bindings }) }
  })
}

/** Binding records of the person's authenticators. */
export function bindingsOf(facts: readonly StoredFact[]): readonly Facts[] {
  return ofKind(facts, 'binding').map(({ binding }) => binding)
}

/** Current state of an authenticator; undefined when nothing was told about it. */
export function stateOf(
  facts: readonly StoredFact[],
  authenticatorId: string,
): AuthenticatorStateName | undefined {
  let newest: StateFact | undefined
  for (const fact of ofKind(facts, 'authenticator_state')) {
    if (fact.authenticatorId !== authenticatorId) continue
    if (newest === undefined || isLater(fact, newest)) newest = fact
  }
  return newest?.state
}

type OfKind<K extends StoredFact['kind']> = StoredFact & { readonly kind: K }
type StateFact = OfKind<'authenticator_state'>
const SEVERITY: Readonly<Record<AuthenticatorStateName, number>> = {
  active: 0,
  pending: 1,
  suspended: 2,
  revoked: 3,
}

/** Of two states at one instant the stricter one counts: an order of arrival must not decide. */
function isLater(fact: StateFact, than: StateFact): boolean {
  const difference = Date.parse(fact.changedAt) - Date.parse(than.changedAt)
  return difference > 0 || (difference === 0 && SEVERITY[fact.state] > SEVERITY[than.state])
}

const HARM: Readonly<Record<string, number>> = { good: 0, unknown: 1, suspended: 2, revoked: 3 }

/** The status learned last; of two learned at one instant the worse. */
function newestStatus(facts: readonly StoredFact[], proofingId: string): Facts | undefined {
  let newest: OfKind<'status'> | undefined
  for (const fact of ofKind(facts, 'status')) {
    if (!fact.proofingIds.includes(proofingId)) continue
    const difference =
      newest === undefined ? 1 : Date.parse(fact.learnedAt) - Date.parse(newest.learnedAt)
    if (difference > 0 || (difference === 0 && harm(fact.check) > harm(newest?.check)))
      newest = fact
  }
  return newest?.check
}

function harm(check: Facts | undefined): number {
  const result = check?.['result']
  return typeof result === 'string' ? (HARM[result] ?? 3) : 3
}

function isStatusOf(check: Json, status: Facts): boolean {
  if (typeof check !== 'object' || check === null || Array.isArray(check)) return false
  const own = check as Facts // neither null nor a list
  return own['type'] === 'status' && own['on'] === status['on']
}

function listOf(value: Json | undefined): readonly Json[] {
  return Array.isArray(value) ? (value as readonly Json[]) : []
}

/** What was told of one kind, in one order; making it costs more than scoring, and most is told once. */
function ofKind<K extends StoredFact['kind']>(
  facts: readonly StoredFact[],
  kind: K,
): readonly OfKind<K>[] {
  const own = facts.filter((fact): fact is OfKind<K> => fact.kind === kind)
  if (own.length < 2) return own
  return own
    .map((fact) => ({ fact, key: canonicalJson(fact) }))
    .sort((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0))
    .map(({ fact }) => fact)
}
