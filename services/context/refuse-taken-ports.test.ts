import { once } from 'node:events'
import { createServer, type AddressInfo } from 'node:net'
import { expect, test } from 'vitest'
import { readConfig } from '../config.ts'
import { refuseTakenPorts } from './refuse-taken-ports.ts'

const FREE = Object.fromEntries(
  ['HTTP', 'GRPC', 'GRPC_BEARER', 'AGENT', 'SIMULATOR', 'SAMPLE_RP', 'OPERATOR'].map((name) => [
    `${name}_PORT`,
    '0',
  ]),
)

test('a taken port stops the start with one message that names variable and port', async () => {
  await using server = createServer()
  server.listen(0, '127.0.0.1')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo // listens on a TCP port
  const config = readConfig({ ...FREE, GRPC_PORT: String(port) })
  await expect(refuseTakenPorts(config)).rejects.toMatchObject({
    code: 'CONFIG_INVALID',
    message: expect.stringContaining(`\`GRPC_PORT\` ${port}`) as string,
  })
})

test('a port is asked for on the address that it will be taken on', async () => {
  await using server = createServer()
  server.listen(0, '127.0.0.2')
  await once(server, 'listening')
  const { port } = server.address() as AddressInfo // listens on a TCP port
  const elsewhere = { ...FREE, BIND_ADDRESS: '127.0.0.2', ISSUER: 'http://id.example' }
  const message = expect.stringContaining(`\`HTTP_PORT\` ${port}`) as string
  const taken = readConfig({ ...elsewhere, HTTP_PORT: String(port) })
  await expect(refuseTakenPorts(taken)).rejects.toMatchObject({ message })
  // Health and metrics stay on 127.0.0.1, where nobody has it.
  const free = readConfig({ ...elsewhere, OPERATOR_PORT: String(port) })
  await expect(refuseTakenPorts(free)).resolves.toBeUndefined()
})

test('one port for two faces is refused', async () => {
  const config = readConfig({ ...FREE, HTTP_PORT: '18080', OPERATOR_PORT: '18080' })
  await expect(refuseTakenPorts(config)).rejects.toMatchObject({
    message: expect.stringContaining('`OPERATOR_PORT`') as string,
  })
})

test('free ports are no reason to stop', async () => {
  await expect(refuseTakenPorts(readConfig(FREE))).resolves.toBeUndefined()
})
