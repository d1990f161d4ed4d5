import { createPrivateKey, createPublicKey, X509Certificate } from 'node:crypto'
import { chmodSync, existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import type { JWK } from 'jose'
import type { Clock } from '../kernel/clock.ts'
import { ConfigError } from '../kernel/errors.ts'
import type { Random } from '../kernel/random.ts'
import type { TrustEnvironment } from '../kernel/trust-environment.ts'
import { relyingPartyUri } from './client-certificate.ts'
import {
  issueDevelopmentCertificate,
  type CertificateRequest,
  type KeyAndCertificate,
} from './development-certificate.ts'

export interface DevelopmentKeysOptions {
  readonly environment: TrustEnvironment
  readonly clock: Clock
  readonly random: Random
  /** Relying parties that get a client certificate and a signing key. */
  readonly relyingParties: readonly string[]
}

/** What a sample relying party needs; paths, so that they can be handed to its process. */
export interface RelyingPartyKeyFiles {
  readonly certificateFile: string
  readonly keyFile: string
  /** P-256 public key of `keyFile`, with `kid` and `alg`, for `private_key_jwt`. */
  readonly publicJwk: JWK
}

export interface DevelopmentKeys {
  /** Certification authority of the servers' certificate: what clients trust. */
  readonly authorityFile: string
  readonly tls: TlsMaterial
  readonly relyingParties: Readonly<Record<string, RelyingPartyKeyFiles>>
}

/** PEM texts that a gRPC face needs. */
export interface TlsMaterial {
  readonly key: string
  readonly certificate: string
  /** Certification authority of relying parties' client certificates. */
  readonly clientAuthority: string
}

const DAY = 86_400_000
const AUTHORITY_DAYS = 3650
const LEAF_DAYS = 365
const RENEW_DAYS = 14

/**
 * Makes, at the first start, what TLS needs on a developer's machine, and later reads it: two certification authorities (one
 * for servers, one for relying parties), the server's certificate and one client certificate per relying party. Files
 * are 0600 under `dir`; a certificate that ends soon, or whose authority is another, is made anew.
 * @throws ConfigError in production, where keys come from its operator
 */
export async function ensureDevelopmentKeys(
  dir: string,
  options: DevelopmentKeysOptions,
): Promise<DevelopmentKeys> {
  if (options.environment === 'production') {
    throw new ConfigError('`TRUST_ENVIRONMENT=production` refuses development keys')
  }
  const make = maker(dir, options)
  const serverAuthority = await make('tls/ca', AUTHORITY_DAYS, {
    commonName: 'Watashi development servers',
    use: { kind: 'authority' },
  })
  const clientAuthority = await make('tls/rp-ca', AUTHORITY_DAYS, {
    commonName: 'Watashi development relying parties',
    use: { kind: 'authority' },
  })
  const server = await make('tls/server', LEAF_DAYS, {
    commonName: 'watashi.localhost',
    use: {
      kind: 'server',
      names: [{ dns: 'localhost' }, { dns: 'watashi.localhost' }, { ip: [127, 0, 0, 1] }],
    },
    issuer: serverAuthority,
  })
  const relyingParties: Record<string, RelyingPartyKeyFiles> = {}
  for (const rpId of options.relyingParties) {
    const client = await make(`rp/${rpId}`, LEAF_DAYS, {
      commonName: rpId,
      use: { kind: 'client', names: [{ uri: relyingPartyUri(rpId) }] },
      issuer: clientAuthority,
    })
    relyingParties[rpId] = {
      certificateFile: join(dir, `rp/${rpId}.pem`),
      keyFile: join(dir, `rp/${rpId}.key.pem`),
      publicJwk: { ...publicJwk(client.keyPem), kid: rpId, alg: 'ES256', use: 'sig' },
    }
  }
  return {
    authorityFile: join(dir, 'tls/ca.pem'),
    tls: {
      key: server.keyPem,
      certificate: server.certificatePem,
      clientAuthority: clientAuthority.certificatePem,
    },
    relyingParties,
  }
}

type Wanted = Pick<CertificateRequest, 'commonName' | 'use' | 'issuer'>

function maker(dir: string, { clock, random }: DevelopmentKeysOptions) {
  return async (name: string, days: number, wanted: Wanted): Promise<KeyAndCertificate> => {
    const now = clock.now()
    const files = { key: join(dir, `${name}.key.pem`), certificate: join(dir, `${name}.pem`) }
    const kept = readPair(files)
    if (kept !== undefined && isUsable(kept, wanted, now)) return kept
    const made = await issueDevelopmentCertificate({
      ...wanted,
      random,
      // An hour back, for a browser or a container whose clock is a little behind.
      notBefore: new Date(now.getTime() - 3_600_000),
      notAfter: new Date(now.getTime() + days * DAY),
    })
    mkdirSync(join(dir, name, '..'), { recursive: true, mode: 0o700 })
    // The key first: a certificate beside a key that is not its own is made anew at the next start.
    writeWhole(files.key, made.keyPem)
    writeWhole(files.certificate, made.certificatePem)
    return made
  }
}

interface PairFiles {
  readonly key: string
  readonly certificate: string
}

function readPair(files: PairFiles): KeyAndCertificate | undefined {
  if (!existsSync(files.key) || !existsSync(files.certificate)) return undefined
  return {
    keyPem: readFileSync(files.key, 'utf8'),
    certificatePem: readFileSync(files.certificate, 'utf8'),
  }
}

function isUsable(kept: KeyAndCertificate, wanted: Wanted, now: Date): boolean {
  const certificate = new X509Certificate(kept.certificatePem)
  const issuer = new X509Certificate((wanted.issuer ?? kept).certificatePem)
  return (
    certificate.checkPrivateKey(createPrivateKey(kept.keyPem)) &&
    certificate.verify(issuer.publicKey) &&
    certificate.validFromDate <= now &&
    certificate.validToDate.getTime() - now.getTime() > RENEW_DAYS * DAY
  )
}

function publicJwk(keyPem: string): JWK {
  return createPublicKey(createPrivateKey(keyPem)).export({ format: 'jwk' })
}

function writeWhole(path: string, text: string): void {
  const draft = `${path}.${process.pid}.new`
  writeFileSync(draft, text, { mode: 0o600, flush: true })
  chmodSync(draft, 0o600)
  renameSync(draft, path)
}
