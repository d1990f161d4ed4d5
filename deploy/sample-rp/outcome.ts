import type {
  AuthenticateResponse,
  AxisLevel,
  InteractionFailed,
} from '../../proto/gen/watashi/assurance/v1/assurance.ts'
import type { AwaitReleaseResponse, Claim } from '../../proto/gen/watashi/assurance/v1/release.ts'
import { isPassing, type Stream, type WatashiClient } from './watashi-client.ts'

/** What we are told about the person whose browser will bring the code. */
export interface Received {
  readonly pairwiseSubject: string
  readonly levels: readonly AxisLevel[]
  readonly claims: readonly Claim[]
  readonly releaseId: string | undefined
  readonly codeSha256: Uint8Array
}

export type Outcome =
  | { readonly kind: 'received'; readonly received: Received }
  | { readonly kind: 'failed'; readonly failure: InteractionFailed | undefined }

export interface Started {
  readonly requestId: string
  readonly interactionUrl: string
  readonly outcome: Promise<Outcome>
}

const FAILED: Outcome = { kind: 'failed', failure: undefined }

/** Asks for a login. The first message says where the browser goes, the last how it ended. */
export async function startLogin(
  client: WatashiClient,
  returnUri: string,
  locale: string,
): Promise<Started> {
  const stream = await client.authenticate(returnUri, locale)
  return new Promise((resolve, reject) => {
    let end: (outcome: Outcome) => void = () => undefined
    const outcome = new Promise<Outcome>((settle) => (end = settle))
    stream.on('data', ({ status }: AuthenticateResponse) => {
      if (status?.$case === 'started') {
        const { requestId, interactionUrl } = status.started
        resolve({ requestId, interactionUrl, outcome })
      }
      if (status?.$case === 'authenticated') {
        const { pairwiseSubject, levels, codeSha256 } = status.authenticated
        const received = { pairwiseSubject, levels, codeSha256, claims: [], releaseId: undefined }
        end({ kind: 'received', received })
      }
      if (status?.$case === 'failed') end({ kind: 'failed', failure: status.failed })
    })
    stream.on('error', (error) => {
      reject(error)
      end(FAILED)
    })
    stream.on('end', () => end(FAILED))
  })
}

/** Asks for attributes; the outcome can be awaited again when the connection breaks. */
export async function startRelease(
  client: WatashiClient,
  purpose: { readonly id: string; readonly claims: readonly string[] },
  returnUri: string,
  locale: string,
): Promise<Started> {
  const { id, claims } = purpose
  const { requestId, interactionUrl } = await client.requestRelease(id, claims, returnUri, locale)
  return { requestId, interactionUrl, outcome: awaitRelease(client, requestId) }
}

async function awaitRelease(client: WatashiClient, requestId: string): Promise<Outcome> {
  for (let attempt = 0; attempt < 60; attempt++) {
    try {
      return await lastOf(await client.awaitRelease(requestId))
    } catch (error) {
      if (!isPassing(error)) return FAILED
      await new Promise((resolve) => setTimeout(resolve, 1000))
    }
  }
  return FAILED
}

function lastOf(stream: Stream<AwaitReleaseResponse>): Promise<Outcome> {
  return new Promise((resolve, reject) => {
    stream.on('data', ({ status }: AwaitReleaseResponse) => {
      if (status?.$case === 'released') resolve({ kind: 'received', received: status.released })
      if (status?.$case === 'failed') resolve({ kind: 'failed', failure: status.failed })
    })
    stream.on('error', reject)
    stream.on('end', () => resolve(FAILED))
  })
}
