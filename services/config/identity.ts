import type { TrustEnvironment } from '../kernel/trust-environment.ts'
import type { EnvironmentReader } from './environment-reader.ts'

/** Where identities come from: the simulator, or real cards and the services of who answers for them. */
export type IdentityConfig =
  | { readonly kind: 'simulator' }
  | {
      readonly kind: 'cards'
      readonly environment: Exclude<TrustEnvironment, 'simulator'>
      readonly crl:
        | { readonly kind: 'http'; readonly url: string }
        | { readonly kind: 'folder'; readonly folder: string }
      readonly ocspUrl: string | undefined
      readonly linkage: { readonly url: string; readonly tenant: string }
    }

/** How revocation data is used; all in milliseconds. */
export interface RevocationConfig {
  readonly crlMaximumAge: number
  readonly ocspMaximumAge: number
  /** For how long a CRL is not asked for again. */
  readonly refreshEvery: number
  /** How often every certificate is asked about, whatever changed. */
  readonly recheckEvery: number
}

const OF_CARDS = ['CRL_URL', 'CRL_DROP_DIR', 'OCSP_URL', 'LINKAGE_URL', 'LINKAGE_TENANT']

export function readIdentity(
  reader: EnvironmentReader,
  environment: TrustEnvironment,
): IdentityConfig {
  if (environment === 'simulator') {
    for (const name of OF_CARDS) {
      if (reader.text(name) === undefined) continue
      reader.refuse(`\`${name}\` needs \`TRUST_ENVIRONMENT=production\` or \`jpki-test\``)
    }
    return { kind: 'simulator' }
  }
  return {
    kind: 'cards',
    environment,
    crl: readCrlDelivery(reader, environment),
    ocspUrl: readAddress(reader, 'OCSP_URL'),
    linkage: {
      url: readNeeded(reader, 'LINKAGE_URL', environment),
      tenant: reader.text('LINKAGE_TENANT') ?? 'watashi',
    },
  }
}

const HOUR = 3_600_000
const SECOND = 1_000
/** The monitor comes back so often; it is not asked to do anything more often than that. */
const DAY_IN_SECONDS = 86_400

export function readRevocation(
  reader: EnvironmentReader,
  identity: IdentityConfig,
): RevocationConfig {
  const hours = { from: 1, to: 24 * 30, what: 'hours' }
  const seconds = { from: 0, to: DAY_IN_SECONDS, what: 'seconds' }
  // A folder and the simulator are at hand; an operator's service is asked as often as its data can change.
  const near = identity.kind === 'simulator' || identity.crl.kind === 'folder'
  return {
    // JPKI issues a CRL every day; 36 hours leave room for one that came late.
    crlMaximumAge: reader.whole('CRL_MAX_AGE_HOURS', hours, 36) * HOUR,
    ocspMaximumAge: reader.whole('OCSP_MAX_AGE_HOURS', hours, 24) * HOUR,
    refreshEvery: reader.whole('CRL_REFRESH_SECONDS', seconds, near ? 0 : 600) * SECOND,
    recheckEvery:
      reader.whole('RECHECK_SECONDS', seconds, identity.kind === 'simulator' ? 0 : 6 * 3600) *
      SECOND,
  }
}

type CrlDelivery = Extract<IdentityConfig, { readonly kind: 'cards' }>['crl']

function readCrlDelivery(reader: EnvironmentReader, environment: TrustEnvironment): CrlDelivery {
  const url = readAddress(reader, 'CRL_URL')
  const folder = reader.folder('CRL_DROP_DIR')
  if (url !== undefined && folder !== undefined) {
    reader.refuse('set `CRL_URL` or `CRL_DROP_DIR`, not both')
  }
  if (url === undefined && folder === undefined && reader.text('CRL_URL') === undefined) {
    reader.refuse(
      `\`CRL_URL\` or \`CRL_DROP_DIR\` is needed when \`TRUST_ENVIRONMENT=${environment}\`: where CRLs come from`,
    )
  }
  return folder === undefined ? { kind: 'http', url: url ?? '' } : { kind: 'folder', folder }
}

function readNeeded(
  reader: EnvironmentReader,
  name: string,
  environment: TrustEnvironment,
): string {
  if (reader.text(name) === undefined) {
    reader.refuse(`\`${name}\` is needed when \`TRUST_ENVIRONMENT=${environment}\``)
  }
  return readAddress(reader, name) ?? ''
}

/** Questions say whose certificate is asked about, so they leave this machine under TLS alone. */
function readAddress(reader: EnvironmentReader, name: string): string | undefined {
  const text = reader.text(name)
  if (text === undefined) return undefined
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isHere = url?.protocol === 'http:' && ['127.0.0.1', 'localhost'].includes(url.hostname)
  if (url?.protocol === 'https:' || isHere) return text
  reader.refuse(`\`${name}\`: expected an https address, or one of this machine`)
  return undefined
}
