import { isIPv6 } from 'node:net'
import {
  Server,
  type Metadata,
  type ServerCredentials,
  type ServiceDefinition,
  type UntypedServiceImplementation,
} from '@grpc/grpc-js'
import { HealthImplementation, service as healthService } from 'grpc-health-check'
import { ServerReflectionService } from '../../proto/gen/grpc/reflection/v1/reflection.ts'
import type { Clock } from '../kernel/clock.ts'
import { AccessDenied } from '../kernel/errors.ts'
import type { Log } from '../kernel/log.ts'
import { verifyClientAssertion, type AssertionCheck } from './client-assertion.ts'
import { relyingPartyOfCertificate } from './client-certificate.ts'
import type { TlsMaterial } from './development-keys.ts'
import { ServerClosing } from './handler.ts'
import { admit, type Authenticate } from './interceptors.ts'
import { RateLimiter, type RateLimit } from './rate-limit.ts'
import { Reflection } from './reflection.ts'
import { mutualTls, serverTls } from './tls-credentials.ts'

/** Which relying parties may call, and by which keys. */
export interface CallerDirectory extends Pick<AssertionCheck, 'keysOf' | 'useOnce'> {
  /** How an active relying party is registered to prove who it is; undefined for any other. */
  authenticationOf(rpId: string): Promise<'tls_client_auth' | 'private_key_jwt' | undefined>
}

export interface GrpcService {
  readonly definition: ServiceDefinition
  readonly implementation: UntypedServiceImplementation
}

export interface GrpcServersOptions {
  /** 0 = a free one. */
  readonly mtlsPort: number
  readonly bearerPort: number
  /** IP address to listen on; 127.0.0.1 when absent. */
  readonly host?: string
  readonly tls: TlsMaterial
  readonly services: readonly GrpcService[]
  readonly callers: CallerDirectory
  readonly issuer: () => string
  /** Descriptor set for reflection; absent = no reflection (production). */
  readonly descriptorSet?: Uint8Array | undefined
  readonly rateLimit?: RateLimit
  /** Longest time of a unary call in milliseconds; 10 s when absent. */
  readonly unaryLimit?: number
  readonly clock: Clock
  readonly log: Log
}

export interface GrpcServers {
  readonly mtlsPort: number
  readonly bearerPort: number
  /** Ends streams with UNAVAILABLE, refuses new calls, waits for unary ones, then closes; at most `graceMilliseconds` (3 s). */
  close(graceMilliseconds?: number): Promise<void>
}

const LIMITS = {
  'grpc.max_receive_message_length': 64 * 1024,
  'grpc.max_concurrent_streams': 200,
  'grpc.max_metadata_size': 16 * 1024,
}

/**
 * Starts the two gRPC faces, both over TLS: one for client certificates, one for client assertions (private_key_jwt). They
 * serve the same services, and health and, outside production, reflection to anybody who gets through TLS.
 */
export async function startGrpcServers(options: GrpcServersOptions): Promise<GrpcServers> {
  const closing = new AbortController()
  const limiter = new RateLimiter(
    options.rateLimit ?? { perSecond: 200, burst: 400 },
    options.clock,
  )
  const health = new HealthImplementation(healthMap(options.services, 'SERVING'))
  const face = (authenticate: Authenticate): Server => {
    const interceptor = admit({
      authenticate,
      limiter,
      log: options.log,
      openMethods: OPEN_METHODS,
      unaryLimit: options.unaryLimit ?? 10_000,
      closing: closing.signal,
    })
    const server = new Server({ ...LIMITS, interceptors: [interceptor] })
    addServices(server, options)
    health.addToServer(server)
    return server
  }
  const mtls = face(byCertificate(options.callers))
  const bearer = face(byAssertion(options))
  const host = options.host ?? '127.0.0.1'
  const mtlsPort = await listen(mtls, host, options.mtlsPort, mutualTls(options.tls))
  const bearerPort = await listen(bearer, host, options.bearerPort, serverTls(options.tls))
  return {
    mtlsPort,
    bearerPort,
    async close(graceMilliseconds = 3000) {
      for (const name of Object.keys(healthMap(options.services, 'NOT_SERVING')))
        health.setStatus(name, 'NOT_SERVING')
      closing.abort(new ServerClosing('the server is closing'))
      await Promise.all([mtls, bearer].map((server) => shutDown(server, graceMilliseconds)))
    },
  }
}

const OPEN_SERVICES: readonly ServiceDefinition[] = [healthService, ServerReflectionService]
const OPEN_METHODS: ReadonlySet<string> = new Set(
  OPEN_SERVICES.flatMap((service) => Object.values(service).map(({ path }) => path)),
)

function byCertificate(callers: CallerDirectory): Authenticate {
  return async (call) => {
    const rpId = relyingPartyOfCertificate(call.getAuthContext().sslPeerCertificate)
    const method = await callers.authenticationOf(rpId)
    if (method === 'tls_client_auth') return rpId
    // The certificate has proven who calls: it may be told what its own registration says.
    const expected =
      method === undefined
        ? 'a registered relying party'
        : `a client assertion, at the port for those: \`${rpId}\` is registered for \`${method}\``
    throw new AccessDenied('PERMISSION_DENIED', `expected ${expected}`)
  }
}

function byAssertion({ callers, issuer, clock }: GrpcServersOptions): Authenticate {
  const check: AssertionCheck = {
    issuer,
    clock,
    keysOf: (rpId) => callers.keysOf(rpId),
    useOnce: (rpId, jti, until) => callers.useOnce(rpId, jti, until),
  }
  return async (_call, metadata: Metadata) => {
    const [header, ...more] = metadata.get('authorization')
    // RFC 6750 §2.1; the scheme's name is case-insensitive (RFC 9110 §11.1).
    const assertion = /^bearer ([A-Za-z0-9._-]+)$/i.exec(String(header ?? ''))?.[1] ?? ''
    return verifyClientAssertion(check, more.length === 0 ? assertion : '')
  }
}

function addServices(server: Server, { services, descriptorSet }: GrpcServersOptions): void {
  for (const { definition, implementation } of services)
    server.addService(definition, implementation)
  if (descriptorSet === undefined) return
  const reflection = new Reflection(descriptorSet, services.map(nameOf))
  server.addService(ServerReflectionService, reflection.implementation)
}

function healthMap(services: readonly GrpcService[], state: 'SERVING' | 'NOT_SERVING') {
  return Object.fromEntries(['', ...services.map(nameOf)].map((name) => [name, state]))
}

function nameOf({ definition }: GrpcService): string {
  return Object.values(definition)[0]?.path.split('/')[1] ?? ''
}

function listen(server: Server, host: string, port: number, credentials: ServerCredentials) {
  const address = isIPv6(host) ? `[${host}]` : host
  return new Promise<number>((resolve, reject) => {
    server.bindAsync(`${address}:${port}`, credentials, (error, bound) => {
      if (error === null) resolve(bound)
      else reject(error)
    })
  })
}

function shutDown(server: Server, graceMilliseconds: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(() => {
      server.forceShutdown()
      resolve()
    }, graceMilliseconds)
    server.tryShutdown(() => {
      clearTimeout(timer)
      resolve()
    })
  })
}
