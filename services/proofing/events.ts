import {
  AttributesConsentChanged,
  AttributesRefreshed,
  CertificateStatus as StatusNumber,
  IdentityProofed,
  IdentityProofingRefused,
  IdentityStatusChanged,
  ProofPurpose as PurposeNumber,
  TrustEnvironment as EnvironmentNumber,
} from '../../proto/gen/watashi/identity/v1/identity.ts'
import { PROOF_PURPOSES, type ProofPurpose } from '../card/proof-message.ts'
import { fromHex, utf8 } from '../kernel/bytes.ts'
import { canonicalJson, type Json } from '../kernel/canonical-json.ts'
import { InvalidInput } from '../kernel/errors.ts'
import { TOPICS, type OutgoingEvent } from '../kernel/event.ts'
import type { TrustEnvironment } from '../kernel/trust-environment.ts'

/** A trust environment as all messages number it. */
export const TRUST_ENVIRONMENT_NUMBERS: Readonly<Record<TrustEnvironment, EnvironmentNumber>> = {
  simulator: EnvironmentNumber.TRUST_ENVIRONMENT_SIMULATOR,
  'jpki-test': EnvironmentNumber.TRUST_ENVIRONMENT_JPKI_TEST,
  production: EnvironmentNumber.TRUST_ENVIRONMENT_PRODUCTION,
}

const PURPOSES: Readonly<Record<ProofPurpose, PurposeNumber>> = {
  enrol: PurposeNumber.PROOF_PURPOSE_ENROL,
  login: PurposeNumber.PROOF_PURPOSE_LOGIN,
  reproof: PurposeNumber.PROOF_PURPOSE_REPROOF,
  transaction: PurposeNumber.PROOF_PURPOSE_TRANSACTION,
  consent: PurposeNumber.PROOF_PURPOSE_CONSENT,
}

/** @throws InvalidInput for a number that names no purpose; decoding lets those through */
export function proofPurpose(number: PurposeNumber): ProofPurpose {
  for (const name of PROOF_PURPOSES) if (PURPOSES[name] === number) return name
  throw new InvalidInput('purpose', 'a known purpose')
}

export type CertificateStatusName = 'good' | 'suspended' | 'revoked' | 'unknown'

const STATUSES: Readonly<Record<CertificateStatusName, StatusNumber>> = {
  good: StatusNumber.CERTIFICATE_STATUS_GOOD,
  suspended: StatusNumber.CERTIFICATE_STATUS_SUSPENDED,
  revoked: StatusNumber.CERTIFICATE_STATUS_REVOKED,
  unknown: StatusNumber.CERTIFICATE_STATUS_UNKNOWN,
}

/** A card's signature over our challenge was verified. */
export function identityProofed(event: {
  readonly proofingId: string
  readonly subjectRef: string
  readonly environment: TrustEnvironment
  readonly purpose: ProofPurpose
  readonly sessionId: string
  /** `proofing`, `evidence` and `checks` of facts.schema.json. */
  readonly facts: Json
  readonly bindingHash: Uint8Array
  /** Keyed digest, hexadecimal. */
  readonly certificateRef: string
  readonly attributeNames: readonly string[]
  readonly verifiedAt: Date
}): OutgoingEvent {
  const { environment, purpose, facts, bindingHash, certificateRef, attributeNames } = event
  const value = IdentityProofed.encode({
    proofingId: event.proofingId,
    subjectRef: event.subjectRef,
    trustEnvironment: TRUST_ENVIRONMENT_NUMBERS[environment],
    purpose: PURPOSES[purpose],
    sessionId: event.sessionId,
    factsJson: json(facts),
    bindingHash: Buffer.from(bindingHash),
    certificateRef: Buffer.from(fromHex(certificateRef)),
    attributeNames: [...attributeNames],
    verifiedAt: event.verifiedAt,
  }).finish()
  return outgoing('IdentityProofed', event.subjectRef, value, event.verifiedAt)
}

