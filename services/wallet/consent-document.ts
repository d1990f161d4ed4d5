import { toBase64Url } from '../kernel/bytes.ts'
import { canonicalJson } from '../kernel/canonical-json.ts'
import { sha256 } from '../kernel/digest.ts'
import type { Random } from '../kernel/random.ts'
import type { AssuranceLevel } from './ledger-chain.ts'
import type { ConsentDocument, ReleaseRequest } from './ports.ts'
import type { RegisteredPurpose, Registration } from './registration.ts'
import { CONSENT_MILLISECONDS } from './release-state.ts'

export interface ConsentInput {
  readonly releaseId: string
  readonly request: ReleaseRequest
  readonly registration: Registration
  readonly purpose: RegisteredPurpose
  readonly persona: { readonly personaId: string; readonly kind: string }
  readonly claims: readonly string[]
  readonly levels: readonly AssuranceLevel[]
}

/**
 * The document that a person signs: RFC 8785 text whose SHA-256 is the WebAuthn challenge. The 256-bit nonce makes the
 * challenge unpredictable and good for one release.
 */
export function composeConsent(input: ConsentInput, random: Random, at: Date): ConsentDocument {
  const { releaseId, request, registration, purpose, persona, claims, levels } = input
  const expiresAt = new Date(at.getTime() + CONSENT_MILLISECONDS)
  const text = canonicalJson({
    type: 'watashi/consent/v1',
    nonce: toBase64Url(random.bytes(32)),
    release_id: releaseId,
    request_id: request.requestId,
    relying_party: {
      id: registration.rpId,
      name: registration.name,
      controller: registration.controller,
      sector: registration.sectorId,
    },
    purpose: {
      id: purpose.purposeId,
      title: purpose.title,
      description: purpose.description,
      legal_basis: purpose.legalBasis,
      retention_days: purpose.retentionDays,
      notice_url: purpose.noticeUrl,
      notice_digest: purpose.noticeDigest,
    },
    persona: { id: persona.personaId, kind: persona.kind },
    claims: claims.map((name) => ({
      name,
      essential: request.claims.some((claim) => claim.name === name && claim.essential),
    })),
    levels: levels.map(({ framework, axis, level }) => ({ framework, axis, level })),
    made_at: at.toISOString(),
    expires_at: expiresAt.toISOString(),
  })
  return { releaseId, text, digest: sha256(text), expiresAt }
}
