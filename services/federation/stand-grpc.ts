import { credentials, Metadata, type ServiceError as CallError } from '@grpc/grpc-js'
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createPrivateKey } from 'node:crypto'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { SignJWT } from 'jose'
import { AssuranceServiceClient } from '../../proto/gen/watashi/assurance/v1/assurance.ts'
import { ReleaseServiceClient } from '../../proto/gen/watashi/assurance/v1/release.ts'
import { SignatureServiceClient } from '../../proto/gen/watashi/assurance/v1/signature.ts'
import type { UnitOfWork } from '../database/unit-of-work.ts'
import { openTemporaryDatabase } from '../database/temporary-database.ts'
import type { Publisher } from '../eventlog/publisher.ts'
import type { PolicyPort } from '../policy/ports.ts'
import { FrozenClock } from '../kernel/clock.ts'
import type { OutgoingEvent } from '../kernel/event.ts'
import { createLog } from '../kernel/log.ts'
import { randomToken, systemRandom } from '../kernel/random.ts'
import { ensureDevelopmentKeys, type DevelopmentKeys } from '../rpc/development-keys.ts'
import { startGrpcServers, type GrpcServersOptions } from '../rpc/grpc-server.ts'
import { FakePolicy, FakeSessions, FakeSignatures, FakeWallet } from './fake-ports.ts'
import { createFederation } from './federation.ts'
import { federationServices } from './grpc.ts'
import { seedRegistry } from './seed-registry.ts'

// A whole federation for tests: real gRPC over TLS on free ports, a real database, stand-ins for the other services.

export const ISSUER = 'http://localhost:8080'
const RELYING_PARTIES = ['library', 'liquor', 'bank', 'stranger'] as const
export type RelyingPartyName = (typeof RELYING_PARTIES)[number]

export function openStand(options: Partial<GrpcServersOptions> = {}) {
  return openStandWith(new FakePolicy(), options)
}

/** The same over another policy service, which may be the real one. */
export async function openStandWith<P extends PolicyPort>(
  policy: P,
  options: Partial<GrpcServersOptions> = {},
) {
  const temporary = await openTemporaryDatabase('federation')
  const unitOfWork: UnitOfWork = temporary.database
  const folder = mkdtempSync(join(tmpdir(), 'watashi-keys-'))
  // Certificates are checked against the real time, so the frozen one starts there.
  const clock = new FrozenClock(new Date())
  const random = systemRandom
  const environment = 'simulator'
  const keys = await ensureDevelopmentKeys(folder, {
    ...{ environment, clock, random },
    relyingParties: RELYING_PARTIES,
  })
  const events: OutgoingEvent[] = []
  const publisher: Publisher = {
    async publish(_tx, event) {
      events.push(event)
      return String(events.length)
    },
  }
  const lines: string[] = []
  const log = createLog('debug', { write: (line: string) => void lines.push(line) })
  const sessions = new FakeSessions()
  const wallet = new FakeWallet()
  const signatures = new FakeSignatures(clock)
  const federation = createFederation({
    ...{ unitOfWork, policy, wallet, sessions, clock, random },
    ceremonies: sessions,
    signatures,
    origin: () => ISSUER,
  })
  const seed = { unitOfWork, publisher, policy, clock, log }
  await seedRegistry(seed, registrationFiles(keys))
  const servers = await startGrpcServers({
    ...{ mtlsPort: 0, bearerPort: 0, clock, log },
    tls: keys.tls,
    services: federationServices({ ...federation, log }),
    callers: federation.registry,
    issuer: () => ISSUER,
    ...options,
  })
  return {
    ...{
      federation,
      policy,
      sessions,
      wallet,
      signatures,
      clock,
      keys,
      events,
      lines,
      servers,
      unitOfWork,
      seed,
    },
    clients: (name: RelyingPartyName) => mtlsClients(keys, name, servers.mtlsPort),
    browser: (cookieHeader?: string) => ({ secret: randomToken(random), cookieHeader }),
    async [Symbol.asyncDispose]() {
      await servers.close(200)
      await temporary[Symbol.asyncDispose]()
      rmSync(folder, { recursive: true, force: true })
    },
  }
}

export type Stand = Awaited<ReturnType<typeof openStand>>

