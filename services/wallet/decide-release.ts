import { isIndividualNumber } from '../kernel/individual-number.ts'
import {
  derivableFrom,
  findClaim,
  inCatalogueOrder,
  isAgeClaim,
  THRESHOLD_BUDGET,
} from './catalogue.ts'
import type { ClaimRefusal, ClaimRequest } from './ports.ts'

export type AllowanceDecision = 'never' | 'ask'
/** What a persona may give. A claim that is not listed follows what it is derived from. */
export type Allowance = Readonly<Record<string, AllowanceDecision>>

export interface ReleaseQuestion {
  readonly request: readonly ClaimRequest[]
  /** Claims of the registered purpose. */
  readonly purpose: readonly string[]
  readonly allowance: Allowance
  /** Claims the person did not untick. */
  readonly consent: ReadonlySet<string>
  /** Claims that have a value now; stale ones are out of date and do not leave. */
  readonly available: ReadonlyMap<string, { readonly stale: boolean }>
  /** Whether the levels reach the minimum; without that no attribute is good enough. */
  readonly assured: boolean
}

interface WithheldClaim {
  readonly name: string
  readonly reason: ClaimRefusal | 'DECLINED'
}

export type ReleaseDecision =
  | {
      readonly outcome: 'permitted'
      readonly claims: readonly string[]
      readonly withheld: readonly WithheldClaim[]
    }
  | { readonly outcome: 'nothing'; readonly withheld: readonly WithheldClaim[] }

/**
 * release = request ∩ purpose ∩ allowance ∩ consent ∩ available, by derivability and never wider than asked. When an
 * essential claim is not permitted nothing leaves. Narrowing any input never adds a claim.
 */
export function decideRelease(question: ReleaseQuestion): ReleaseDecision {
  const judged = question.request.map(({ name, essential }) => ({
    name,
    essential,
    reason: reasonAgainst(name, question),
  }))
  const withheld = judged.flatMap(({ name, reason }) => (reason ? [{ name, reason }] : []))
  // 個人番号 is never shown as a choice, so a request that names it is refused whole.
  if (judged.some(({ essential, reason }) => reason === 'FORBIDDEN' || (reason && essential))) {
    return { outcome: 'nothing', withheld }
  }
  const permitted = judged.flatMap(({ name, reason }) => (reason ? [] : [name]))
  return { outcome: 'permitted', claims: inCatalogueOrder(permitted), withheld }
}

function reasonAgainst(name: string, question: ReleaseQuestion): WithheldClaim['reason'] | null {
  const { purpose, allowance, consent, available, assured } = question
  if (isIndividualNumber(name)) return 'FORBIDDEN'
  if (!findClaim(name)) return 'UNKNOWN_CLAIM'
  if (!purpose.some((registered) => derivableFrom(name, registered))) return 'NOT_REGISTERED'
  if (!isAllowed(name, allowance)) return 'NOT_ALLOWED_BY_PERSONA'
  const value = available.get(name)
  if (!value || !assured) return 'NOT_AVAILABLE'
  if (value.stale) return 'STALE'
  return consent.has(name) ? null : 'DECLINED'
}

/** A `never` on the claim itself wins; otherwise any claim it derives from that the persona may give. */
export function isAllowed(name: string, allowance: Allowance): boolean {
  if (allowance[name] === 'never') return false
  return Object.entries(allowance).some(
    ([allowed, decision]) => decision === 'ask' && derivableFrom(name, allowed),
  )
}

/**
 * Whether a request keeps to the age limits a sector may learn about one persona. Each further limit narrows the birth date;
 * a request that goes beyond is refused whole, apart from the rule above, whose every input only ever narrows.
 */
export function withinThresholdBudget(
  spent: readonly string[],
  request: readonly ClaimRequest[],
): boolean {
  const asked = request.flatMap(({ name }) => (isAgeClaim(name) ? [name] : []))
  return (
    new Set([...spent, ...asked]).size <= THRESHOLD_BUDGET || asked.every((n) => spent.includes(n))
  )
}
