import {
  ReleaseIssued,
  ReleaseRefused,
  ReleaseRevoked,
  SubjectErased,
} from '../../proto/gen/watashi/wallet/v1/wallet.ts'
import { TOPICS, type OutgoingEvent } from '../kernel/event.ts'
import type { RefusalReason } from './ports.ts'

interface Concerned {
  readonly releaseId: string
  readonly subjectRef: string
  readonly rpId: string
}

export function releaseIssued(
  event: Concerned & {
    readonly purposeId: string
    readonly claims: readonly string[]
    readonly consentDigest: Uint8Array
    readonly issuedAt: Date
    readonly expiresAt: Date
  },
): OutgoingEvent {
  const value = ReleaseIssued.encode({
    ...event,
    claims: [...event.claims],
    consentDigest: Buffer.from(event.consentDigest),
  }).finish()
  return outgoing('watashi.wallet.v1.ReleaseIssued', event.subjectRef, value, event.issuedAt)
}

export function releaseRefused(
  event: Concerned & {
    readonly purposeId: string
    readonly claims: readonly string[]
    readonly reason: RefusalReason
    readonly refusedAt: Date
  },
): OutgoingEvent {
  const value = ReleaseRefused.encode({ ...event, claims: [...event.claims] }).finish()
  return outgoing('watashi.wallet.v1.ReleaseRefused', event.subjectRef, value, event.refusedAt)
}

export type RevocationReason = 'BY_PERSON' | 'BY_RELYING_PARTY' | 'PERSON_ENDED' | 'SUBJECT_ERASED'

export function releaseRevoked(
  event: Concerned & { readonly reason: RevocationReason; readonly revokedAt: Date },
): OutgoingEvent {
  const value = ReleaseRevoked.encode(event).finish()
  return outgoing('watashi.wallet.v1.ReleaseRevoked', event.subjectRef, value, event.revokedAt)
}

export function subjectErased(event: {
  readonly subjectRef: string
  readonly keyIds: readonly string[]
  readonly erasedAt: Date
}): OutgoingEvent {
  const value = SubjectErased.encode({ ...event, keyIds: [...event.keyIds] }).finish()
  return outgoing('watashi.wallet.v1.SubjectErased', event.subjectRef, value, event.erasedAt)
}

function outgoing(
  type: string,
  subjectRef: string,
  value: Uint8Array,
  occurredAt: Date,
): OutgoingEvent {
  return { topic: TOPICS.subject, key: subjectRef, type, value, occurredAt }
}
