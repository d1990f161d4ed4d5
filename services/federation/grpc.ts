import {
  AssuranceFlag as FlagMessage,
  AssuranceServiceService,
  FailureReason as FailureMessage,
  InteractionStage,
  Remedy as RemedyMessage,
  type AssuranceServiceServer,
  type AxisLevel as AxisLevelMessage,
  type InteractionFailed,
  type MinimumAssurance,
  type Shortfall as ShortfallMessage,
  type WatchResponse,
} from '../../proto/gen/watashi/assurance/v1/assurance.ts'
import {
  ReleaseServiceService,
  type Claim,
  type Release,
  type ReleaseServiceServer,
} from '../../proto/gen/watashi/assurance/v1/release.ts'
import {
  SignatureRefusalReason,
  SignatureServiceService,
  type Signature,
  type SignatureReport,
  type SignatureServiceServer,
} from '../../proto/gen/watashi/assurance/v1/signature.ts'
import { InvalidInput } from '../kernel/errors.ts'
import type { Log } from '../kernel/log.ts'
import type { AssuranceFlag, AxisExplanation, Minimum, Remedy } from '../policy/ports.ts'
import type { Caller } from '../rpc/caller.ts'
import type { GrpcService } from '../rpc/grpc-server.ts'
import { serverStream, unary } from '../rpc/handler.ts'
import type { IssuedRelease } from '../wallet/ports.ts'
import type { Assurance, WatchMessage } from './assurance.ts'
import type {
  FailureReason,
  Interaction,
  LevelRecord,
  Progress,
  ShortfallRecord,
  SignatureFailure,
} from './interaction.ts'
import { levelRecord, shortfallRecord } from './levels.ts'
import type { Requests, SignatureGiven } from './requests.ts'

export interface FederationGrpcDependencies {
  readonly requests: Requests
  readonly assurance: Assurance
  readonly log: Log
}

/** The services of `watashi.assurance.v1`. */
export function federationServices(deps: FederationGrpcDependencies): readonly GrpcService[] {
  return [
    { definition: AssuranceServiceService, implementation: assuranceService(deps) },
    { definition: ReleaseServiceService, implementation: releaseService(deps) },
    { definition: SignatureServiceService, implementation: signatureService(deps) },
  ]
}

function assuranceService(deps: FederationGrpcDependencies): AssuranceServiceServer {
  const { requests, assurance, log } = deps
  return {
    authenticate: serverStream(log, async (request, caller, out) => {
      const { interaction, interactionUrl } = await requests.authenticate(caller.rpId, {
        minimum: readMinimum(request.minimum),
        returnUri: request.returnUri,
        uiLocale: request.uiLocale,
      })
      const { id: requestId, expiresAt } = interaction
      await out.write({
        status: { $case: 'started', started: { requestId, interactionUrl, expiresAt } },
      })
      const end = await follow(requests, caller, interaction, (stage) =>
        out.write({ status: { $case: 'pending', pending: { stage } } }),
      )
      if (end === undefined) return
      await out.write({
        status:
          end.status === 'completed'
            ? { $case: 'authenticated', authenticated: authenticatedMessage(end) }
            : { $case: 'failed', failed: failedMessage(end) },
      })
    }),
    check: unary(log, async (request, caller) => {
      const { assessment, position } = await assurance.check(
        caller.rpId,
        readSubject(request.pairwiseSubject, 'pairwise_subject'),
        readMinimum(request.minimum),
        request.atLeastPosition,
        caller.signal,
      )
      return {
        satisfied: assessment.satisfied,
        levels: assessment.levels.map(levelRecord).map(levelMessage),
        shortfalls: assessment.shortfalls.map(shortfallRecord).map(shortfallMessage),
        position,
      }
    }),
    watch: serverStream(log, async (request, caller, out) => {
      const subjects = request.pairwiseSubjects.map((subject, i) =>
        readSubject(subject, `pairwise_subjects[${i}]`),
      )
      const { rpId, signal } = caller
      const backlog = (): Promise<number> => assurance.feedLength(rpId)
      for await (const message of assurance.watch(rpId, subjects, request.fromPosition, signal)) {
        await out.write(watchMessage(message), backlog)
      }
    }),
    explain: unary(log, async (request, caller) => {
      const locale = readLocale(request.locale)
      const explanations = await assurance.explain(
        caller.rpId,
        readSubject(request.pairwiseSubject, 'pairwise_subject'),
        readMinimum(request.minimum),
      )
      return {
        explanations: explanations.map((explanation) => explanationMessage(explanation, locale)),
      }
    }),
  }
}

