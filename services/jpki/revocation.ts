/** CRLReason by name (RFC 5280 §5.3.1). */
export const CRL_REASONS = {
  0: 'unspecified',
  1: 'keyCompromise',
  2: 'cACompromise',
  3: 'affiliationChanged',
  4: 'superseded',
  5: 'cessationOfOperation',
  6: 'certificateHold',
  8: 'removeFromCRL',
  9: 'privilegeWithdrawn',
  10: 'aACompromise',
} as const
export type RevocationReason = (typeof CRL_REASONS)[keyof typeof CRL_REASONS]

/** Name of a CRLReason code; null for 7 and whatever else RFC 5280 does not define. */
export function reasonName(code: number): RevocationReason | null {
  return Object.hasOwn(CRL_REASONS, code) ? CRL_REASONS[code as keyof typeof CRL_REASONS] : null
}

/** Why revocation data says nothing about the certificate; unknown is neither good nor revoked. */
export type UnknownCause =
  | 'MALFORMED'
  | 'WRONG_ISSUER'
  | 'WRONG_SCOPE'
  | 'BAD_SIGNATURE'
  | 'UNSUPPORTED'
  | 'NOT_YET_VALID'
  | 'STALE'
  | 'OLDER_THAN_KNOWN'
  | 'NO_ANSWER'
  | 'WRONG_NONCE'
  | 'RESPONDER_REFUSED'
  | 'UNREACHABLE'

/** How old revocation data may be. */
export interface FreshnessPolicy {
  /** Oldest thisUpdate that is believed, in milliseconds before the verification time; Infinity: as long as it says. */
  readonly maximumAge: number
  /** How far a clock of the issuer may run ahead of ours, in milliseconds. */
  readonly clockSkew: number
}

/** What one source says about one certificate at one time. */
export type RevocationStatus =
  | {
      readonly status: 'good'
      readonly source: 'crl' | 'ocsp'
      readonly thisUpdate: Date
      readonly nextUpdate: Date | null
    }
  | {
      /** `suspended` = certificateHold: may become good again. */
      readonly status: 'revoked' | 'suspended'
      readonly source: 'crl' | 'ocsp'
      readonly reason: RevocationReason
      readonly revokedAt: Date
      readonly thisUpdate: Date
      readonly nextUpdate: Date | null
    }
  | { readonly status: 'unknown'; readonly source: 'crl' | 'ocsp'; readonly cause: UnknownCause }

/** Whether data of `thisUpdate` to `nextUpdate` may be believed at `at`; the cause when not. */
export function freshness(
  thisUpdate: Date,
  nextUpdate: Date | null,
  at: Date,
  { maximumAge, clockSkew }: FreshnessPolicy,
): 'NOT_YET_VALID' | 'STALE' | null {
  const now = at.getTime()
  if (thisUpdate.getTime() > now + clockSkew) return 'NOT_YET_VALID'
  if (thisUpdate.getTime() < now - maximumAge) return 'STALE'
  // Without an end of its own, data is believed for as long as we say, and for no time when we do not.
  if (nextUpdate === null) return Number.isFinite(maximumAge) ? null : 'STALE'
  return nextUpdate.getTime() < now ? 'STALE' : null
}

/** The time for which a status is asked. */
export interface StatusTime {
  readonly at: Date
  /**
   * When what the certificate signed is proven to have existed, if that was before `at`: then data of that time tells as
   * well, and so does what was issued since, which knows of all that came before.
   */
  readonly since?: Date | undefined
}

/** A certificate that was revoked or is suspended. */
export type Revocation = Extract<RevocationStatus, { readonly revokedAt: Date }>

/** A status in which a revocation that `excuses` lets pass counts as none. */
export function excusing(
  status: RevocationStatus,
  excuses: ((revocation: Revocation) => boolean) | undefined,
): RevocationStatus {
  return 'revokedAt' in status && excuses?.(status) === true
    ? { ...status, status: 'good' }
    : status
}

/** `freshness` of data that may be of any time from a proof of existence on. */
export function timeliness(
  thisUpdate: Date,
  nextUpdate: Date | null,
  { at, since }: StatusTime,
  policy: FreshnessPolicy,
): 'NOT_YET_VALID' | 'STALE' | null {
  const now = freshness(thisUpdate, nextUpdate, at, policy)
  if (now === null || since === undefined) return now
  if (since <= thisUpdate && thisUpdate <= at) return null
  return freshness(thisUpdate, nextUpdate, since, policy)
}

/** The status behind a reason: hold suspends, everything else revokes. */
export function revokedOrSuspended(reason: RevocationReason): 'revoked' | 'suspended' {
  return reason === 'certificateHold' ? 'suspended' : 'revoked'
}

type Known = Exclude<RevocationStatus, { readonly status: 'unknown' }>

/**
 * One status from several sources: revoked stands against everything; a hold is lifted by newer good data alone; good
 * stands against unknown. No source at all is unknown.
 */
export function combineRevocation(statuses: readonly RevocationStatus[]): RevocationStatus {
  const of = <S extends Known['status']>(status: S): (Known & { readonly status: S })[] =>
    statuses.filter((one): one is Known & { readonly status: S } => one.status === status)
  const [revoked] = of('revoked')
  if (revoked !== undefined) return revoked
  const [suspended] = newestFirst(of('suspended'))
  const [good] = newestFirst(of('good'))
  if (suspended !== undefined && (good === undefined || good.thisUpdate <= suspended.thisUpdate)) {
    return suspended
  }
  return good ?? statuses[0] ?? { status: 'unknown', source: 'crl', cause: 'UNREACHABLE' }
}

function newestFirst<T extends { readonly thisUpdate: Date }>(statuses: readonly T[]): T[] {
  return statuses.toSorted((a, b) => b.thisUpdate.getTime() - a.thisUpdate.getTime())
}
