import {
  Metadata,
  status,
  type ClientReadableStream,
  type ServiceError as GrpcError,
} from '@grpc/grpc-js'
import {
  AssuranceServiceClient,
  WatchRequest,
  type AuthenticateResponse,
  type LevelChanged,
  type WatchResponse,
} from '../../proto/gen/watashi/assurance/v1/assurance.ts'
import {
  AwaitReleaseRequest,
  ReleaseServiceClient,
  RevokeReleaseRequest,
  type AwaitReleaseResponse,
} from '../../proto/gen/watashi/assurance/v1/release.ts'
import { BY_NAME, channelCredentials } from '../../services/cli/demo/relying-party-grpc.ts'
import type { Instance } from './instance.ts'

export type SampleRp = 'library' | 'liquor' | 'bank'

/** A stream of Watch, with all that came by it. */
export interface Watching {
  readonly messages: readonly WatchResponse[]
  /** The first message that `wanted` takes, of those that came or will come; rejects when the stream ends before. */
  until(wanted: (message: WatchResponse) => boolean): Promise<WatchResponse>
  stop(): void
}

/** A relying party of which a test sees every message, the unwelcome ones too. */
export class ObservedRelyingParty {
  readonly #assurance: AssuranceServiceClient
  readonly #release: ReleaseServiceClient

  constructor({ ready, dataDir }: Pick<Instance, 'ready' | 'dataDir'>, rpId: SampleRp) {
    const method = rpId === 'bank' ? 'assertion' : 'certificate'
    const address = method === 'certificate' ? ready.grpc : ready.grpcBearer
    const keysDir = `${dataDir}/keys`
    const channel = channelCredentials({ rpId, method, address, keysDir, issuer: ready.issuer })
    this.#assurance = new AssuranceServiceClient(address, channel, BY_NAME)
    this.#release = new ReleaseServiceClient(address, channel, BY_NAME)
  }

  /** From the state now, or after `fromPosition`. */
  watch(fromPosition = '', pairwiseSubjects: readonly string[] = []): Watching {
    const request = WatchRequest.fromPartial({
      fromPosition,
      pairwiseSubjects: [...pairwiseSubjects],
    })
    return watching(this.#assurance.watch(request, new Metadata(), within(120_000)))
  }

  /** How a request for attributes ended: the last message of AwaitRelease. */
  async outcome(requestId: string): Promise<AwaitReleaseResponse['status']> {
    const request = AwaitReleaseRequest.fromPartial({ requestId })
    return lastOf(this.#release.awaitRelease(request, new Metadata(), within(60_000)))
  }

  revoke(releaseId: string): Promise<unknown> {
    const request = RevokeReleaseRequest.fromPartial({ releaseId })
    return new Promise((resolve, reject) => {
      const done = (error: GrpcError | null): void =>
        error === null ? resolve(undefined) : reject(error)
      this.#release.revokeRelease(request, new Metadata(), within(5000), done)
    })
  }

  close(): void {
    this.#assurance.close()
    this.#release.close()
  }
}

/** The change of level that a message tells; undefined for the state at the start and for everything else. */
export function changeIn({ event }: WatchResponse): LevelChanged | undefined {
  return event?.$case === 'levelChanged' && !event.levelChanged.initial
    ? event.levelChanged
    : undefined
}

function watching(stream: ClientReadableStream<WatchResponse>): Watching {
  const messages: WatchResponse[] = []
  const waiting = new Set<() => void>()
  let ended: Error | undefined
  const wake = (): void => {
    for (const look of waiting) look()
  }
  stream.on('data', (message: WatchResponse) => {
    messages.push(message)
    wake()
  })
  stream.on('error', (error) => {
    ended ??= error
    wake()
  })
  stream.on('end', () => {
    ended ??= new Error('the stream ended')
    wake()
  })
  return {
    messages,
    stop: () => stream.cancel(),
    until: (wanted) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = messages.find(wanted)
          if (found === undefined && ended === undefined) return
          waiting.delete(look)
          if (found !== undefined) resolve(found)
          else reject(ended ?? new Error('the stream ended'))
        }
        waiting.add(look)
        look()
      }),
  }
}

function lastOf<M extends AwaitReleaseResponse | AuthenticateResponse>(
  stream: ClientReadableStream<M>,
): Promise<M['status']> {
  return new Promise((resolve, reject) => {
    let last: M | undefined
    stream.on('data', (message: M) => (last = message))
    stream.once('error', reject)
    stream.once('end', () => resolve(last?.status))
  })
}

function within(milliseconds: number): { deadline: number } {
  return { deadline: performance.timeOrigin + performance.now() + milliseconds }
}

/** For `rejects.toMatchObject`. */
export const NOT_FOUND = { code: status.NOT_FOUND }
