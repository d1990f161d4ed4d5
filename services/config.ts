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
  readonly ports: Ports
  readonly logLevel: LogLevel | 'silent'
  /** Card agent, simulator and sample relying parties; never in production. */
  readonly samples: boolean
}

type Environment = Readonly<Record<string, string | undefined>>

const ROLES = ['proofing', 'policy', 'authenticator', 'wallet', 'federation']

/** Reads the environment once. Throws `ConfigError` naming the variable when values are missing or contradict. */
export function readConfig(environment: Environment = process.env): Config {
  refusePartialRoles(environment['ROLES'])
  const trustEnvironment = readTrustEnvironment(environment)
  const dataDir = resolve(environment['DATA_DIR'] ?? 'data')
  const samples = readFlag(environment, 'SAMPLES', trustEnvironment === 'simulator')
  if (samples && trustEnvironment !== 'simulator') {
    throw new ConfigError(
      '`SAMPLES=1` needs `TRUST_ENVIRONMENT=simulator`: sample people are simulated',
    )
  }
  const issuer = readIssuer(environment['ISSUER'], trustEnvironment)
  return Object.freeze({
    trustEnvironment,
    backbone: readBackbone(environment, dataDir),
    dataDir,
    keysDir: resolve(environment['KEYS_DIR'] ?? `${dataDir}/keys`),
    policyDir: resolve(environment['POLICY_DIR'] ?? 'policies'),
    issuer,
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

/** For a command that needs nothing else of the configuration. */
export function readTrustEnvironment(environment: Environment = process.env): TrustEnvironment {
  const text = environment['TRUST_ENVIRONMENT'] ?? 'simulator'
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

function readPort(environment: Environment, name: string, fallback: number): number {
  const text = environment[name]
  if (text === undefined || text === '') return fallback
  const port = /^\d{1,5}$/.test(text) ? Number(text) : -1
  if (port < 0 || port > 65_535)
    throw new ConfigError(`\`${name}\`: expected a port from 0 to 65535 (0 = a free one)`)
  return port
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
