import {
  AssuranceServiceService,
  type AssuranceServiceServer,
  type InteractionStage,
} from '../../proto/gen/watashi/assurance/v1/assurance.ts'
import {
  ReleaseServiceService,
  type ReleaseServiceServer,
} from '../../proto/gen/watashi/assurance/v1/release.ts'
import {
  SignatureServiceService,
  type SignatureServiceServer,
} from '../../proto/gen/watashi/assurance/v1/signature.ts'
import { InvalidInput } from '../kernel/errors.ts'
import type { Log } from '../kernel/log.ts'
import type { Caller } from '../rpc/caller.ts'
import type { GrpcService } from '../rpc/grpc-server.ts'
import { serverStream, unary } from '../rpc/handler.ts'
import type { Assurance } from './assurance.ts'
import type { Interaction, Progress } from './interaction.ts'
import { levelRecord, shortfallRecord } from './levels.ts'
import {
  authenticatedMessage,
  explanationMessage,
  failedMessage,
  levelMessage,
  releaseMessage,
  shortfallMessage,
  SIGNATURE_REFUSALS,
  signatureMessage,
  STAGES,
  vectorMessage,
  watchMessage,
} from './message-grpc.ts'
import { readId, readLocale, readMinimum, readSubject } from './request-grpc.ts'
import type { Requests } from './requests.ts'

export interface FederationGrpcDependencies {
  readonly requests: Requests
  readonly assurance: Assurance
  readonly log: Log
  /** Origin of our pages, without a path. */
  readonly origin: () => string
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
  const { requests, assurance, log, origin } = deps
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
            ? { $case: 'authenticated', authenticated: authenticatedMessage(end, origin()) }
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
        vector: vectorMessage(assessment.vector, origin()),
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
  const { requests, log, origin } = deps
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
            : {
                $case: 'released',
                released: releaseMessage(issued, { interaction: end, origin: origin() }),
              },
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

function signatureService({
  requests,
  log,
  origin,
}: FederationGrpcDependencies): SignatureServiceServer {
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
            : { $case: 'signed', signed: signatureMessage(given, end, origin()) },
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
