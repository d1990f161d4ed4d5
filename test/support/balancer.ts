import { once } from 'node:events'
import { createServer, request as ask, type IncomingMessage, type ServerResponse } from 'node:http'
import {
  connect,
  createServer as createTcpServer,
  type AddressInfo,
  type Server,
  type Socket,
} from 'node:net'

/** What stands before several processes: it gives each request, or each connection, to the next of those that are there. */
export interface Balancer {
  readonly port: number
  /** The ports behind it; may be changed at any time. */
  behind: readonly number[]
  /** How often each port was chosen. */
  readonly chosen: ReadonlyMap<number, number>
  close(): Promise<void>
}

/** Request by request, over HTTP. */
export function balanceRequests(): Promise<Balancer> {
  return start((next) => createServer((request, response) => forward(request, response, next())))
}

/** Connection by connection, whatever is spoken on it. */
export function balanceConnections(): Promise<Balancer> {
  return start((next) =>
    createTcpServer((client) => {
      const upstream = connect(next(), '127.0.0.1')
      client.on('error', () => upstream.destroy()).on('close', () => upstream.destroy())
      upstream.on('error', () => client.destroy()).on('close', () => client.destroy())
      client.pipe(upstream).pipe(client)
    }),
  )
}

async function start(listener: (next: () => number) => Server): Promise<Balancer> {
  const chosen = new Map<number, number>()
  let turn = 0
  const balancer = { behind: [] as readonly number[] }
  const next = (): number => {
    turn += 1
    const port = balancer.behind[turn % balancer.behind.length] ?? 0
    chosen.set(port, (chosen.get(port) ?? 0) + 1)
    return port
  }
  const server = listener(next)
  const sockets = new Set<Socket>()
  server.on('connection', (socket: Socket) => {
    sockets.add(socket)
    socket.on('close', () => sockets.delete(socket))
  })
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  return Object.assign(balancer, {
    port: (server.address() as AddressInfo).port, // listens on a TCP port
    chosen,
    async close() {
      const closed = once(server, 'close')
      server.close()
      for (const socket of sockets) socket.destroy()
      await closed
    },
  })
}

function forward(request: IncomingMessage, response: ServerResponse, port: number): void {
  const { method, url, headers } = request
  const upstream = ask(
    { host: '127.0.0.1', port, method, path: url, headers, agent: false },
    (answer) => {
      response.writeHead(answer.statusCode ?? 502, answer.headers)
      answer.pipe(response)
      answer.on('error', () => response.destroy())
    },
  )
  // As for somebody whose server was cut off.
  upstream.on('error', () => response.destroy())
  request.pipe(upstream)
}
