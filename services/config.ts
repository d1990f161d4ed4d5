import { isIP } from 'node:net'
import { join, resolve } from 'node:path'
import { EnvironmentReader, type Environment } from './config/environment-reader.ts'
import {
  readIdentity,
  readRevocation,
  type IdentityConfig,
  type RevocationConfig,
} from './config/identity.ts'
import type { LogLevel } from './kernel/log.ts'
import { Secret } from './kernel/secret.ts'
import { LOG_DAYS } from './policy/log-retention.ts'
import { TRUST_ENVIRONMENTS, type TrustEnvironment } from './kernel/trust-environment.ts'

const LOG_LIMITS = { from: 1, to: 36_500, what: 'a whole number of days' }

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

/** Folders that have to be there, or are made, before anything starts. */
export interface Places {
  readonly trustEnvironment: TrustEnvironment
  readonly dataDir: string
  readonly keysDir: string
}

export interface Config extends Places {
  readonly backbone: BackboneConfig
  readonly identity: IdentityConfig
  readonly revocation: RevocationConfig
  readonly policyDir: string
  /** How many days a decision is kept. */
  readonly decisionLogDays: number
  /** Registrations of relying parties. */
  readonly relyingPartyDir: string
  /** Our own origin and issuer; undefined = `http://localhost:<HTTP_PORT>`. */
  readonly issuer: string | undefined
  /** Where pages and gRPC listen; everything else stays on loopback. */
  readonly bindAddress: string
  readonly ports: Ports
  readonly logLevel: LogLevel | 'silent'
  /** Card agent, simulator and sample relying parties; never in production. Without them another process runs the simulator. */
  readonly samples: boolean
}

const ROLES = ['proofing', 'policy', 'authenticator', 'wallet', 'federation']

/** What else a start needs that is not there, one message each; asked together with the variables. */
export type FindMissing = (
  places: Places & Pick<Config, 'relyingPartyDir' | 'identity'>,
) => readonly string[]

/**
 * Reads the environment once. Throws `ConfigError` naming every variable whose value is missing or contradicts another, and
 * what `findMissing` misses.
 */
export function readConfig(
  environment: Environment = process.env,
  findMissing: FindMissing = () => [],
): Config {
  const reader = new EnvironmentReader(environment)
  refusePartialRoles(reader)
  const places = readPlacesWith(reader)
  const { trustEnvironment, dataDir } = places
  const samples = reader.flag('SAMPLES', trustEnvironment === 'simulator')
  if (samples && trustEnvironment !== 'simulator') {
    reader.refuse('`SAMPLES=1` needs `TRUST_ENVIRONMENT=simulator`: sample people are simulated')
  }
  if (!samples) refuseUnknownPlaces(reader, trustEnvironment)
  const issuer = readIssuer(reader, trustEnvironment)
  const identity = readIdentity(reader, trustEnvironment)
  const config: Config = {
    ...places,
    backbone: readBackbone(reader, dataDir),
    identity,
    revocation: readRevocation(reader, identity),
    policyDir: reader.path('POLICY_DIR') ?? resolve('policies'),
    decisionLogDays: reader.whole('DECISION_LOG_DAYS', LOG_LIMITS, LOG_DAYS),
    relyingPartyDir: readRelyingPartyDir(reader, trustEnvironment),
    issuer,
    bindAddress: readBindAddress(reader, issuer),
    ports: {
      http: reader.port('HTTP_PORT', 8080),
      grpc: reader.port('GRPC_PORT', 50051),
      grpcBearer: reader.port('GRPC_BEARER_PORT', 50052),
      agent: reader.port('AGENT_PORT', 8090),
      simulator: reader.port('SIMULATOR_PORT', 8091),
      sampleRp: reader.port('SAMPLE_RP_PORT', 8101),
      operator: reader.port('OPERATOR_PORT', 9464),
    },
    logLevel: readLogLevel(reader),
    samples,
  }
  for (const problem of findMissing(config)) reader.refuse(problem)
  reader.finish()
  return Object.freeze(config)
}

/** Only where things are: for commands that prepare a start, and so cannot ask for all that it needs. */
export function readPlaces(environment: Environment = process.env): Places {
  const reader = new EnvironmentReader(environment)
  const places = readPlacesWith(reader)
  reader.finish()
  return places
}

/** What the card client needs: the machine with the reader is often another than the product's, and has nothing else of it. */
export interface CardClientConfig extends Places {
  /** Origin of the pages that ask for the card. */
  readonly issuer: string
  readonly agentPort: number
  readonly logLevel: Config['logLevel']
}

export function readCardClient(environment: Environment = process.env): CardClientConfig {
  const reader = new EnvironmentReader(environment)
  const places = readPlacesWith(reader)
  const issuer = readIssuer(reader, places.trustEnvironment)
  const config = {
    ...places,
    issuer: issuer ?? `http://localhost:${reader.port('HTTP_PORT', 8080)}`,
    agentPort: reader.port('AGENT_PORT', 8090),
    logLevel: readLogLevel(reader),
  }
  reader.finish()
  return config
}

