import {
  FailureReason as FailureMessage,
  InteractionStage,
  Remedy as RemedyMessage,
  type AxisLevel as AxisLevelMessage,
  type InteractionFailed,
  type Shortfall as ShortfallMessage,
  type VectorOfTrust as VectorMessage,
  type WatchResponse,
} from '../../proto/gen/watashi/assurance/v1/assurance.ts'
import type { Claim, Release } from '../../proto/gen/watashi/assurance/v1/release.ts'
import {
  SignatureRefusalReason,
  type Signature,
  type SignatureReport,
} from '../../proto/gen/watashi/assurance/v1/signature.ts'
import type { AxisExplanation, Remedy, VectorOfTrust } from '../policy/ports.ts'
import type { IssuedRelease } from '../wallet/ports.ts'
import type { WatchMessage } from './assurance.ts'
import type {
  FailureReason,
  Interaction,
  LevelRecord,
  Progress,
  ShortfallRecord,
  SignatureFailure,
} from './interaction.ts'
import { levelRecord, shortfallRecord } from './levels.ts'
import type { SignatureGiven } from './requests.ts'

export const STAGES: Readonly<Record<Progress, InteractionStage>> = {
  awaiting_browser: InteractionStage.INTERACTION_STAGE_AWAITING_BROWSER,
  awaiting_login: InteractionStage.INTERACTION_STAGE_AWAITING_LOGIN,
  awaiting_consent: InteractionStage.INTERACTION_STAGE_AWAITING_CONSENT,
}

export const SIGNATURE_REFUSALS: Readonly<Record<FailureReason, SignatureRefusalReason>> = {
  refused: SignatureRefusalReason.SIGNATURE_REFUSAL_REASON_REFUSED,
  expired: SignatureRefusalReason.SIGNATURE_REFUSAL_REASON_EXPIRED,
  // I2: what the person lacks is told by a login alone.
  assurance_unmet: SignatureRefusalReason.SIGNATURE_REFUSAL_REASON_REFUSED,
  certificate_invalid: SignatureRefusalReason.SIGNATURE_REFUSAL_REASON_CERTIFICATE_INVALID,
  status_unknown: SignatureRefusalReason.SIGNATURE_REFUSAL_REASON_STATUS_UNKNOWN,
  other_person: SignatureRefusalReason.SIGNATURE_REFUSAL_REASON_OTHER_PERSON,
}

const FAILURES: Readonly<Record<Exclude<FailureReason, SignatureFailure>, FailureMessage>> = {
  refused: FailureMessage.FAILURE_REASON_REFUSED,
  expired: FailureMessage.FAILURE_REASON_EXPIRED,
  assurance_unmet: FailureMessage.FAILURE_REASON_ASSURANCE_UNMET,
}

const REMEDIES: Readonly<Record<Remedy, RemedyMessage>> = {
  log_in: RemedyMessage.REMEDY_LOG_IN,
  log_in_with_user_verification: RemedyMessage.REMEDY_LOG_IN_WITH_USER_VERIFICATION,
  tap_card: RemedyMessage.REMEDY_TAP_CARD,
  enrol: RemedyMessage.REMEDY_ENROL,
  none: RemedyMessage.REMEDY_NONE,
}

export function levelMessage({
  framework,
  axis,
  level,
  validUntil,
}: LevelRecord): AxisLevelMessage {
  return {
    framework,
    axis,
    level,
    validUntil: validUntil === null ? undefined : new Date(validUntil),
  }
}

export function shortfallMessage(shortfall: ShortfallRecord): ShortfallMessage {
  const { framework, axis, have, need, missing, remedy } = shortfall
  return { framework, axis, have, need, missing: [...missing], remedy: REMEDIES[remedy] }
}

/** `vtm` is an address on our own origin: RFC 8485 §5 wants it to be one that can be read. */
export function vectorMessage(
  vector: VectorOfTrust | undefined,
  origin: string,
): VectorMessage | undefined {
  return vector && { vot: vector.vot, vtm: `${origin}${vector.trustmark}` }
}

