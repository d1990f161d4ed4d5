import {
  AuthenticationPerformed as AuthenticationPerformedMessage,
  AuthenticationRefused as AuthenticationRefusedMessage,
  AuthenticatorBound as AuthenticatorBoundMessage,
  AuthenticatorStateChanged as AuthenticatorStateChangedMessage,
  AuthenticatorState as StateNumber,
  SessionEnded as SessionEndedMessage,
} from '../../proto/gen/watashi/authenticator/v1/authenticator.ts'
import { utf8 } from '../kernel/bytes.ts'
import { canonicalJson, type Json } from '../kernel/canonical-json.ts'
import { InvalidInput } from '../kernel/errors.ts'
import { TOPICS, type OutgoingEvent } from '../kernel/event.ts'
import type { TrustEnvironment } from '../kernel/trust-environment.ts'
import { TRUST_ENVIRONMENT_NUMBERS } from '../proofing/events.ts'
import type { AuthenticatorState } from './model.ts'

interface AuthenticatorBound {
  readonly type: 'AuthenticatorBound'
  readonly authenticatorId: string
  readonly subjectRef: string
  readonly environment: TrustEnvironment
  readonly proofingId: string
  /** `bindingRecord` of facts.schema.json. */
  readonly facts: Json
  readonly at: Date
}

interface AuthenticatorStateChanged {
  readonly type: 'AuthenticatorStateChanged'
  readonly authenticatorId: string
  readonly subjectRef: string
  readonly from: AuthenticatorState
  readonly to: AuthenticatorState
  readonly reason: string
  readonly at: Date
}

interface AuthenticationPerformed {
  readonly type: 'AuthenticationPerformed'
  readonly sessionId: string
  readonly subjectRef: string
  readonly authenticatorId: string
  readonly environment: TrustEnvironment
  /** `auth` of facts.schema.json. */
  readonly facts: Json
  readonly at: Date
}

interface AuthenticationRefused {
  readonly type: 'AuthenticationRefused'
  readonly ceremonyId: string
  /** Empty when the credential is not known. */
  readonly authenticatorId: string
  /** The key of the event when the person is known; it is not part of the message. */
  readonly subjectRef?: string
  readonly reason: string
  readonly at: Date
}

interface SessionEnded {
  readonly type: 'SessionEnded'
  readonly sessionId: string
  readonly subjectRef: string
  readonly reason: string
  /** Relying parties at which a suspended or revoked authenticator left the person without a live session. */
  readonly lostAtRpIds: readonly string[]
  readonly at: Date
}

export type AuthenticatorEvent = Readonly<
  | AuthenticatorBound
  | AuthenticatorStateChanged
  | AuthenticationPerformed
  | AuthenticationRefused
  | SessionEnded
>

const PACKAGE = 'watashi.authenticator.v1'

const STATES: Readonly<Record<AuthenticatorState, StateNumber>> = {
  pending: StateNumber.AUTHENTICATOR_STATE_PENDING,
  active: StateNumber.AUTHENTICATOR_STATE_ACTIVE,
  suspended: StateNumber.AUTHENTICATOR_STATE_SUSPENDED,
  revoked: StateNumber.AUTHENTICATOR_STATE_REVOKED,
}

/** The event as the publisher takes it. Its key is the person, or the ceremony where no person is known. */
export function encodeAuthenticatorEvent(event: AuthenticatorEvent): OutgoingEvent {
  return {
    topic: TOPICS.subject,
    key: keyOf(event),
    type: `${PACKAGE}.${event.type}`,
    value: encodeMessage(event),
    occurredAt: event.at,
  }
}

function keyOf(event: AuthenticatorEvent): string {
  return event.type === 'AuthenticationRefused'
    ? (event.subjectRef ?? event.ceremonyId)
    : event.subjectRef
}

