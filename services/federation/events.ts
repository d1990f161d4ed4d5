import { SessionEnded } from '../../proto/gen/watashi/authenticator/v1/authenticator.ts'
import { AssuranceChanged } from '../../proto/gen/watashi/policy/v1/policy.ts'
import { RelyingPartyChanged } from '../../proto/gen/watashi/registry/v1/registry.ts'
import { ReleaseRevoked, SubjectErased } from '../../proto/gen/watashi/wallet/v1/wallet.ts'
import { fromBase64Url } from '../kernel/bytes.ts'
import { decodeEvent } from '../kernel/decode-event.ts'
import { TOPICS, type OutgoingEvent, type ReceivedEvent } from '../kernel/event.ts'
import type { Minimum } from '../policy/ports.ts'
import type { Purpose, Registration } from './registration.ts'

const RELYING_PARTY_CHANGED = 'watashi.registry.v1.RelyingPartyChanged'
export const SESSION_ENDED = 'watashi.authenticator.v1.SessionEnded'
export const ASSURANCE_CHANGED = 'watashi.policy.v1.AssuranceChanged'
export const RELEASE_REVOKED = 'watashi.wallet.v1.ReleaseRevoked'
export const SUBJECT_ERASED = 'watashi.wallet.v1.SubjectErased'

export interface ChangedRegistration {
  readonly registration: Registration
  /** What its minimum asks for at the time of the change. */
  readonly floors: readonly Minimum[]
  readonly version: number
  readonly at: Date
}

/** The whole registration, as others keep it: without keys and without what only concerns this service. */
export function relyingPartyChanged({
  registration,
  floors,
  version,
  at,
}: ChangedRegistration): OutgoingEvent {
  return {
    topic: TOPICS.registry,
    key: registration.rpId,
    type: RELYING_PARTY_CHANGED,
    occurredAt: at,
    value: RelyingPartyChanged.encode({
      rpId: registration.rpId,
      name: registration.name,
      controller: registration.controller,
      sectorId: registration.sectorId,
      purposes: registration.purposes.map((purpose) => purposeMessage(purpose, floors)),
      returnUris: [...registration.returnUris],
      personas: [...registration.personas],
      deletionContact: registration.deletionContact,
      active: registration.active,
      version,
      changedAt: at,
    }).finish(),
  }
}

function purposeMessage(purpose: Purpose, floors: readonly Minimum[]) {
  return {
    purposeId: purpose.purposeId,
    title: purpose.title,
    description: purpose.description,
    claims: [...purpose.claims],
    legalBasis: purpose.legalBasis,
    retentionDays: purpose.retentionDays,
    noticeUrl: purpose.noticeUrl,
    noticeDigest: Buffer.from(fromBase64Url(purpose.noticeDigest)),
    minimum: [...purpose.minimum.axes],
    flags: [...new Set([...floors, purpose.minimum].flatMap(({ flags }) => flags))],
  }
}

/** What the feeds of relying parties follow from. */
export type ObservedEvent =
  | {
      readonly type: 'assurance_changed'
      readonly subjectRef: string
      readonly framework: string
      readonly axis: string
      readonly from: string
      readonly to: string
      readonly lowered: boolean
      readonly validUntil: Date | null
    }
  | {
      readonly type: 'login_lost'
      readonly subjectRef: string
      readonly rpIds: readonly string[]
    }
  | {
      readonly type: 'release_revoked'
      readonly subjectRef: string
      readonly rpId: string
      readonly byPerson: boolean
    }
  | { readonly type: 'subject_erased'; readonly subjectRef: string }
  | { readonly type: 'other' }

/** @throws InvalidInput when the bytes are not the message that the event's type names */
export function readObservedEvent(event: ReceivedEvent): ObservedEvent {
  switch (event.type) {
    case ASSURANCE_CHANGED: {
      const { subjectRef, framework, axis, from, to, lowered, validUntil } = decodeEvent(
        AssuranceChanged,
        event,
      )
      return {
        type: 'assurance_changed',
        ...{ subjectRef, framework, axis, from, to, lowered },
        validUntil: validUntil ?? null,
      }
    }
    case SESSION_ENDED: {
      const { subjectRef, lostAtRpIds } = decodeEvent(SessionEnded, event)
      return { type: 'login_lost', subjectRef, rpIds: lostAtRpIds }
    }
    case RELEASE_REVOKED: {
      const { subjectRef, rpId, reason } = decodeEvent(ReleaseRevoked, event)
      return { type: 'release_revoked', subjectRef, rpId, byPerson: reason === 'BY_PERSON' }
    }
    case SUBJECT_ERASED:
      return { type: 'subject_erased', subjectRef: decodeEvent(SubjectErased, event).subjectRef }
    default:
      return { type: 'other' }
  }
}
