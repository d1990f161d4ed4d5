import { isIP } from 'node:net'
import { resolve } from 'node:path'
import { ConfigError } from './kernel/errors.ts'
import type { LogLevel } from './kernel/log.ts'
import { Secret } from './kernel/secret.ts'
import {
  isTrustEnvironment,
  TRUST_ENVIRONMENTS,
  type TrustEnvironment,
} from './kernel/trust-environment.ts'

/** Where state and events live. One choice for both, since state and event are one commit. */
export type BackboneConfig =
  | { readonly kind: 'embedded'; readonly file: string }
  | {
      readonly kind: 'scaled'
      readonly brokers: readonly string[]
      /** Begins the names of topics and groups, so that several instances can share one cluster; may be empty. */
      readonly prefix: string
      readonly databaseUrl: Secret<string>
    }

export interface Ports {
  readonly http: number
  readonly grpc: number
  readonly grpcBearer: number
  readonly agent: number
  readonly simulator: number
  /** First of three: library, liquor shop, bank. */
  readonly sampleRp: number
  readonly operator: number
}

export interface Config {
  readonly trustEnvironment: TrustEnvironment
  readonly backbone: BackboneConfig
  readonly dataDir: string
  readonly keysDir: string
  readonly policyDir: string
  /** Our own origin and issuer; undefined = `http://localhost:<HTTP_PORT>`. */
  readonly issuer: string | undefined
  /** Where pages and gRPC listen; everything else stays on loopback. */
  readonly bindAddress: string
  readonly ports: Ports
  readonly logLevel: LogLevel | 'silent'
  /** Card agent, simulator and sample relying parties; never in production. Without them another process runs the simulator. */
  readonly samples: boolean
}

type Environment = Readonly<Record<string, string | undefined>>

const ROLES = ['proofing', 'policy', 'authenticator', 'wallet', 'federation']

/** Reads the environment once. Throws `ConfigError` naming the variable when values are missing or contradict. */
export function readConfig(environment: Environment = process.env): Config {
  refusePartialRoles(environment['ROLES'])
  const trustEnvironment = readTrustEnvironment(environment['TRUST_ENVIRONMENT'])
  const dataDir = readFolder(environment, 'DATA_DIR') ?? resolve('data')
  const samples = readFlag(environment, 'SAMPLES', trustEnvironment === 'simulator')
  if (samples && trustEnvironment !== 'simulator') {
    throw new ConfigError(
      '`SAMPLES=1` needs `TRUST_ENVIRONMENT=simulator`: sample people are simulated',
    )
  }
  if (!samples) refuseUnknownPlaces(environment)
  const issuer = readIssuer(environment['ISSUER'], trustEnvironment)
  const bindAddress = readBindAddress(environment['BIND_ADDRESS'], issuer)
  return Object.freeze({
    trustEnvironment,
    backbone: readBackbone(environment, dataDir),
    dataDir,
    keysDir: readFolder(environment, 'KEYS_DIR') ?? resolve(dataDir, 'keys'),
    policyDir: namedPolicyDir(environment) ?? resolve('policies'),
    issuer,
    bindAddress,
    ports: {
      http: readPort(environment, 'HTTP_PORT', 8080),
      grpc: readPort(environment, 'GRPC_PORT', 50051),
      grpcBearer: readPort(environment, 'GRPC_BEARER_PORT', 50052),
      agent: readPort(environment, 'AGENT_PORT', 8090),
      simulator: readPort(environment, 'SIMULATOR_PORT', 8091),
      sampleRp: readPort(environment, 'SAMPLE_RP_PORT', 8101),
      operator: readPort(environment, 'OPERATOR_PORT', 9464),
    },
    logLevel: readLogLevel(environment['LOG_LEVEL']),
    samples,
  })
}

/** The folder that `POLICY_DIR` names, for commands that need no other variable. */
export function namedPolicyDir(environment: Environment = process.env): string | undefined {
  return readFolder(environment, 'POLICY_DIR')
}

function readFolder(environment: Environment, name: string): string | undefined {
  const text = environment[name]
  return text === undefined || text === '' ? undefined : resolve(text)
}

