import { createServer, type IncomingMessage, type ServerResponse } from 'node:http'
import type { AddressInfo } from 'node:net'

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

export async function startOperatorService(answer: Answer): Promise<OperatorService> {
  const requests: string[] = []
  const service = { answer }
  const server = createServer((request, response) => {
    requests.push(`${request.method} ${request.url}`)
    service.answer(request, response)
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const { port } = server.address() as AddressInfo // listens on a TCP port
  return Object.assign(service, {
    url: `http://127.0.0.1:${port}`,
    requests,
    async close() {
      server.closeAllConnections()
      await new Promise((resolve) => server.close(resolve))
    },
  })
}
