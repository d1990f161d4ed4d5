import { constantTimeEqual } from '../kernel/bytes.ts'
import type { OpenMinimum, Remedy, VectorOfTrust } from '../policy/ports.ts'
import type { ClaimRequest } from '../wallet/ports.ts'

export type InteractionStatus = 'open' | 'completed' | 'failed'
export type Progress = 'awaiting_browser' | 'awaiting_login' | 'awaiting_consent'
export type FailureReason = 'refused' | 'expired' | 'assurance_unmet' | SignatureFailure
/** Why there is no signature although the person agreed. */
export type SignatureFailure = 'certificate_invalid' | 'status_unknown' | 'other_person'

export interface LevelRecord {
  readonly framework: string
  readonly axis: string
  readonly level: string
  /** ISO 8601, cut to the hour: what a relying party keeps must not tell the minute. */
  readonly validUntil: string | null
}

export interface ShortfallRecord {
  readonly framework: string
  readonly axis: string
  readonly have: string
  readonly need: string
  readonly missing: readonly string[]
  readonly remedy: Remedy
}

/** What a relying party is told of the assurance that a person has shown it. */
export interface ToldAssurance {
  readonly levels: readonly LevelRecord[]
  /** Where it asked for vectors of trust. */
  readonly vector?: VectorOfTrust
}

/**
 * The consent that was prepared and not yet given, with what was held when the document was made: delivered with a release whose
 * last write was cut off.
 */
export interface PendingConsent extends ToldAssurance {
  readonly releaseId: string
  readonly ceremonyId: string
  readonly personaId: string
}

/** The signature that the person agreed to and the card has not made yet, with what was held then and is delivered with it. */
export interface PendingSignature extends ToldAssurance {
  readonly pairwiseSubject: string
}

export interface InteractionResult extends ToldAssurance {
  readonly pairwiseSubject: string
  readonly releaseId: string | null
}

/** One request of a relying party, from its call until the person has answered. */
export interface Interaction {
  /** 256 random bits, base64url: whoever has it may open the request, once. */
  readonly id: string
  readonly kind: 'authenticate' | 'release' | 'signature'
  readonly rpId: string
  readonly returnUri: string
  readonly uiLocale: string
  readonly minimum: OpenMinimum
  readonly purposeId: string | null
  readonly claims: readonly ClaimRequest[]
  readonly status: InteractionStatus
  readonly progress: Progress
  /** Grows with every change; each write names the version it was decided on. */
  readonly version: number
  /** SHA-256 of the secret in the cookie of the one browser that may go on. */
  readonly browserHash: Uint8Array | null
  readonly subjectRef: string | null
  /** The persona chosen in this interaction. */
  readonly personaId: string | null
  readonly consent: PendingConsent | null
  /** The document and its signature, as proofing keeps them; null for other kinds. */
  readonly signatureId: string | null
  readonly signing: PendingSignature | null
  readonly result: InteractionResult | null
  /** SHA-256 of the one-time code that this browser will bring; the relying party learns it at the end. */
  readonly codeSha256: Uint8Array | null
  readonly failure: FailureReason | null
  readonly shortfalls: readonly ShortfallRecord[]
  readonly createdAt: Date
  readonly expiresAt: Date
}

export type InteractionCommand =
  | {
      readonly type: 'bind_browser'
      readonly browserHash: Uint8Array
      readonly codeSha256: Uint8Array
    }
  | { readonly type: 'progress'; readonly subjectRef: string | null; readonly progress: Progress }
  | { readonly type: 'choose_persona'; readonly personaId: string }
  | { readonly type: 'prepare_consent'; readonly consent: PendingConsent }
  | { readonly type: 'agree_to_sign'; readonly signing: PendingSignature }
  | { readonly type: 'complete'; readonly result: InteractionResult }
  | {
      readonly type: 'fail'
      readonly reason: FailureReason
      readonly shortfalls: readonly ShortfallRecord[]
    }

export type InteractionDecision =
  | { readonly outcome: 'changed'; readonly interaction: Interaction }
  | { readonly outcome: 'unchanged' }
  | {
      readonly outcome: 'rejected'
      readonly reason: 'CLOSED' | 'EXPIRED' | 'OTHER_BROWSER' | 'NO_PERSON'
    }

