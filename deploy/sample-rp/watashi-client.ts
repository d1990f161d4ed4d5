import { credentials, Metadata, status, type ClientReadableStream } from '@grpc/grpc-js'
import { createPrivateKey, randomBytes } from 'node:crypto'
import { SignJWT } from 'jose'
import {
  AssuranceServiceClient,
  type AuthenticateResponse,
  type CheckResponse,
  type ExplainResponse,
  type WatchResponse,
} from '../../proto/gen/watashi/assurance/v1/assurance.ts'
import {
  ReleaseServiceClient,
  type AwaitReleaseResponse,
  type RequestReleaseResponse,
} from '../../proto/gen/watashi/assurance/v1/release.ts'
import {
  SignatureServiceClient,
  type AwaitSignatureResponse,
  type RequestSignatureRequest,
  type RequestSignatureResponse,
} from '../../proto/gen/watashi/assurance/v1/signature.ts'
import type { Config } from './config.ts'

/** How this program authenticates itself: the bank signs assertions, the others show a certificate. */
function usesAssertions({ name }: Pick<Config, 'name'>): boolean {
  return name === 'bank'
}

const UNARY_MILLISECONDS = 5000
const INTERACTION_MILLISECONDS = 5 * 60_000 + 5000
const SIGNATURE_MILLISECONDS = 10 * 60_000 + 5000

/** Watashi's public API as this program uses it: each call with a deadline and, for the bank, a fresh assertion. */
export class WatashiClient {
  readonly #config: Config
  readonly #assurance: AssuranceServiceClient
  readonly #release: ReleaseServiceClient
  readonly #signature: SignatureServiceClient

  constructor(config: Config) {
    this.#config = config
    const channel = usesAssertions(config)
      ? credentials.createSsl(config.authority)
      : credentials.createSsl(config.authority, config.key, config.certificate)
    const options = {
      // We connect to an address; the certificate is for this name.
      'grpc.ssl_target_name_override': 'localhost',
      'grpc.keepalive_time_ms': 20_000,
      'grpc.initial_reconnect_backoff_ms': 200,
      'grpc.max_reconnect_backoff_ms': 2000,
    }
    this.#assurance = new AssuranceServiceClient(config.grpcAddress, channel, options)
    this.#release = new ReleaseServiceClient(config.grpcAddress, channel, options)
    this.#signature = new SignatureServiceClient(config.grpcAddress, channel, options)
  }

  async authenticate(returnUri: string, uiLocale: string): Promise<Stream<AuthenticateResponse>> {
    const request = { minimum: undefined, returnUri, uiLocale }
    return this.#assurance.authenticate(
      request,
      await this.#metadata(),
      within(INTERACTION_MILLISECONDS),
    )
  }

  async requestRelease(
    purposeId: string,
    claims: readonly string[],
    returnUri: string,
    uiLocale: string,
  ): Promise<RequestReleaseResponse> {
    const metadata = await this.#metadata()
    const request = {
      purposeId,
      claims: claims.map((name) => ({ name, essential: true })),
      minimum: undefined,
      returnUri,
      uiLocale,
    }
    return unary((done) =>
      this.#release.requestRelease(request, metadata, within(UNARY_MILLISECONDS), done),
    )
  }

  async awaitRelease(requestId: string): Promise<Stream<AwaitReleaseResponse>> {
    return this.#release.awaitRelease(
      { requestId },
      await this.#metadata(),
      within(INTERACTION_MILLISECONDS),
    )
  }

  async revokeRelease(releaseId: string): Promise<void> {
    const metadata = await this.#metadata()
    await unary((done) =>
      this.#release.revokeRelease({ releaseId }, metadata, within(UNARY_MILLISECONDS), done),
    )
  }

  async requestSignature(request: RequestSignatureRequest): Promise<RequestSignatureResponse> {
    const metadata = await this.#metadata()
    return unary((done) =>
      this.#signature.requestSignature(request, metadata, within(UNARY_MILLISECONDS), done),
    )
  }

  async awaitSignature(requestId: string): Promise<Stream<AwaitSignatureResponse>> {
    return this.#signature.awaitSignature(
      { requestId },
      await this.#metadata(),
      within(SIGNATURE_MILLISECONDS),
    )
  }

  /** The signature is ours now; Watashi deletes it. */
  async acknowledgeSignature(requestId: string): Promise<void> {
    const metadata = await this.#metadata()
    await unary((done) =>
      this.#signature.acknowledgeSignature(
        { requestId },
        metadata,
        within(UNARY_MILLISECONDS),
        done,
      ),
    )
  }

  async check(pairwiseSubject: string, atLeastPosition: string): Promise<CheckResponse> {
    const metadata = await this.#metadata()
    // The registered floor is what we need; a request could only raise it.
    const request = { pairwiseSubject, minimum: undefined, atLeastPosition }
    return unary((done) =>
      this.#assurance.check(request, metadata, within(UNARY_MILLISECONDS), done),
    )
  }

  async explain(pairwiseSubject: string, locale: string): Promise<ExplainResponse> {
    const metadata = await this.#metadata()
    const request = { pairwiseSubject, minimum: undefined, locale }
    return unary((done) =>
      this.#assurance.explain(request, metadata, within(UNARY_MILLISECONDS), done),
    )
  }

  async watch(fromPosition: string): Promise<Stream<WatchResponse>> {
    return this.#assurance.watch({ pairwiseSubjects: [], fromPosition }, await this.#metadata())
  }

  close(): void {
    this.#assurance.close()
    this.#release.close()
    this.#signature.close()
  }

  async #metadata(): Promise<Metadata> {
    const metadata = new Metadata()
    if (!usesAssertions(this.#config)) return metadata
    const { key, issuer, name } = this.#config
    const assertion = await new SignJWT({})
      .setProtectedHeader({ alg: 'ES256', kid: name })
      .setIssuer(name)
      .setSubject(name)
      .setAudience(issuer)
      .setIssuedAt()
      .setExpirationTime('60s')
      .setJti(randomBytes(16).toString('base64url'))
      .sign(createPrivateKey(key))
    metadata.set('authorization', `Bearer ${assertion}`)
    return metadata
  }
}

export type Stream<Message> = ClientReadableStream<Message>

/** True for a failure after which the same call may be made again. */
export function isPassing(error: unknown): boolean {
  const { code } = error as { readonly code?: unknown }
  return code === status.UNAVAILABLE || code === status.RESOURCE_EXHAUSTED
}

export function isNotFound(error: unknown): boolean {
  return (error as { readonly code?: unknown }).code === status.NOT_FOUND
}

function within(milliseconds: number) {
  return { deadline: new Date(Date.now() + milliseconds) }
}

function unary<Response>(
  start: (callback: (error: Error | null, response: Response) => void) => void,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    start((error, response) => {
      if (error === null) resolve(response)
      else reject(error)
    })
  })
}