export function registrationFiles(keys: DevelopmentKeys) {
  const text = (rpId: string, more: string) => `
rp_id: ${rpId}
name: { ja: 店, en: shop ${rpId} }
controller: { ja: 会社, en: company ${rpId} }
sector: sector-${rpId}
return_uris: ['http://${rpId}.localhost:8101/return']
personas: [gov, priv]
deletion_contact: privacy@${rpId}.localhost
${more}`
  const certificate = 'authentication: { method: tls_client_auth }'
  const floor = `minimum:
  axes:
    - { framework: nist-800-63A-4, axis: IAL, level: IAL2 }
    - { framework: nist-800-63B-4, axis: AAL, level: AAL2 }
purposes:
  - id: age-check
    title: { ja: 年齢, en: age }
    description: { ja: 年齢, en: age }
    claims: [age_over_20, name]
    legal_basis: law
    retention_days: 30
    notice_url: http://shop.localhost/notice
    notice: { ja: 通知, en: notice }`
  const aal = `minimum: { axes: [{ framework: nist-800-63B-4, axis: AAL, level: AAL1 }] }`
  const signatures = (report: boolean) =>
    `signatures: { purpose: { ja: 契約, en: a contract }, report: ${String(report)} }`
  const jwk = keys.relyingParties['bank']?.publicJwk
  const file = (rpId: string, more: string) => ({
    ...{ file: `${rpId}.yaml`, text: text(rpId, more), variables: {} },
    developmentKeys: jwk === undefined ? {} : { bank: { keys: [jwk] } },
  })
  return [
    file('library', `${certificate}\n${aal}`),
    file('liquor', `${certificate}\n${floor}\n${signatures(false)}`),
    file(
      'bank',
      `authentication: { method: private_key_jwt, jwks: development }\n${floor}\n${signatures(true)}`,
    ),
  ]
}

/** Clients with the certificate of `name`, which may be one that nobody registered. */
function mtlsClients(keys: DevelopmentKeys, name: RelyingPartyName, port: number) {
  const files = keys.relyingParties[name]
  if (files === undefined) throw new TypeError(`no keys for ${name}`)
  const channel = credentials.createSsl(
    readFileSync(keys.authorityFile),
    readFileSync(files.keyFile),
    readFileSync(files.certificateFile),
  )
  return clientsOf(port, channel)
}

export function bearerClients(keys: DevelopmentKeys, port: number) {
  return clientsOf(port, credentials.createSsl(readFileSync(keys.authorityFile)))
}

function clientsOf(port: number, channel: ReturnType<typeof credentials.createSsl>) {
  const address = `127.0.0.1:${port}`
  // RFC 6066 §3: an address is no server name.
  const named = { 'grpc.ssl_target_name_override': 'localhost' }
  return {
    assurance: new AssuranceServiceClient(address, channel, named),
    release: new ReleaseServiceClient(address, channel, named),
    signature: new SignatureServiceClient(address, channel, named),
  }
}

export interface AssertionClaims {
  readonly jti?: string
  readonly audience?: string | string[]
  readonly subject?: string
  readonly issuedAt?: Date
  readonly life?: number
}

/** Metadata with a client assertion of the bank. */
export async function bankAssertion({ keys, clock }: Stand, claims: AssertionClaims = {}) {
  const { keyFile = '' } = keys.relyingParties['bank'] ?? {}
  const iat = Math.floor((claims.issuedAt ?? clock.now()).getTime() / 1000)
  const jwt = await new SignJWT({})
    .setProtectedHeader({ alg: 'ES256', kid: 'bank' })
    .setIssuer('bank')
    .setSubject(claims.subject ?? 'bank')
    .setAudience(claims.audience ?? ISSUER)
    .setIssuedAt(iat)
    .setExpirationTime(iat + (claims.life ?? 60))
    .setJti(claims.jti ?? randomToken(systemRandom))
    .sign(createPrivateKey(readFileSync(keyFile)))
  const metadata = new Metadata()
  metadata.set('authorization', `Bearer ${jwt}`)
  return metadata
}

export const soon = () => ({ deadline: new Date(Date.now() + 5000) })

/** A unary call as a promise: the answer, or the error with its code. */
export function call<Response>(
  start: (callback: (error: CallError | null, response: Response) => void) => void,
): Promise<Response> {
  return new Promise((resolve, reject) => {
    start((error, response) => {
      if (error === null) resolve(response)
      else reject(error)
    })
  })
}
