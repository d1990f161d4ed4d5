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

/** The message of a method as plain JSON. */
export function readMessage({ method, bytes }: Received): unknown {
  const read = READERS[method.split('/').at(-1) ?? '']
  if (read === undefined) throw new Error(`no reader for ${method}`)
  return read(bytes)
}
