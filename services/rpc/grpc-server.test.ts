import {
  credentials,
  makeClientConstructor,
  Metadata,
  status,
  type Client,
  type ServiceDefinition,
} from '@grpc/grpc-js'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, createServer, type SecureVersion } from 'node:tls'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { FrozenClock } from '../kernel/clock.ts'
import { createLog } from '../kernel/log.ts'
import { systemRandom } from '../kernel/random.ts'
import { ensureDevelopmentKeys, type DevelopmentKeys } from './development-keys.ts'
import { startGrpcServers, type GrpcServers } from './grpc-server.ts'
import { serverStream, unary } from './handler.ts'

const bytes = { serialize: (value: Buffer) => value, deserialize: (value: Buffer) => value }
const method = (name: string, responseStream: boolean) => ({
  path: `/test.Probe/${name}`,
  requestStream: false,
  responseStream,
  requestSerialize: bytes.serialize,
  requestDeserialize: bytes.deserialize,
  responseSerialize: bytes.serialize,
  responseDeserialize: bytes.deserialize,
})
const definition: ServiceDefinition = {
  whoAmI: method('WhoAmI', false),
  wait: method('Wait', false),
  flood: method('Flood', true),
  follow: method('Follow', true),
}
const log = createLog('silent')
const dir = mkdtempSync(join(tmpdir(), 'watashi-grpc-'))
let keys: DevelopmentKeys
let tlsOfClient: Readonly<Record<'authority' | 'key' | 'certificate', Buffer>>
let servers: GrpcServers
let client: Client
let aborted = 0
let produced = 0
let givenUp = false

beforeAll(async () => {
  const clock = new FrozenClock(new Date())
  keys = await ensureDevelopmentKeys(dir, {
    ...{ environment: 'simulator', clock, random: systemRandom, relyingParties: ['library'] },
  })
  servers = await startGrpcServers({
    ...{ mtlsPort: 0, bearerPort: 0, tls: keys.tls, clock, log, unaryLimit: 300 },
    issuer: () => 'http://localhost',
    callers: {
      authenticationOf: async () => 'tls_client_auth',
      keysOf: async () => undefined,
      useOnce: async () => true,
    },
    services: [
      {
        definition,
        implementation: {
          whoAmI: unary(log, async (_request: Buffer, { rpId }) => Buffer.from(rpId)),
          wait: unary(log, async (_request: Buffer, { signal }) => {
            await new Promise((resolve) => signal.addEventListener('abort', resolve))
            aborted += 1
            return Buffer.of()
          }),
          flood: serverStream(log, async (_request: Buffer, _caller, out) => {
            // 300 messages more at each look: a source that a reader who stands still cannot keep up with.
            const backlog = async () => (produced += 300)
            try {
              for (;;) await out.write(Buffer.alloc(16_000), backlog)
            } finally {
              givenUp = true
            }
          }),
          follow: serverStream(log, async (_request: Buffer, { signal }, out) => {
            await out.write(Buffer.of(1))
            await new Promise((resolve) => signal.addEventListener('abort', resolve))
          }),
        },
      },
    ],
  })
  const files = keys.relyingParties['library']
  tlsOfClient = {
    authority: readFileSync(keys.authorityFile),
    key: readFileSync(files?.keyFile ?? ''),
    certificate: readFileSync(files?.certificateFile ?? ''),
  }
  const { authority, key, certificate } = tlsOfClient
  const channel = credentials.createSsl(authority, key, certificate)
  const Probe = makeClientConstructor(definition, 'test.Probe')
  client = new Probe(`127.0.0.1:${servers.mtlsPort}`, channel, {
    'grpc.ssl_target_name_override': 'localhost',
  })
})
afterAll(async () => {
  client.close()
  await servers.close(200)
  rmSync(dir, { recursive: true, force: true })
})

function call(name: string, metadata: Metadata, milliseconds: number): Promise<Buffer> {
  const { path } = definition[name] ?? {}
  const deadline = new Date(Date.now() + milliseconds)
  return new Promise((resolve, reject) => {
    client.makeUnaryRequest(
      path ?? '',
      bytes.serialize,
      bytes.deserialize,
      Buffer.of(),
      metadata,
      { deadline },
      (error, value) => {
        if (error === null) resolve(value ?? Buffer.of())
        else reject(error)
      },
    )
  })
}