function releaseService(deps: FederationGrpcDependencies): ReleaseServiceServer {
  const { requests, log } = deps
  return {
    requestRelease: unary(log, async (request, caller) => {
      const { interaction, interactionUrl } = await requests.requestRelease(caller.rpId, {
        purposeId: request.purposeId,
        claims: request.claims.map(({ name, essential }) => ({ name, essential })),
        minimum: readMinimum(request.minimum),
        returnUri: request.returnUri,
        uiLocale: request.uiLocale,
      })
      return { requestId: interaction.id, interactionUrl, expiresAt: interaction.expiresAt }
    }),
    awaitRelease: serverStream(log, async (request, caller, out) => {
      const started = await requests.outcome(caller.rpId, request.requestId)
      if (started.kind !== 'release') {
        throw new InvalidInput('request_id', 'a request made by `RequestRelease`')
      }
      const end = await follow(requests, caller, started, (stage) =>
        out.write({ status: { $case: 'pending', pending: { stage } } }),
      )
      if (end === undefined) return
      const issued = await requests.released(end)
      await out.write({
        status:
          issued === undefined
            ? { $case: 'failed', failed: failedMessage(end) }
            : { $case: 'released', released: releaseMessage(issued, end) },
      })
    }),
    revokeRelease: unary(log, async (request, caller) => {
      await requests.revokeRelease(caller.rpId, readId(request.releaseId, 'release_id'))
      return {}
    }),
    redeemTicket: unary(log, async (request, caller) => {
      const issued = await requests.redeemTicket(caller.rpId, request.ticket)
      return { release: releaseMessage(issued) }
    }),
  }
}

function signatureService({ requests, log }: FederationGrpcDependencies): SignatureServiceServer {
  return {
    requestSignature: unary(log, async (request, caller) => {
      const { title, mediaType, digest, content, pairwiseSubject, returnUri, uiLocale } = request
      const { interaction, interactionUrl } = await requests.requestSignature(caller.rpId, {
        document: { title, mediaType, digest, text: content.length === 0 ? null : content },
        pairwiseSubject:
          pairwiseSubject === '' ? '' : readSubject(pairwiseSubject, 'pairwise_subject'),
        minimum: readMinimum(request.minimum),
        returnUri,
        uiLocale,
      })
      return { requestId: interaction.id, interactionUrl, expiresAt: interaction.expiresAt }
    }),
    awaitSignature: serverStream(log, async (request, caller, out) => {
      const started = await requests.outcome(caller.rpId, request.requestId)
      if (started.kind !== 'signature') {
        throw new InvalidInput('request_id', 'a request made by `RequestSignature`')
      }
      const end = await follow(requests, caller, started, (stage) =>
        out.write({ status: { $case: 'pending', pending: { stage } } }),
      )
      if (end === undefined) return
      const given = end.status === 'completed' ? await requests.signed(end) : undefined
      await out.write({
        status:
          given === undefined
            ? {
                $case: 'refused',
                refused: { reason: SIGNATURE_REFUSALS[end.failure ?? 'expired'] },
              }
            : { $case: 'signed', signed: signatureMessage(given, end) },
      })
    }),
    acknowledgeSignature: unary(log, async (request, caller) => {
      await requests.forgetSignature(caller.rpId, readId(request.requestId, 'request_id'))
      return {}
    }),
  }
}

/**
 * Follows a request to its end, telling each new stage; undefined when the caller went away first. A login without a caller
 * can be delivered to nobody, so it ends with its call.
 */
async function follow(
  requests: Requests,
  { rpId, signal }: Caller,
  started: Interaction,
  tell: (stage: InteractionStage) => Promise<void>,
): Promise<Interaction | undefined> {
  let told: Progress | undefined
  for (;;) {
    if (signal.aborted) {
      await requests.abandon(rpId, started.id)
      return undefined
    }
    const interaction = await requests.outcome(rpId, started.id)
    if (interaction.status !== 'open') return interaction
    if (interaction.progress !== told) {
      told = interaction.progress
      await tell(STAGES[told])
    }
    await requests.waitForChange(started.id, signal)
  }
}

