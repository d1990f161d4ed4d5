import {
  AuthenticatorBound,
  AuthenticatorState,
  AuthenticatorStateChanged,
} from '../../proto/gen/watashi/authenticator/v1/authenticator.ts'
import {
  IdentityProofed,
  IdentityStatusChanged,
} from '../../proto/gen/watashi/identity/v1/identity.ts'
import {
  AssuranceChanged as AssuranceChangedMessage,
  AssuranceSnapshot as AssuranceSnapshotMessage,
  PolicyActivated as PolicyActivatedMessage,
} from '../../proto/gen/watashi/policy/v1/policy.ts'
import { SubjectErased } from '../../proto/gen/watashi/wallet/v1/wallet.ts'
import { checkKey, decodeEvent } from '../kernel/decode-event.ts'
import { InvalidInput } from '../kernel/errors.ts'
import { TOPICS, type OutgoingEvent, type ReceivedEvent } from '../kernel/event.ts'
import type { FactsValidator } from '../kernel/facts-check.ts'
import type { Facts } from './language/judged-facts.ts'
import {
  ROOTS_OF_PROOFINGS,
  type AuthenticatorStateName,
  type StoredFact,
} from './subject-facts.ts'

/** The level of one axis of one person is another than before. */
export interface AssuranceChanged {
  readonly subjectRef: string
  readonly framework: string
  readonly axis: string
  /** Empty where nothing was decided before. */
  readonly from: string
  readonly to: string
  readonly lowered: boolean
  readonly missing: readonly string[]
  readonly firedRules: readonly string[]
  readonly policyDigest: string
  readonly factsDigest: string
  /** Empty when time alone, or another policy, did it. */
  readonly causeEventId: string
  readonly decidedAt: Date
  readonly validUntil: Date | undefined
}

/** All identity axes of one person. */
export interface AssuranceSnapshot {
  readonly subjectRef: string
  readonly levels: readonly {
    readonly framework: string
    readonly axis: string
    readonly level: string
    readonly validUntil: Date | undefined
  }[]
  readonly policyDigest: string
  readonly decidedAt: Date
}

/** A pack is in force. */
export interface PolicyActivated {
  readonly pack: string
  readonly version: string
  readonly digest: string
  readonly activatedAt: Date
}

export function assuranceChanged(event: AssuranceChanged): OutgoingEvent {
  const value = AssuranceChangedMessage.encode({
    ...event,
    missing: [...event.missing],
    firedRules: [...event.firedRules],
  }).finish()
  return outgoing(TOPICS.subject, event.subjectRef, 'AssuranceChanged', value, event.decidedAt)
}

export function assuranceSnapshot(event: AssuranceSnapshot): OutgoingEvent {
  const value = AssuranceSnapshotMessage.encode({ ...event, levels: [...event.levels] }).finish()
  return outgoing(TOPICS.assurance, event.subjectRef, 'AssuranceSnapshot', value, event.decidedAt)
}

export function policyActivated(event: PolicyActivated): OutgoingEvent {
  const value = PolicyActivatedMessage.encode({ ...event }).finish()
  return outgoing(TOPICS.policy, event.pack, 'PolicyActivated', value, event.activatedAt)
}

function outgoing(
  topic: OutgoingEvent['topic'],
  key: string,
  name: string,
  value: Uint8Array,
  occurredAt: Date,
): OutgoingEvent {
  return { topic, key, type: `watashi.policy.v1.${name}`, value, occurredAt }
}

/** What the scorer takes from the log about one person. */
export type ScorerInput =
  | { readonly kind: 'fact'; readonly subjectRef: string; readonly fact: StoredFact }
  | { readonly kind: 'erased'; readonly subjectRef: string }

const STATES: Readonly<Record<number, AuthenticatorStateName>> = {
  [AuthenticatorState.AUTHENTICATOR_STATE_PENDING]: 'pending',
  [AuthenticatorState.AUTHENTICATOR_STATE_ACTIVE]: 'active',
  [AuthenticatorState.AUTHENTICATOR_STATE_SUSPENDED]: 'suspended',
  [AuthenticatorState.AUTHENTICATOR_STATE_REVOKED]: 'revoked',
}

