import type { RevocationStatus } from '../jpki/revocation.ts'
import type { Json } from '../kernel/canonical-json.ts'
import type { CertificateStatusName } from './events.ts'
import { statusCheck } from './facts.ts'

/** What the monitor last knew of a certificate. */
export interface KnownStatus {
  readonly status: CertificateStatusName
  /** CRLReason by name; empty when good. */
  readonly reason: string
  /** thisUpdate of the last data that said good. */
  readonly lastGoodAt: Date
}

/** A change to tell. */
export interface StatusChange {
  readonly status: CertificateStatusName
  readonly reason: string
  readonly effectiveAt: Date
  readonly attributesStale: boolean
  readonly statusCheck: Json
}

/** What was observed, and what decides how it is taken. */
export interface Observation {
  readonly observed: RevocationStatus
  readonly now: Date
  /**
   * Whether linkage knows the certificate that stands for a superseded one: with it the identity stands, without it nobody
   * can tell yet.
   */
  readonly replaced: boolean
  /** For how long a certificate that was good stands without fresh data, in milliseconds. */
  readonly toleratedSilence: number
}

/** Stands in the place of a CRLReason once the register has nobody under the certificate any more; no list can undo it. */
export const PERSON_ENDED = 'personEnded'

/** What an observation changes, or null. */
export function decideStatus(known: KnownStatus, observation: Observation): StatusChange | null {
  if (known.reason === PERSON_ENDED) return null
  const change = changeOf(known, observation)
  const same = change?.status === known.status && change.reason === known.reason
  return same ? null : change
}

function changeOf(
  known: KnownStatus,
  { observed, now, replaced, toleratedSilence }: Observation,
): StatusChange | null {
  switch (observed.status) {
    case 'good':
      return told('good', '', observed.thisUpdate, statusCheck(observed, now))
    case 'suspended':
      return told('suspended', observed.reason, observed.revokedAt, statusCheck(observed, now))
    case 'revoked':
      return revocation(observed, now, replaced)
    case 'unknown':
      return isOverdue(known, now, toleratedSilence)
        ? told('unknown', '', now, statusCheck(observed, now))
        : null
    default:
      return observed satisfies never
  }
}

/** A certificate that a source lists, with the reason. */
type Listed = Exclude<RevocationStatus, { readonly status: 'good' | 'unknown' }>

function revocation(observed: Listed, now: Date, replaced: boolean): StatusChange {
  const { reason, revokedAt } = observed
  switch (reason) {
    // Name, address, birth date or sex has changed, or the person has died: the list cannot tell which. The identity was
    // proven; what the certificate says of the person may be out of date.
    case 'affiliationChanged': {
      const check = statusCheck(observed, now, 'good')
      return { ...told('revoked', reason, revokedAt, check), attributesStale: true }
    }
    case 'superseded':
      return replaced
        ? told('revoked', reason, revokedAt, statusCheck(observed, now, 'good'))
        : told('unknown', reason, revokedAt, statusCheck(observed, now, 'unknown'))
    default:
      return told('revoked', reason, revokedAt, statusCheck(observed, now))
  }
}

function told(
  status: CertificateStatusName,
  reason: string,
  effectiveAt: Date,
  check: Json,
): StatusChange {
  return { status, reason, effectiveAt, attributesStale: false, statusCheck: check }
}

/** No fresh data for longer than data may be old. A certificate that is known for revoked does not become unknown. */
function isOverdue({ status, lastGoodAt }: KnownStatus, now: Date, tolerated: number): boolean {
  return status === 'good' && now.getTime() - lastGoodAt.getTime() > tolerated
}