const STAGES: Readonly<Record<Progress, InteractionStage>> = {
  awaiting_browser: InteractionStage.INTERACTION_STAGE_AWAITING_BROWSER,
  awaiting_login: InteractionStage.INTERACTION_STAGE_AWAITING_LOGIN,
  awaiting_consent: InteractionStage.INTERACTION_STAGE_AWAITING_CONSENT,
}

const SIGNATURE_REFUSALS: Readonly<Record<FailureReason, SignatureRefusalReason>> = {
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

const FLAGS: ReadonlyMap<number, AssuranceFlag> = new Map([
  [FlagMessage.ASSURANCE_FLAG_PHISHING_RESISTANT, 'phishing_resistant'],
  [FlagMessage.ASSURANCE_FLAG_DEVICE_BOUND, 'device_bound'],
])

const MAX_AXES = 20

function readMinimum(message: MinimumAssurance | undefined): Minimum {
  if (message === undefined) return { axes: [], flags: [] }
  if (message.axes.length > MAX_AXES) {
    throw new InvalidInput('minimum.axes', `at most ${MAX_AXES} axes`)
  }
  const flags = message.flags.map((number, i) => {
    // Generated code lets any number through; one that is not known must not be passed over.
    const flag = FLAGS.get(number)
    if (flag === undefined) {
      throw new InvalidInput(`minimum.flags[${i}]`, `one of ${[...FLAGS.values()].join(', ')}`)
    }
    return flag
  })
  const { maxAgeSeconds } = message
  return {
    axes: message.axes.map(({ framework, axis, level }) => ({ framework, axis, level })),
    flags: [...new Set(flags)],
    ...(maxAgeSeconds > 0 && { maxAgeSeconds }),
  }
}

function readSubject(text: string, path: string): string {
  if (!/^[A-Za-z0-9_-]{43}$/.test(text)) throw new InvalidInput(path, 'a pairwise subject')
  return text
}

function readId(text: string, path: string): string {
  if (!/^[A-Za-z0-9_-]{1,64}$/.test(text)) throw new InvalidInput(path, 'an id that was given')
  return text
}

function readLocale(text: string): 'ja' | 'en' {
  if (text === 'ja' || text === 'en') return text
  throw new InvalidInput('locale', '`ja` or `en`')
}

function levelMessage({ framework, axis, level, validUntil }: LevelRecord): AxisLevelMessage {
  return {
    framework,
    axis,
    level,
    validUntil: validUntil === null ? undefined : new Date(validUntil),
  }
}

function shortfallMessage(shortfall: ShortfallRecord): ShortfallMessage {
  const { framework, axis, have, need, missing, remedy } = shortfall
  return { framework, axis, have, need, missing: [...missing], remedy: REMEDIES[remedy] }
}

function authenticatedMessage({ result, codeSha256 }: Interaction) {
  return {
    pairwiseSubject: result?.pairwiseSubject ?? '',
    levels: (result?.levels ?? []).map(levelMessage),
    codeSha256: Buffer.from(codeSha256 ?? []),
  }
}

function failedMessage({ failure, shortfalls, kind }: Interaction): InteractionFailed {
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

function releaseMessage(issued: IssuedRelease, interaction?: Interaction): Release {
  return {
    releaseId: issued.releaseId,
    pairwiseSubject: issued.pairwiseSubject,
    claims: issued.claims.map(claimMessage),
    levels: (interaction?.result?.levels ?? []).map(levelMessage),
    codeSha256: Buffer.from(interaction?.codeSha256 ?? []),
    expiresAt: issued.expiresAt,
  }
}

function signatureMessage(
  { cms, certificate, report }: SignatureGiven,
  end: Interaction,
): Signature {
  return {
    pairwiseSubject: end.result?.pairwiseSubject ?? '',
    cms: Buffer.from(cms),
    certificate: Buffer.from(certificate),
    report: report === null ? undefined : reportMessage(report),
    levels: (end.result?.levels ?? []).map(levelMessage),
    codeSha256: Buffer.from(end.codeSha256 ?? []),
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

function watchMessage(message: WatchMessage): WatchResponse {
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

function explanationMessage(explanation: AxisExplanation, locale: 'ja' | 'en') {
  return {
    level: levelMessage(levelRecord(explanation.level)),
    reasons: explanation.reasons.map((reason) => reason[locale]),
    clauses: [...explanation.clauses],
    shortfalls: explanation.shortfalls.map(shortfallRecord).map(shortfallMessage),
  }
}