function encodeMessage(event: AuthenticatorEvent): Uint8Array {
  switch (event.type) {
    case 'AuthenticatorBound':
      return AuthenticatorBoundMessage.encode({
        authenticatorId: event.authenticatorId,
        subjectRef: event.subjectRef,
        trustEnvironment: TRUST_ENVIRONMENT_NUMBERS[event.environment],
        proofingId: event.proofingId,
        factsJson: encodeJson(event.facts),
        boundAt: event.at,
      }).finish()
    case 'AuthenticatorStateChanged':
      return AuthenticatorStateChangedMessage.encode({
        authenticatorId: event.authenticatorId,
        subjectRef: event.subjectRef,
        from: STATES[event.from],
        to: STATES[event.to],
        reason: event.reason,
        changedAt: event.at,
      }).finish()
    case 'AuthenticationPerformed':
      return AuthenticationPerformedMessage.encode({
        sessionId: event.sessionId,
        subjectRef: event.subjectRef,
        authenticatorId: event.authenticatorId,
        trustEnvironment: TRUST_ENVIRONMENT_NUMBERS[event.environment],
        factsJson: encodeJson(event.facts),
        performedAt: event.at,
      }).finish()
    case 'AuthenticationRefused':
      return AuthenticationRefusedMessage.encode({
        ceremonyId: event.ceremonyId,
        authenticatorId: event.authenticatorId,
        reason: event.reason,
        refusedAt: event.at,
      }).finish()
    case 'SessionEnded':
      return SessionEndedMessage.encode({
        sessionId: event.sessionId,
        subjectRef: event.subjectRef,
        reason: event.reason,
        endedAt: event.at,
        lostAtRpIds: [...event.lostAtRpIds],
      }).finish()
    default:
      return event satisfies never
  }
}

/**
 * Reads an event of this service; undefined for a type that is not one of ours.
 * @throws InvalidInput for bytes that are not the message, a missing time or an unknown enum value
 */
export function decodeAuthenticatorEvent(record: {
  readonly type: string
  readonly key: string
  readonly value: Uint8Array
}): AuthenticatorEvent | undefined {
  const name = record.type.startsWith(`${PACKAGE}.`) ? record.type.slice(PACKAGE.length + 1) : ''
  try {
    return decodeMessage(name, record.key, record.value)
  } catch (error) {
    if (error instanceof InvalidInput) throw error
    throw new InvalidInput(name, 'a message of this type', { cause: error })
  }
}

function decodeMessage(
  name: string,
  key: string,
  value: Uint8Array,
): AuthenticatorEvent | undefined {
  switch (name) {
    case 'AuthenticatorBound': {
      const message = AuthenticatorBoundMessage.decode(value)
      return {
        type: name,
        authenticatorId: message.authenticatorId,
        subjectRef: message.subjectRef,
        environment: nameOf(
          TRUST_ENVIRONMENT_NUMBERS,
          message.trustEnvironment,
          'trust_environment',
        ),
        proofingId: message.proofingId,
        facts: decodeJson(message.factsJson),
        at: required(message.boundAt, 'bound_at'),
      }
    }
    case 'AuthenticatorStateChanged': {
      const message = AuthenticatorStateChangedMessage.decode(value)
      return {
        type: name,
        authenticatorId: message.authenticatorId,
        subjectRef: message.subjectRef,
        from: nameOf(STATES, message.from, 'from'),
        to: nameOf(STATES, message.to, 'to'),
        reason: message.reason,
        at: required(message.changedAt, 'changed_at'),
      }
    }
    case 'AuthenticationPerformed': {
      const message = AuthenticationPerformedMessage.decode(value)
      return {
        type: name,
        sessionId: message.sessionId,
        subjectRef: message.subjectRef,
        authenticatorId: message.authenticatorId,
        environment: nameOf(
          TRUST_ENVIRONMENT_NUMBERS,
          message.trustEnvironment,
          'trust_environment',
        ),
        facts: decodeJson(message.factsJson),
        at: required(message.performedAt, 'performed_at'),
      }
    }
    case 'AuthenticationRefused': {
      const message = AuthenticationRefusedMessage.decode(value)
      return {
        type: name,
        ceremonyId: message.ceremonyId,
        authenticatorId: message.authenticatorId,
        ...(key === message.ceremonyId ? {} : { subjectRef: key }),
        reason: message.reason,
        at: required(message.refusedAt, 'refused_at'),
      }
    }
    case 'SessionEnded': {
      const message = SessionEndedMessage.decode(value)
      return {
        type: name,
        sessionId: message.sessionId,
        subjectRef: message.subjectRef,
        reason: message.reason,
        lostAtRpIds: message.lostAtRpIds,
        at: required(message.endedAt, 'ended_at'),
      }
    }
    default:
      return undefined
  }
}

function encodeJson(facts: Json): Buffer {
  return Buffer.from(utf8(canonicalJson(facts)))
}

function decodeJson(bytes: Uint8Array): Json {
  // JSON.parse gives nothing but Json.
  return JSON.parse(Buffer.from(bytes).toString('utf8')) as Json
}

function nameOf<Name extends string>(
  numbers: Readonly<Record<Name, number>>,
  number: number,
  path: string,
): Name {
  for (const name in numbers) if (numbers[name] === number) return name
  throw new InvalidInput(path, 'a known value')
}

function required<T>(value: T | undefined, path: string): T {
  if (value === undefined) throw new InvalidInput(path, 'a value')
  return value
}