/** The folder that `POLICY_DIR` names, for commands that need no other variable. */
export function namedPolicyDir(environment: Environment = process.env): string | undefined {
  return new EnvironmentReader(environment).path('POLICY_DIR')
}

function readPlacesWith(reader: EnvironmentReader): Places {
  const dataDir = reader.path('DATA_DIR') ?? resolve('data')
  return {
    trustEnvironment: reader.oneOf('TRUST_ENVIRONMENT', TRUST_ENVIRONMENTS, 'simulator'),
    dataDir,
    keysDir: reader.path('KEYS_DIR') ?? resolve(dataDir, 'keys'),
  }
}

function readLogLevel(reader: EnvironmentReader): Config['logLevel'] {
  return reader.oneOf('LOG_LEVEL', ['debug', 'info', 'warn', 'error', 'silent'], 'warn')
}

function readBackbone(reader: EnvironmentReader, dataDir: string): BackboneConfig {
  const brokers = reader.text('KAFKA_BROKERS')
  const databaseUrl = reader.text('DATABASE_URL')
  const prefix = reader.text('KAFKA_PREFIX') ?? ''
  if ((brokers === undefined) !== (databaseUrl === undefined)) {
    reader.refuse('set both `KAFKA_BROKERS` and `DATABASE_URL`, or neither')
  }
  if (brokers === undefined || databaseUrl === undefined) {
    if (prefix !== '') reader.refuse('`KAFKA_PREFIX` needs `KAFKA_BROKERS`')
    return { kind: 'embedded', file: resolve(dataDir, 'watashi.sqlite') }
  }
  if (!/^postgres(ql)?:\/\//.test(databaseUrl)) {
    reader.refuse('`DATABASE_URL`: expected postgres://user:password@host:port/database')
  }
  const list = brokers.split(',').map((broker) => broker.trim())
  if (!list.every((broker) => /^[^\s:]+:\d+$/.test(broker))) {
    reader.refuse('`KAFKA_BROKERS`: expected host:port,host:port,...')
  }
  if (!/^[A-Za-z0-9._-]{0,100}$/.test(prefix)) {
    reader.refuse('`KAFKA_PREFIX`: expected at most 100 of A-Z a-z 0-9 . _ -')
  }
  return { kind: 'scaled', brokers: list, prefix, databaseUrl: new Secret(databaseUrl) }
}

function refusePartialRoles(reader: EnvironmentReader): void {
  const named = reader
    .text('ROLES')
    ?.split(',')
    .map((role) => role.trim())
  if (named === undefined) return
  if (!named.every((role) => ROLES.includes(role))) {
    reader.refuse(`\`ROLES\`: expected some of ${ROLES.join(', ')}`)
  } else if (!ROLES.every((role) => named.includes(role))) {
    reader.refuse(
      '`ROLES`: running some of the roles in a process of their own is not built yet; leave it out',
    )
  }
}

/** The sample registrations are for development: in production the folder has to be named. */
function readRelyingPartyDir(reader: EnvironmentReader, environment: TrustEnvironment): string {
  const folder = reader.path('RP_DIR')
  if (folder === undefined && environment === 'production') {
    reader.refuse(
      '`RP_DIR` is needed when `TRUST_ENVIRONMENT=production`: the folder with the registrations of relying parties',
    )
  }
  return folder ?? join(import.meta.dirname, '../deploy/rp')
}

function readIssuer(reader: EnvironmentReader, environment: TrustEnvironment): string | undefined {
  const text = reader.text('ISSUER')
  if (text === undefined) {
    if (environment === 'production')
      reader.refuse('`ISSUER` is needed when `TRUST_ENVIRONMENT=production`')
    return undefined
  }
  if (!URL.canParse(text) || new URL(text).origin !== text) {
    reader.refuse('`ISSUER`: expected an origin such as https://watashi.example, without a path')
  }
  if (environment === 'production' && !text.startsWith('https://')) {
    reader.refuse('`ISSUER`: expected https when `TRUST_ENVIRONMENT=production`')
  }
  return text
}

/** Addresses that `localhost` leads to. */
const LOCALHOST = ['127.0.0.1', '::1', '0.0.0.0', '::']

function readBindAddress(reader: EnvironmentReader, issuer: string | undefined): string {
  const address = reader.text('BIND_ADDRESS') ?? '127.0.0.1'
  // The name of an interface (`%eth0`) is part of no address that others could be told.
  if (isIP(address) === 0 || address.includes('%')) {
    reader.refuse('`BIND_ADDRESS`: expected an IP address such as 127.0.0.1, 0.0.0.0 or ::')
  } else if (!LOCALHOST.includes(address) && issuer === undefined) {
    reader.refuse(
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

/** What another process runs is found by its port, so that port must be a known one. */
function refuseUnknownPlaces(reader: EnvironmentReader, environment: TrustEnvironment): void {
  const simulated = environment === 'simulator' ? ['SIMULATOR_PORT', 'SAMPLE_RP_PORT'] : []
  for (const name of ['AGENT_PORT', ...simulated]) {
    if (reader.port(name, 1) !== 0) continue
    reader.refuse(
      `\`${name}\`: expected the port that the process with the samples has, not 0, when \`SAMPLES=0\``,
    )
  }
}