function readBackbone(environment: Environment, dataDir: string): BackboneConfig {
  const {
    KAFKA_BROKERS: brokers = '',
    KAFKA_PREFIX: prefix = '',
    DATABASE_URL: databaseUrl = '',
  } = environment
  if ((brokers === '') !== (databaseUrl === '')) {
    throw new ConfigError('set both `KAFKA_BROKERS` and `DATABASE_URL`, or neither')
  }
  if (brokers === '') {
    if (prefix !== '') throw new ConfigError('`KAFKA_PREFIX` needs `KAFKA_BROKERS`')
    return { kind: 'embedded', file: resolve(dataDir, 'watashi.sqlite') }
  }
  if (!/^postgres(ql)?:\/\//.test(databaseUrl)) {
    throw new ConfigError('`DATABASE_URL`: expected postgres://user:password@host:port/database')
  }
  const list = brokers.split(',').map((broker) => broker.trim())
  for (const broker of list) {
    if (!/^[^\s:]+:\d+$/.test(broker))
      throw new ConfigError('`KAFKA_BROKERS`: expected host:port,host:port,...')
  }
  if (!/^[A-Za-z0-9._-]{0,100}$/.test(prefix)) {
    throw new ConfigError('`KAFKA_PREFIX`: expected at most 100 of A-Z a-z 0-9 . _ -')
  }
  return { kind: 'scaled', brokers: list, prefix, databaseUrl: new Secret(databaseUrl) }
}

function refusePartialRoles(roles: string | undefined): void {
  if (roles === undefined || roles === '') return
  const named = roles.split(',').map((role) => role.trim())
  const unknown = named.find((role) => !ROLES.includes(role))
  if (unknown !== undefined)
    throw new ConfigError(`\`ROLES\`: expected some of ${ROLES.join(', ')}`)
  if (ROLES.some((role) => !named.includes(role))) {
    throw new ConfigError(
      '`ROLES`: running some of the roles in a process of their own is not built yet; leave it out',
    )
  }
}

function readTrustEnvironment(text = 'simulator'): TrustEnvironment {
  if (isTrustEnvironment(text)) return text
  throw new ConfigError(`\`TRUST_ENVIRONMENT\`: expected one of ${TRUST_ENVIRONMENTS.join(', ')}`)
}

function readIssuer(text: string | undefined, environment: TrustEnvironment): string | undefined {
  if (text === undefined || text === '') {
    if (environment === 'production')
      throw new ConfigError('`ISSUER` is needed when `TRUST_ENVIRONMENT=production`')
    return undefined
  }
  if (!URL.canParse(text) || new URL(text).origin !== text) {
    throw new ConfigError(
      '`ISSUER`: expected an origin such as https://watashi.example, without a path',
    )
  }
  if (environment === 'production' && !text.startsWith('https://')) {
    throw new ConfigError('`ISSUER`: expected https when `TRUST_ENVIRONMENT=production`')
  }
  return text
}

/** Addresses that `localhost` leads to. */
const LOCALHOST = ['127.0.0.1', '::1', '0.0.0.0', '::']

function readBindAddress(text = '', issuer: string | undefined): string {
  const address = text === '' ? '127.0.0.1' : text
  // The name of an interface (`%eth0`) is part of no address that others could be told.
  if (isIP(address) === 0 || address.includes('%')) {
    throw new ConfigError('`BIND_ADDRESS`: expected an IP address such as 127.0.0.1, 0.0.0.0 or ::')
  }
  if (!LOCALHOST.includes(address) && issuer === undefined) {
    throw new ConfigError(
      `\`ISSUER\` is needed when \`BIND_ADDRESS=${address}\`: localhost does not lead there`,
    )
  }
  return address
}

/** How this machine itself reaches what listens on `bindAddress`, as the host of an address. */
export function reachableHost(bindAddress: string): string {
  if (bindAddress === '0.0.0.0') return '127.0.0.1'
  if (bindAddress === '::') return '[::1]'
  return isIP(bindAddress) === 6 ? `[${bindAddress}]` : bindAddress
}

function readPort(environment: Environment, name: string, fallback: number): number {
  const text = environment[name]
  if (text === undefined || text === '') return fallback
  const port = /^\d{1,5}$/.test(text) ? Number(text) : -1
  if (port < 0 || port > 65_535)
    throw new ConfigError(`\`${name}\`: expected a port from 0 to 65535 (0 = a free one)`)
  return port
}

/** What another process runs is found by its port, so that port must be a known one. */
function refuseUnknownPlaces(environment: Environment): void {
  for (const name of ['AGENT_PORT', 'SIMULATOR_PORT', 'SAMPLE_RP_PORT']) {
    if (readPort(environment, name, 1) !== 0) continue
    throw new ConfigError(
      `\`${name}\`: expected the port that the process with the samples has, not 0, when \`SAMPLES=0\``,
    )
  }
}

function readFlag(environment: Environment, name: string, fallback: boolean): boolean {
  const text = environment[name]
  if (text === undefined || text === '') return fallback
  if (text !== '0' && text !== '1') throw new ConfigError(`\`${name}\`: expected 0 or 1`)
  return text === '1'
}

function readLogLevel(text = 'warn'): Config['logLevel'] {
  const levels = ['debug', 'info', 'warn', 'error', 'silent'] as const
  const level = levels.find((candidate) => candidate === text)
  if (level === undefined)
    throw new ConfigError(`\`LOG_LEVEL\`: expected one of ${levels.join(', ')}`)
  return level
}