export const INTERACTION_LIFETIME = 5 * 60_000

/** The assurance alone, of what is kept with it. */
export function toldIn({ levels, vector }: ToldAssurance): ToldAssurance {
  return { levels, ...(vector !== undefined && { vector }) }
}

/** What a signature that proofing refused is to the relying party: it may learn whether to ask again, and no more. */
export function signatureFailure(reason: string): FailureReason {
  switch (reason) {
    case 'REFUSED_BY_PERSON':
    case 'ASSURANCE_UNMET':
      return 'refused'
    case 'EXPIRED':
    case 'CHALLENGE_EXPIRED':
      return 'expired'
    case 'CARD_OF_ANOTHER_PERSON':
    case 'NOT_ENROLLED':
      return 'other_person'
    case 'REVOCATION_UNKNOWN':
    case 'LINKAGE_UNAVAILABLE':
    case 'LINKAGE_NOT_READY':
    case 'LINKAGE_AMBIGUOUS':
      return 'status_unknown'
    default:
      return 'certificate_invalid'
  }
}

/**
 * The next state of an interaction.
 * INVARIANT: a closed interaction never changes, its browser is bound once, and after its end it can only fail, or deliver what
 * was made before.
 */
export function decideInteraction(
  state: Interaction,
  command: InteractionCommand,
  at: Date,
): InteractionDecision {
  if (state.status !== 'open') return { outcome: 'rejected', reason: 'CLOSED' }
  if (command.type !== 'fail' && at >= state.expiresAt) {
    // A release or signature that was made in time is delivered even when its last write comes late.
    if (!isMade(state, command)) return { outcome: 'rejected', reason: 'EXPIRED' }
  }
  switch (command.type) {
    case 'bind_browser':
      return bindBrowser(state, command)
    case 'progress':
      return noteProgress(state, command)
    case 'choose_persona':
      if (state.subjectRef === null) return { outcome: 'rejected', reason: 'NO_PERSON' }
      return next(state, { personaId: command.personaId, consent: null })
    case 'prepare_consent':
      if (state.subjectRef === null) return { outcome: 'rejected', reason: 'NO_PERSON' }
      return next(state, { consent: command.consent })
    case 'agree_to_sign':
      if (state.subjectRef === null) return { outcome: 'rejected', reason: 'NO_PERSON' }
      return next(state, { signing: command.signing })
    case 'complete':
      if (state.subjectRef === null) return { outcome: 'rejected', reason: 'NO_PERSON' }
      return next(state, { status: 'completed', result: command.result })
    case 'fail':
      return next(state, {
        status: 'failed',
        failure: command.reason,
        shortfalls: command.shortfalls,
      })
    default:
      return command satisfies never
  }
}

/** Whether the command brings what was made in time: a release that was issued, or a signature that was agreed to. */
function isMade(state: Interaction, command: InteractionCommand): boolean {
  if (command.type !== 'complete') return false
  return command.result.releaseId !== null || (state.kind === 'signature' && state.signing !== null)
}

function bindBrowser(
  state: Interaction,
  { browserHash, codeSha256 }: Extract<InteractionCommand, { type: 'bind_browser' }>,
): InteractionDecision {
  if (state.browserHash === null) {
    return next(state, { browserHash, codeSha256, progress: 'awaiting_login' })
  }
  return constantTimeEqual(state.browserHash, browserHash)
    ? { outcome: 'unchanged' }
    : { outcome: 'rejected', reason: 'OTHER_BROWSER' }
}

function noteProgress(
  state: Interaction,
  { subjectRef, progress }: { subjectRef: string | null; progress: Progress },
): InteractionDecision {
  const samePerson = state.subjectRef === subjectRef
  if (samePerson && state.progress === progress) return { outcome: 'unchanged' }
  // Another person at the same browser starts over: neither persona nor consent passes on.
  const person = samePerson ? {} : { subjectRef, personaId: null, consent: null, signing: null }
  return next(state, { ...person, progress })
}

function next(state: Interaction, change: Partial<Interaction>): InteractionDecision {
  return { outcome: 'changed', interaction: { ...state, ...change, version: state.version + 1 } }
}
