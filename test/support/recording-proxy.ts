import { once } from 'node:events'
import { readFileSync } from 'node:fs'
import {
  connect,
  constants,
  createSecureServer,
  type Http2Server,
  type IncomingHttpHeaders,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from 'node:http2'
import type { AddressInfo } from 'node:net'
import { join } from 'node:path'

/** Something that a relying party was sent: a message without its length prefix, or the fields of a header block. */
export interface Received {
  readonly method: string
  readonly part: 'headers' | 'message' | 'trailers'
  readonly bytes: Buffer
}

export interface RecordingProxy {
  readonly address: string
  readonly received: readonly Received[]
  close(): Promise<void>
}

export interface ProxyOptions {
  /** `host:port` of the gRPC face. */
  readonly upstream: string
  readonly keysDir: string
  /** Whose client certificate is shown to the face; none for a caller that signs assertions. */
  readonly certificateOf?: string
}

/** Stands between a relying party and the gRPC face, and keeps every byte that goes to the relying party. */
export async function startRecordingProxy(options: ProxyOptions): Promise<RecordingProxy> {
  const { keysDir, upstream, certificateOf } = options
  const file = (name: string): Buffer => readFileSync(join(keysDir, name))
  const onward = connect(`https://${upstream}`, {
    ca: file('tls/ca.pem'),
    servername: 'watashi.localhost',
    ...(certificateOf !== undefined && {
      key: file(`rp/${certificateOf}.key.pem`),
      cert: file(`rp/${certificateOf}.pem`),
    }),
  })
  await once(onward, 'connect')
  const received: Received[] = []
  const sessions = new Set<ServerHttp2Session>()
  const server: Http2Server = createSecureServer({
    key: file('tls/server.key.pem'),
    cert: file('tls/server.pem'),
  })
  server.on('session', (session) => {
    sessions.add(session)
    session.on('close', () => sessions.delete(session))
  })
  server.on('stream', (stream, headers) => relay(onward, stream, headers, received))
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return {
    address: `127.0.0.1:${(server.address() as AddressInfo).port}`,
    received,
    async close() {
      for (const session of sessions) session.destroy()
      onward.destroy()
      await new Promise((resolve) => server.close(resolve))
    },
  }
}

function relay(
  onward: ReturnType<typeof connect>,
  toClient: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  received: Received[],
): void {
  const method = String(headers[':path'])
  const keep = (part: Received['part'], bytes: Buffer): void =>
    void received.push({ method, part, bytes })
  const fields = (block: IncomingHttpHeaders): Buffer =>
    Buffer.from(
      Object.entries(block)
        .map(([name, value]) => `${name}: ${String(value)}\n`)
        .join(''),
    )
  const request = onward.request(headers)
  const readMessages = messageReader((message) => keep('message', message))
  let trailers: IncomingHttpHeaders = {}
  toClient.pipe(request)
  request.on('response', (block, flags) => {
    keep('headers', fields(block))
    const endStream = (flags & constants.NGHTTP2_FLAG_END_STREAM) !== 0
    if (!toClient.destroyed) toClient.respond(block, { endStream, waitForTrailers: !endStream })
  })
  request.on('trailers', (block: IncomingHttpHeaders) => {
    keep('trailers', fields(block))
    trailers = block
  })
  request.on('data', (chunk: Buffer) => {
    readMessages(chunk)
    toClient.write(chunk)
  })
  request.on('end', () => toClient.end())
  toClient.on('wantTrailers', () => toClient.sendTrailers(trailers))
  // Whichever side breaks off, the other is told.
  toClient.on('close', () => request.close(constants.NGHTTP2_CANCEL))
  toClient.on('error', () => request.close(constants.NGHTTP2_CANCEL))
  request.on('error', () => toClient.close(constants.NGHTTP2_INTERNAL_ERROR))
}

/** Splits a stream of length-prefixed gRPC messages; a compressed one would hide what is in it and is refused. */
function messageReader(take: (message: Buffer) => void): (chunk: Buffer) => void {
  let waiting = Buffer.alloc(0)
  return (chunk) => {
    waiting = Buffer.concat([waiting, chunk])
    while (waiting.length >= 5) {
      if (waiting[0] !== 0) throw new Error('expected messages without compression')
      const end = 5 + waiting.readUInt32BE(1)
      if (waiting.length < end) return
      take(waiting.subarray(5, end))
      waiting = waiting.subarray(end)
    }
  }
}
