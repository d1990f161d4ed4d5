import { createPrivateKey, randomUUID } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import {
  credentials,
  Metadata,
  type ChannelCredentials,
  type ClientReadableStream,
  type ServiceError as GrpcError,
} from '@grpc/grpc-js'
import { SignJWT } from 'jose'
import {
  AssuranceServiceClient,
  remedyToJSON,
  AuthenticateRequest,
  CheckRequest,
  ExplainRequest,
  WatchRequest,
  type Authenticated,
  type AuthenticateResponse,
  type CheckResponse,
  type ExplainResponse,
  type InteractionStarted,
  type LevelChanged,
  type MinimumAssurance,
  type WatchResponse,
} from '../../../proto/gen/watashi/assurance/v1/assurance.ts'
import {
  AwaitReleaseRequest,
  ReleaseServiceClient,
  RequestReleaseRequest,
  type AwaitReleaseResponse,
  type Release,
  type RequestReleaseResponse,
} from '../../../proto/gen/watashi/assurance/v1/release.ts'

export type { ExplainResponse }

/** Name of a remedy as the contract has it. */
export function remedyName(remedy: CheckResponse['shortfalls'][number]['remedy']): string {
  return remedyToJSON(remedy)
}

export interface RelyingPartyOptions {
  readonly rpId: string
  /** `host:port` of the face for client certificates, or with `assertion` of the one for bearers. */
  readonly address: string
  readonly keysDir: string
  readonly method: 'certificate' | 'assertion'
  readonly issuer: string
}

/** Options of every channel: an IP address is no TLS server name (RFC 6066 §3), and Node does not resolve `*.localhost`. */
export const BY_NAME = {
  'grpc.ssl_target_name_override': 'watashi.localhost',
  'grpc.default_authority': 'watashi.localhost',
}

const UNARY_MILLISECONDS = 5000
const STREAM_MILLISECONDS = 120_000

/** A relying party that uses the public gRPC contract and nothing else. */
export class RelyingParty {
  readonly #assurance: AssuranceServiceClient
  readonly #release: ReleaseServiceClient

  constructor(options: RelyingPartyOptions) {
    const channel = channelCredentials(options)
    this.#assurance = new AssuranceServiceClient(options.address, channel, BY_NAME)
    this.#release = new ReleaseServiceClient(options.address, channel, BY_NAME)
  }

