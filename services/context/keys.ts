import { existsSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { JWK } from 'jose'
import type { Config } from '../config.ts'
import type { Clock } from '../kernel/clock.ts'
import { ConfigError } from '../kernel/errors.ts'
import { SERVICES, type ServiceName } from '../kernel/event.ts'
import type { Log } from '../kernel/log.ts'
import type { Random } from '../kernel/random.ts'
import type { Secret } from '../kernel/secret.ts'
import {
  ensureDevelopmentKeys,
  type RelyingPartyKeyFiles,
  type TlsMaterial,
} from '../rpc/development-keys.ts'
import { loadSecretKey, type KeyFiles } from '../rpc/key-file-store.ts'
import { prepareFolder } from './prepare-folder.ts'

/** Every key of the process. */
export interface Keys {
  readonly files: KeyFiles
  readonly tls: TlsMaterial
  /** What clients of the gRPC faces trust; absent where the operator brought the certificate. */
  readonly authorityFile?: string
  readonly relyingParties: Readonly<Record<string, RelyingPartyKeyFiles>>
  readonly keyEncryption: Secret<Uint8Array>
  readonly proofingReference: Secret<Uint8Array>
  readonly proofingSealing: Secret<Uint8Array>
}

/** The sample services of `deploy/sample-rp`, which get keys on a developer's machine. */
export const SAMPLE_RPS = ['library', 'liquor', 'bank'] as const

const SYMMETRIC = {
  keyEncryption: 'key-encryption',
  proofingReference: 'proofing-reference',
  proofingSealing: 'proofing-sealing',
} as const
const TLS = { key: 'server.key.pem', certificate: 'server.pem', clientAuthority: 'rp-ca.pem' }

/** Name of the first key with which releases of policies are signed; those that follow it are asked for when one signs. */
export const RELEASE_KEY = 'policy-releases'

/** Name of the key with which a service signs its events. */
export function eventKeyName(service: ServiceName): string {
  return `events-${service}`
}

/** Every file that an operator has to bring in production, below `KEYS_DIR`. */
export function keyFileNames(): readonly string[] {
  return [
    ...Object.values(SYMMETRIC).map((name) => `${name}.key`),
    ...SERVICES.map((service) => `${eventKeyName(service)}.pem`),
    `${RELEASE_KEY}.pem`,
    ...Object.values(TLS).map((name) => `tls/${name}`),
  ]
}

/** Reads the keys; outside production what is missing is made, once, for the samples and the relying parties named. */
export async function openKeys(
  config: Config,
  registered: readonly string[],
  clock: Clock,
  random: Random,
  log: Log,
): Promise<Keys> {
  const production = config.trustEnvironment === 'production'
  const files: KeyFiles = { dir: config.keysDir, makeMissing: !production, random }
  if (!production && !existsSync(join(config.keysDir, `${SYMMETRIC.keyEncryption}.key`))) {
    prepareFolder('KEYS_DIR', config.keysDir, 0o700)
    log.info('DEVELOPMENT_KEYS_MADE')
  }
  const symmetric = {
    keyEncryption: loadSecretKey(files, SYMMETRIC.keyEncryption),
    proofingReference: loadSecretKey(files, SYMMETRIC.proofingReference),
    proofingSealing: loadSecretKey(files, SYMMETRIC.proofingSealing),
  }
  if (production) return { files, tls: readTls(config.keysDir), relyingParties: {}, ...symmetric }
  const { tls, authorityFile, relyingParties } = await ensureDevelopmentKeys(config.keysDir, {
    environment: config.trustEnvironment,
    clock,
    random,
    relyingParties: [...new Set([...SAMPLE_RPS, ...registered])],
  })
  return { files, tls, authorityFile, relyingParties, ...symmetric }
}

/** Public keys of relying parties that were made here, for registrations that say `jwks: development`. */
export function developmentJwks(keys: Keys): Readonly<Record<string, { keys: JWK[] }>> {
  return Object.fromEntries(
    Object.entries(keys.relyingParties).map(([rpId, { publicJwk }]) => [
      rpId,
      { keys: [publicJwk] },
    ]),
  )
}

function readTls(dir: string): TlsMaterial {
  const read = (name: string): string => {
    const file = join(dir, 'tls', name)
    if (!existsSync(file)) throw new ConfigError(`\`KEYS_DIR\`: tls/${name} is missing`)
    return readFileSync(file, 'utf8')
  }
  return {
    key: read(TLS.key),
    certificate: read(TLS.certificate),
    clientAuthority: read(TLS.clientAuthority),
  }
}