/**
 * Reads an event as a fact; undefined for a type that no level depends on.
 * @throws InvalidInput for bytes that are not the message, a key that is not its person, or facts against the schema
 */
export function readScorerInput(
  event: ReceivedEvent,
  validator: FactsValidator,
): ScorerInput | undefined {
  switch (event.type) {
    case 'watashi.identity.v1.IdentityProofed':
      return readProofed(event, validator)
    case 'watashi.identity.v1.IdentityStatusChanged':
      return readStatus(event, validator)
    case 'watashi.authenticator.v1.AuthenticatorBound':
      return readBound(event, validator)
    case 'watashi.authenticator.v1.AuthenticatorStateChanged':
      return readState(event)
    case 'watashi.wallet.v1.SubjectErased': {
      const { subjectRef } = decodeEvent(SubjectErased, event)
      checkKey(event, subjectRef)
      return { kind: 'erased', subjectRef }
    }
    default:
      return undefined
  }
}

function readProofed(event: ReceivedEvent, validator: FactsValidator): ScorerInput {
  const message = decodeEvent(IdentityProofed, event)
  checkKey(event, message.subjectRef)
  const given = validator.facts(readJson(message.factsJson), 'facts_json')
  // Only what a proofing says: a relying party or an option in here would be somebody else's word.
  const facts: Facts = pick(given, ROOTS_OF_PROOFINGS)
  const fact = {
    kind: 'proofing',
    proofingId: text(message.proofingId, 'proofing_id'),
    facts,
  } as const
  return { kind: 'fact', subjectRef: message.subjectRef, fact }
}

function readStatus(event: ReceivedEvent, validator: FactsValidator): ScorerInput {
  const message = decodeEvent(IdentityStatusChanged, event)
  checkKey(event, message.subjectRef)
  const check = validator.part(
    'check_status',
    readJson(message.statusCheckJson),
    'status_check_json',
  )
  const learnedAt = time(message.learnedAt, 'learned_at')
  const fact = {
    kind: 'status',
    proofingIds: [...message.proofingIds].sort(),
    learnedAt,
    check,
  } as const
  return { kind: 'fact', subjectRef: message.subjectRef, fact }
}

function readBound(event: ReceivedEvent, validator: FactsValidator): ScorerInput {
  const message = decodeEvent(AuthenticatorBound, event)
  checkKey(event, message.subjectRef)
  const binding = validator.part('bindingRecord', readJson(message.factsJson), 'facts_json')
  const fact = {
    kind: 'binding',
    authenticatorId: text(message.authenticatorId, 'authenticator_id'),
    binding,
  } as const
  return { kind: 'fact', subjectRef: message.subjectRef, fact }
}

function readState(event: ReceivedEvent): ScorerInput {
  const message = decodeEvent(AuthenticatorStateChanged, event)
  checkKey(event, message.subjectRef)
  const state = STATES[message.to]
  if (state === undefined) throw new InvalidInput('to', 'a known state')
  const fact = {
    kind: 'authenticator_state',
    authenticatorId: text(message.authenticatorId, 'authenticator_id'),
    state,
    changedAt: time(message.changedAt, 'changed_at'),
  } as const
  return { kind: 'fact', subjectRef: message.subjectRef, fact }
}

function readJson(bytes: Uint8Array): unknown {
  try {
    return JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes))
  } catch (error) {
    throw new InvalidInput('facts_json', 'JSON in UTF-8', { cause: error })
  }
}

function text(value: string, path: string): string {
  if (value === '') throw new InvalidInput(path, 'an id')
  return value
}

function time(value: Date | undefined, path: string): string {
  if (value === undefined || Number.isNaN(value.getTime())) throw new InvalidInput(path, 'a time')
  return value.toISOString()
}

function pick(facts: Facts, names: readonly string[]): Facts {
  return Object.fromEntries(Object.entries(facts).filter(([name]) => names.includes(name)))
}
