import type { ProofPurpose } from '../card/proof-message.ts'
import type { RevocationReason, RevocationStatus } from '../jpki/revocation.ts'
import type { VerifiedCertificate } from '../jpki/verify-application.ts'
import type { Json } from '../kernel/canonical-json.ts'

type Answered = Exclude<RevocationStatus, { readonly status: 'unknown' }>

/** Attribute names of the 基本4情報 in the vocabulary of the facts. */
export const BASIC_FOUR_NAMES = ['name', 'address', 'birthdate', 'gender'] as const

export interface ProofedApplication {
  readonly proofingId: string
  readonly purpose: ProofPurpose
  readonly verifiedAt: Date
  readonly verified: VerifiedCertificate
  readonly revocation: Answered
}

/**
 * What a verified tap of the card says: proofing, one piece of evidence, and each check with its outcome. Names and
 * results, no value of the person; no strength and no level, which are the policy's to give.
 */
export function proofingFacts(proofed: ProofedApplication): Json {
  const { certificate, attributes } = proofed.verified
  const at = proofed.verifiedAt.toISOString()
  const on = 'e1'
  const names = attributes === null ? [] : [...BASIC_FOUR_NAMES]
  return {
    proofing: { id: proofed.proofingId, channel: 'remote_unattended', at },
    evidence: [
      {
        id: on,
        kind: attributes === null ? 'jpki_auth_cert' : 'jpki_sign_cert',
        cls: 'pki_cert',
        issuer: { id: 'J-LIS', country: 'JP', sector: 'gov' },
        ...(names.length === 0 ? {} : { attrs: names }),
        // Not `expires_at`: a certificate ends on a birthday, and facts travel on the log.
        issued_at: certificate.notBefore.at.toISOString(),
      },
    ],
    checks: [
      { type: 'authentic', on, at, method: 'crypto', anchor: 'JLIS' },
      statusCheck(proofed.revocation, proofed.verifiedAt),
      { type: 'signed', on, at, payload: payloadOf(proofed.purpose), valid: true },
      ...(names.length === 0
        ? []
        : [{ type: 'match', on, at, scope: 'core', source: 'signed_attributes', items: names }]),
      { type: 'holder', on, at, method: 'pin' },
    ],
  }
}

function payloadOf(purpose: ProofPurpose): 'application' | 'transaction' {
  return purpose === 'transaction' ? 'transaction' : 'application'
}

const REASONS: Partial<Record<RevocationReason, string>> = {
  keyCompromise: 'key_compromise',
  affiliationChanged: 'basic4_change',
  superseded: 'superseded',
}

/** The register has nobody under a certificate any more: the service for latest attributes says so, which gives no cause. */
export function personEndedCheck({ revokedAt }: { readonly revokedAt: Date }, at: Date): Json {
  return {
    type: 'status',
    on: 'e1',
    at: at.toISOString(),
    result: 'revoked',
    method: 'issuer',
    revoked_at: revokedAt.toISOString(),
    reason: 'death',
  }
}

/** One `check_status`; `result` overrides what the source said, where a reason leaves the identity standing. */
export function statusCheck(
  status: RevocationStatus,
  at: Date,
  result: 'good' | 'suspended' | 'revoked' | 'unknown' = status.status,
): Json {
  const check = { type: 'status', on: 'e1', at: at.toISOString(), result, method: status.source }
  if (status.status === 'unknown') return check
  const { thisUpdate, nextUpdate } = status
  const times = {
    this_update: thisUpdate.toISOString(),
    ...(nextUpdate === null ? {} : { next_update: nextUpdate.toISOString() }),
  }
  if (status.status === 'good') return { ...check, ...times }
  return {
    ...check,
    ...times,
    revoked_at: status.revokedAt.toISOString(),
    ...(status.status === 'revoked' ? { reason: REASONS[status.reason] ?? 'unspecified' } : {}),
  }
}
