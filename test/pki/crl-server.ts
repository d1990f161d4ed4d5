import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import { createServer as createSecureServer } from 'node:https'
import type { AddressInfo } from 'node:net'
import type { TlsMaterial } from '../../services/rpc/development-keys.ts'

/** What an operator's service answers; a test changes it. */
export type Answer = (request: IncomingMessage, response: ServerResponse) => void

/** A real HTTP server that stands for an operator's revocation service. */
export interface OperatorService {
  readonly url: string
  answer: Answer
  /** Requests that came so far. */
  readonly requests: readonly string[]
  close(): Promise<void>
}

/** @param tls over HTTPS, for clients with a certificate of `clientAuthority` alone */
export async function startOperatorService(
  answer: Answer,
  tls?: TlsMaterial,
): Promise<OperatorService> {
  const requests: string[] = []
  const service = { answer }
  const listener = (request: IncomingMessage, response: ServerResponse) => {
    requests.push(`${request.method} ${request.url}`)
    service.answer(request, response)
  }
  const server =
    tls === undefined
      ? createServer(listener)
      : createSecureServer(
          { key: tls.key, cert: tls.certificate, ca: tls.clientAuthority, requestCert: true },
          listener,
        )
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo // listens on a TCP port
  return Object.assign(service, {
    url: `${tls === undefined ? 'http' : 'https'}://127.0.0.1:${port}`,
    requests,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  })
}