export function authenticatedMessage({ result, codeSha256 }: Interaction, origin: string) {
  return {
    pairwiseSubject: result?.pairwiseSubject ?? '',
    levels: (result?.levels ?? []).map(levelMessage),
    codeSha256: Buffer.from(codeSha256 ?? []),
    vector: vectorMessage(result?.vector, origin),
  }
}

export function failedMessage({ failure, shortfalls, kind }: Interaction): InteractionFailed {
  // I2: of a release that came to nothing the relying party learns no cause but that time ran out.
  const told = kind === 'authenticate'
  const reason =
    failure === null || failure === 'expired'
      ? 'expired'
      : failure === 'assurance_unmet' && told
        ? failure
        : 'refused'
  return { reason: FAILURES[reason], shortfalls: told ? shortfalls.map(shortfallMessage) : [] }
}

/** @param end the request that brought it, and our origin; absent for a ticket */
export function releaseMessage(
  issued: IssuedRelease,
  end?: { readonly interaction: Interaction; readonly origin: string },
): Release {
  const { result, codeSha256 } = end?.interaction ?? {}
  return {
    releaseId: issued.releaseId,
    pairwiseSubject: issued.pairwiseSubject,
    claims: issued.claims.map(claimMessage),
    levels: (result?.levels ?? []).map(levelMessage),
    codeSha256: Buffer.from(codeSha256 ?? []),
    expiresAt: issued.expiresAt,
    vector: vectorMessage(result?.vector, end?.origin ?? ''),
  }
}

export function signatureMessage(
  { cms, certificate, report }: SignatureGiven,
  end: Interaction,
  origin: string,
): Signature {
  return {
    pairwiseSubject: end.result?.pairwiseSubject ?? '',
    cms: Buffer.from(cms),
    certificate: Buffer.from(certificate),
    report: report === null ? undefined : reportMessage(report),
    levels: (end.result?.levels ?? []).map(levelMessage),
    codeSha256: Buffer.from(end.codeSha256 ?? []),
    vector: vectorMessage(end.result?.vector, origin),
  }
}

function reportMessage(report: NonNullable<SignatureGiven['report']>): SignatureReport {
  const { indication, subIndication, validatedAt, checks, revocation } = report
  return {
    indication,
    subIndication,
    validatedAt,
    checks: checks.map(({ id, outcome }) => ({ id, outcome })),
    revocationSource: revocation.source,
    revocationThisUpdate: revocation.thisUpdate,
    revocationNextUpdate: revocation.nextUpdate ?? undefined,
  }
}

function claimMessage({ name, value }: IssuedRelease['claims'][number]): Claim {
  return typeof value === 'boolean'
    ? { name, value: { $case: 'truth', truth: value } }
    : { name, value: { $case: 'text', text: value } }
}

export function watchMessage(message: WatchMessage): WatchResponse {
  const { position } = message
  switch (message.type) {
    case 'heartbeat':
      return { position, event: { $case: 'heartbeat', heartbeat: {} } }
    case 'gone': {
      const { pairwiseSubject } = message
      return { position, event: { $case: 'subjectGone', subjectGone: { pairwiseSubject } } }
    }
    case 'level': {
      const { pairwiseSubject, framework, axis, level, previousLevel, lowered, initial } = message
      const validUntil = message.validUntil ?? undefined
      const changed = {
        pairwiseSubject,
        level: { framework, axis, level, validUntil },
        ...{ previousLevel, lowered, initial },
      }
      return { position, event: { $case: 'levelChanged', levelChanged: changed } }
    }
    default:
      return message satisfies never
  }
}

export function explanationMessage(explanation: AxisExplanation, locale: 'ja' | 'en') {
  return {
    level: levelMessage(levelRecord(explanation.level)),
    reasons: explanation.reasons.map((reason) => reason[locale]),
    clauses: [...explanation.clauses],
    shortfalls: explanation.shortfalls.map(shortfallRecord).map(shortfallMessage),
  }
}
