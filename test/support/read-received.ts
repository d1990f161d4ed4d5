import {
  AuthenticateResponse,
  CheckResponse,
  ExplainResponse,
  WatchResponse,
} from '../../proto/gen/watashi/assurance/v1/assurance.ts'
import {
  AwaitReleaseResponse,
  RequestReleaseResponse,
} from '../../proto/gen/watashi/assurance/v1/release.ts'
import type { Received } from './recording-proxy.ts'

const READERS: Readonly<Record<string, (bytes: Buffer) => unknown>> = {
  Authenticate: (bytes) => AuthenticateResponse.toJSON(AuthenticateResponse.decode(bytes)),
  Check: (bytes) => CheckResponse.toJSON(CheckResponse.decode(bytes)),
  Explain: (bytes) => ExplainResponse.toJSON(ExplainResponse.decode(bytes)),
  Watch: (bytes) => WatchResponse.toJSON(WatchResponse.decode(bytes)),
  RequestRelease: (bytes) => RequestReleaseResponse.toJSON(RequestReleaseResponse.decode(bytes)),
  AwaitRelease: (bytes) => AwaitReleaseResponse.toJSON(AwaitReleaseResponse.decode(bytes)),
}

/**
 * What was sent, without the end of a request: that is five minutes after the caller's own call, so no news to it, and two
 * calls may meet in one thousandth of a second by chance.
 */
export function withoutEndOfRequest({ method, part, bytes }: Received): Buffer {
  if (part !== 'message') return bytes
  switch (method.split('/').at(-1)) {
    case 'Authenticate': {
      const { status, ...rest } = AuthenticateResponse.decode(bytes)
      if (status?.$case !== 'started') return bytes
      const started = { ...status.started, expiresAt: undefined }
      const answer = AuthenticateResponse.encode({ ...rest, status: { ...status, started } })
      return Buffer.from(answer.finish())
    }
    case 'RequestRelease': {
      const started = { ...RequestReleaseResponse.decode(bytes), expiresAt: undefined }
      return Buffer.from(RequestReleaseResponse.encode(started).finish())
    }
    default:
      return bytes
  }
}

/** The message of a method as plain JSON. */
export function readMessage({ method, bytes }: Received): unknown {
  const read = READERS[method.split('/').at(-1) ?? '']
  if (read === undefined) throw new Error(`no reader for ${method}`)
  return read(bytes)
}