/** The status of a certificate that proofed an enrolled person is another than before. */
export function identityStatusChanged(event: {
  readonly subjectRef: string
  readonly environment: TrustEnvironment
  readonly certificateRef: string
  readonly proofingIds: readonly string[]
  readonly status: CertificateStatusName
  /** CRLReason by name; empty when the status is good. */
  readonly reason: string
  readonly effectiveAt: Date
  readonly learnedAt: Date
  readonly attributesStale: boolean
  /** The register has nobody under this certificate any more. */
  readonly personEnded: boolean
  /** `check_status` of facts.schema.json. */
  readonly statusCheck: Json
}): OutgoingEvent {
  const value = IdentityStatusChanged.encode({
    subjectRef: event.subjectRef,
    trustEnvironment: TRUST_ENVIRONMENT_NUMBERS[event.environment],
    certificateRef: Buffer.from(fromHex(event.certificateRef)),
    proofingIds: [...event.proofingIds],
    status: STATUSES[event.status],
    reason: event.reason,
    effectiveAt: event.effectiveAt,
    learnedAt: event.learnedAt,
    attributesStale: event.attributesStale,
    personEnded: event.personEnded,
    statusCheckJson: json(event.statusCheck),
  }).finish()
  return outgoing('IdentityStatusChanged', event.subjectRef, value, event.learnedAt)
}

/** The latest attributes are in the vault. */
export function attributesRefreshed(event: {
  readonly depositId: string
  readonly subjectRef: string
  readonly environment: TrustEnvironment
  readonly certificateRef: string
  readonly consentId: string
  readonly attributeNames: readonly string[]
  readonly refreshedAt: Date
}): OutgoingEvent {
  const { depositId, subjectRef, environment, consentId, refreshedAt } = event
  const value = AttributesRefreshed.encode({
    depositId,
    subjectRef,
    trustEnvironment: TRUST_ENVIRONMENT_NUMBERS[environment],
    certificateRef: Buffer.from(fromHex(event.certificateRef)),
    consentId,
    attributeNames: [...event.attributeNames],
    refreshedAt,
  }).finish()
  return outgoing('AttributesRefreshed', subjectRef, value, refreshedAt)
}

/** A consent to fetch the latest attributes was given, or ended. */
export function attributesConsentChanged(event: {
  readonly consentId: string
  readonly subjectRef: string
  readonly environment: TrustEnvironment
  readonly given: boolean
  /** Hexadecimal. */
  readonly documentDigest: string
  readonly changedAt: Date
}): OutgoingEvent {
  const { consentId, subjectRef, environment, given, changedAt } = event
  const value = AttributesConsentChanged.encode({
    consentId,
    subjectRef,
    trustEnvironment: TRUST_ENVIRONMENT_NUMBERS[environment],
    given,
    documentDigest: Buffer.from(fromHex(event.documentDigest)),
    changedAt,
  }).finish()
  return outgoing('AttributesConsentChanged', subjectRef, value, changedAt)
}

/** A proofing was refused; keyed by the random session id, since no subject is known. */
export function identityProofingRefused(event: {
  readonly sessionId: string
  readonly environment: TrustEnvironment
  readonly purpose: ProofPurpose
  readonly reason: string
  readonly indication: string
  readonly subIndication: string
  readonly refusedAt: Date
}): OutgoingEvent {
  const value = IdentityProofingRefused.encode({
    sessionId: event.sessionId,
    trustEnvironment: TRUST_ENVIRONMENT_NUMBERS[event.environment],
    purpose: PURPOSES[event.purpose],
    reason: event.reason,
    indication: event.indication,
    subIndication: event.subIndication,
    refusedAt: event.refusedAt,
  }).finish()
  return outgoing('IdentityProofingRefused', event.sessionId, value, event.refusedAt)
}

function json(value: Json): Buffer {
  return Buffer.from(utf8(canonicalJson(value)))
}

function outgoing(name: string, key: string, value: Uint8Array, occurredAt: Date): OutgoingEvent {
  return { topic: TOPICS.subject, key, type: `watashi.identity.v1.${name}`, value, occurredAt }
}