  /** Asks for a login; `started` comes first, `ended` when the person has answered. */
  authenticate(
    minimum: MinimumAssurance | undefined,
    returnUri: string,
  ): { started: Promise<InteractionStarted>; ended: Promise<Authenticated> } {
    const request = AuthenticateRequest.fromPartial({ minimum, returnUri })
    const stream = this.#assurance.authenticate(
      request,
      new Metadata(),
      deadline(STREAM_MILLISECONDS),
    )
    const started = first(stream, ({ status }: AuthenticateResponse) =>
      status?.$case === 'started' ? status.started : undefined,
    )
    const ended = last(stream, ({ status }: AuthenticateResponse) =>
      status?.$case === 'authenticated' ? status.authenticated : undefined,
    )
    return { started, ended }
  }

  requestRelease(
    purposeId: string,
    claims: { name: string; essential: boolean }[],
    returnUri: string,
  ): Promise<RequestReleaseResponse> {
    const request = RequestReleaseRequest.fromPartial({ purposeId, claims, returnUri })
    return unary((done) =>
      this.#release.requestRelease(request, new Metadata(), deadline(UNARY_MILLISECONDS), done),
    )
  }

  awaitRelease(requestId: string): Promise<Release> {
    const stream = this.#release.awaitRelease(
      AwaitReleaseRequest.fromPartial({ requestId }),
      new Metadata(),
      deadline(STREAM_MILLISECONDS),
    )
    return last(stream, ({ status }: AwaitReleaseResponse) =>
      status?.$case === 'released' ? status.released : undefined,
    )
  }

  check(pairwiseSubject: string, minimum?: MinimumAssurance): Promise<CheckResponse> {
    const request = CheckRequest.fromPartial({ pairwiseSubject, minimum })
    return unary((done) =>
      this.#assurance.check(request, new Metadata(), deadline(UNARY_MILLISECONDS), done),
    )
  }

  explain(
    pairwiseSubject: string,
    locale: string,
    minimum?: MinimumAssurance,
  ): Promise<ExplainResponse> {
    const request = ExplainRequest.fromPartial({ pairwiseSubject, minimum, locale })
    return unary((done) =>
      this.#assurance.explain(request, new Metadata(), deadline(UNARY_MILLISECONDS), done),
    )
  }

  /** Follows the levels of the caller's persons; `lowered` resolves with the first level that falls. */
  watch(): { following: Promise<void>; lowered: Promise<LevelChanged>; stop: () => void } {
    const stream = this.#assurance.watch(
      WatchRequest.fromPartial({}),
      new Metadata(),
      deadline(STREAM_MILLISECONDS),
    )
    const following = first(stream, () => true).then(() => undefined)
    const lowered = first(stream, ({ event }: WatchResponse) =>
      event?.$case === 'levelChanged' && event.levelChanged.lowered
        ? event.levelChanged
        : undefined,
    )
    following.catch(() => undefined)
    lowered.catch(() => undefined)
    return { following, lowered, stop: () => stream.cancel() }
  }

  close(): void {
    this.#assurance.close()
    this.#release.close()
  }
}

/** How a relying party proves to a gRPC face who it is. */
export function channelCredentials({
  rpId,
  keysDir,
  method,
  issuer,
}: RelyingPartyOptions): ChannelCredentials {
  const authority = readFileSync(join(keysDir, 'tls/ca.pem'))
  const key = readFileSync(join(keysDir, `rp/${rpId}.key.pem`))
  if (method === 'certificate') {
    return credentials.createSsl(authority, key, readFileSync(join(keysDir, `rp/${rpId}.pem`)))
  }
  const privateKey = createPrivateKey(key)
  const perCall = credentials.createFromMetadataGenerator((_call, done) => {
    new SignJWT({})
      .setProtectedHeader({ alg: 'ES256', kid: rpId })
      .setIssuer(rpId)
      .setSubject(rpId)
      .setAudience(issuer)
      .setJti(randomUUID())
      .setIssuedAt()
      .setExpirationTime('50s')
      .sign(privateKey)
      .then((assertion) => {
        const metadata = new Metadata()
        metadata.set('authorization', `Bearer ${assertion}`)
        done(null, metadata)
      })
      .catch((error: unknown) => done(error instanceof Error ? error : new Error('signing failed')))
  })
  return credentials.combineChannelCredentials(credentials.createSsl(authority), perCall)
}

function deadline(milliseconds: number): { deadline: number } {
  return { deadline: performance.timeOrigin + performance.now() + milliseconds }
}

function unary<T>(
  call: (done: (error: GrpcError | null, answer: T) => void) => unknown,
): Promise<T> {
  return new Promise((resolve, reject) => {
    call((error, answer) => (error === null ? resolve(answer) : reject(error)))
  })
}

function first<M, T>(
  stream: ClientReadableStream<M>,
  pick: (message: M) => T | undefined,
): Promise<T> {
  return new Promise((resolve, reject) => {
    stream.on('data', (message: M) => {
      const picked = pick(message)
      if (picked !== undefined) resolve(picked)
    })
    stream.once('error', reject)
    stream.once('end', () => reject(new Error('the stream ended without what was waited for')))
  })
}

async function last<M, T>(
  stream: ClientReadableStream<M>,
  pick: (message: M) => T | undefined,
): Promise<T> {
  const ended = first(stream, pick)
  ended.catch(() => undefined)
  return ended
}