const stream = (name: string) =>
  client.makeServerStreamRequest(
    definition[name]?.path ?? '',
    bytes.serialize,
    bytes.deserialize,
    Buffer.of(),
  )

describe('a caller', () => {
  test('is who its certificate says, whatever its headers claim', async () => {
    const metadata = new Metadata()
    for (const name of ['rp-id', 'x-rp-id', 'x-forwarded-client-cert']) metadata.set(name, 'bank')
    metadata.set('authorization', 'Bearer eyJhbGciOiJub25lIn0.e30.')
    expect((await call('whoAmI', metadata, 5000)).toString()).toBe('library')
  })
})

describe('versions of TLS', () => {
  /** Resolves to the version that was agreed on; rejects as the server refuses. */
  function handshake(port: number, version: SecureVersion): Promise<string | null> {
    const socket = connect({
      ...{ host: '127.0.0.1', port, servername: 'localhost', ALPNProtocols: ['h2'] },
      ...{ minVersion: version, maxVersion: version },
      ...{ ca: tlsOfClient.authority, key: tlsOfClient.key, cert: tlsOfClient.certificate },
      // OpenSSL signs nothing in TLS 1.1 above this level.
      ciphers: 'DEFAULT@SECLEVEL=0',
    })
    return new Promise((resolve, reject) => {
      socket.once('secureConnect', () => {
        resolve(socket.getProtocol())
        socket.destroy()
      })
      socket.once('error', reject)
    })
  }

  test.each<['mtlsPort' | 'bearerPort', SecureVersion]>([
    ['mtlsPort', 'TLSv1.3'],
    ['bearerPort', 'TLSv1.2'],
    ['bearerPort', 'TLSv1.3'],
  ])('%s speaks %s', async (port, version) => {
    expect(await handshake(servers[port], version)).toBe(version)
  })

  test.each<['mtlsPort' | 'bearerPort', SecureVersion]>([
    ['mtlsPort', 'TLSv1.2'],
    ['mtlsPort', 'TLSv1.1'],
    ['bearerPort', 'TLSv1.1'],
    ['bearerPort', 'TLSv1'],
  ])('%s refuses %s', async (port, version) => {
    await expect(handshake(servers[port], version)).rejects.toMatchObject({
      code: 'ERR_SSL_TLSV1_ALERT_PROTOCOL_VERSION',
    })
  })

  test.each<SecureVersion>(['TLSv1.2', 'TLSv1.1', 'TLSv1'])(
    'a server that takes %s would have been asked in it',
    async (version) => {
      const { key, certificate: cert } = keys.tls
      const old = createServer({ key, cert, minVersion: 'TLSv1', ciphers: 'DEFAULT@SECLEVEL=0' })
      old.listen(0, '127.0.0.1')
      await once(old, 'listening')
      const { port } = old.address() as AddressInfo // listens on a TCP port
      expect(await handshake(port, version)).toBe(version)
      old.close()
    },
  )
})

describe('time', () => {
  test('a long deadline is cut, and the work behind the call ends with it', async () => {
    const before = aborted
    await expect(call('wait', new Metadata(), 60_000)).rejects.toMatchObject({
      code: status.DEADLINE_EXCEEDED,
      details: 'deadline exceeded',
    })
    expect(aborted).toBe(before + 1)
  })
  test('a short deadline ends the work, too', async () => {
    const before = aborted
    await expect(call('wait', new Metadata(), 100)).rejects.toMatchObject({
      code: status.DEADLINE_EXCEEDED,
    })
    await expect.poll(() => aborted).toBe(before + 1)
  })
})

describe('streams', () => {
  test('a reader that falls too far behind is let go', async () => {
    const reading = stream('flood')
    const code = new Promise<number>((resolve) => {
      reading.on('error', (error: Error & { code: number }) => resolve(error.code))
    })
    // Stands still after the first message until the server has given up.
    reading.on('data', () => {
      if (!givenUp) reading.pause()
    })
    await expect.poll(() => givenUp, { timeout: 10_000 }).toBe(true)
    reading.resume()
    expect(await code).toBe(status.RESOURCE_EXHAUSTED)
  })
  test('are told to come back when the server closes', async () => {
    const reading = stream('follow')
    const code = await new Promise<number>((resolve) => {
      reading.on('error', (error: Error & { code: number }) => resolve(error.code))
      reading.on('data', () => void servers.close(1000))
    })
    expect(code).toBe(status.UNAVAILABLE)
  })
})
