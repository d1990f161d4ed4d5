import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'

/** A port of this host that nobody listens on now. */
export async function freePort(): Promise<number> {
  const server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  // The address of a TCP server is no string.
  const { port } = server.address() as AddressInfo
  server.close()
  return port
}
