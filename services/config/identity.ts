import type { TrustEnvironment } from '../kernel/trust-environment.ts'
import type { EnvironmentReader } from './environment-reader.ts'

/** Services of who answers for real cards, each with variables of its own: `CRL_URL`, `CRL_TOKEN_FILE`, … */
export const SOURCE_NAMES = ['CRL', 'OCSP', 'LINKAGE'] as const
export type SourceName = (typeof SOURCE_NAMES)[number]

/** Files with what a service wants of whoever asks it; by what comes after the service in the variable's name. */
export const ACCESS_FILES = [
  'CLIENT_CERT_FILE',
  'CLIENT_KEY_FILE',
  'CA_FILE',
  'TOKEN_FILE',
  'BASIC_FILE',
] as const
export type AccessFiles = Readonly<Partial<Record<(typeof ACCESS_FILES)[number], string>>>

/** A service that is asked by HTTP. */
export interface AskedSource {
  readonly url: string
  readonly access: AccessFiles
}

/** Where identities come from: the simulator, or real cards and the services of who answers for them. */
export type IdentityConfig =
  | { readonly kind: 'simulator' }
  | {
      readonly kind: 'cards'
      readonly environment: Exclude<TrustEnvironment, 'simulator'>
      readonly crl:
        | ({ readonly kind: 'http' } & AskedSource)
        | { readonly kind: 'folder'; readonly folder: string }
      readonly ocsp: AskedSource | undefined
      readonly linkage: AskedSource & { readonly tenant: string }
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

const OF_CARDS = [
  'CRL_DROP_DIR',
  'LINKAGE_TENANT',
  ...SOURCE_NAMES.flatMap((source) => ['URL', ...ACCESS_FILES].map((name) => `${source}_${name}`)),
]

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
  if (reader.text('LINKAGE_URL') === undefined) {
    reader.refuse(`\`LINKAGE_URL\` is needed when \`TRUST_ENVIRONMENT=${environment}\``)
  }
  return {
    kind: 'cards',
    environment,
    crl: readCrlDelivery(reader, environment),
    ocsp: readSource(reader, 'OCSP'),
    linkage: {
      ...(readSource(reader, 'LINKAGE') ?? { url: '', access: {} }),
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
  const asked = readSource(reader, 'CRL')
  const folder = reader.path('CRL_DROP_DIR')
  if (asked !== undefined && folder !== undefined) {
    reader.refuse('set `CRL_URL` or `CRL_DROP_DIR`, not both')
  }
  if (asked === undefined && folder === undefined) {
    reader.refuse(
      `\`CRL_URL\` or \`CRL_DROP_DIR\` is needed when \`TRUST_ENVIRONMENT=${environment}\`: where CRLs come from`,
    )
  }
  if (folder !== undefined) return { kind: 'folder', folder }
  return { kind: 'http', ...(asked ?? { url: '', access: {} }) }
}

/** Undefined when the service has no address. */
function readSource(reader: EnvironmentReader, source: SourceName): AskedSource | undefined {
  const address = `${source}_URL`
  const text = reader.text(address)
  const access = readAccess(reader, source)
  if (text === undefined) {
    for (const name of Object.keys(access)) {
      reader.refuse(`\`${source}_${name}\` needs \`${address}\``)
    }
    return undefined
  }
  const url = readAddress(reader, address, text)
  if (url?.protocol === 'http:') {
    for (const name of ['CLIENT_CERT_FILE', 'CA_FILE'] as const) {
      if (access[name] === undefined) continue
      reader.refuse(`\`${address}\`: expected an https address, since \`${source}_${name}\` is set`)
    }
  }
  return { url: text, access }
}

function readAccess(reader: EnvironmentReader, source: SourceName): AccessFiles {
  const named = ACCESS_FILES.flatMap((name) => {
    const file = reader.path(`${source}_${name}`)
    return file === undefined ? [] : [[name, file] as const]
  })
  const access: AccessFiles = Object.fromEntries(named)
  if ((access.CLIENT_CERT_FILE === undefined) !== (access.CLIENT_KEY_FILE === undefined)) {
    reader.refuse(
      `set both \`${source}_CLIENT_CERT_FILE\` and \`${source}_CLIENT_KEY_FILE\`, or neither`,
    )
  }
  if (access.TOKEN_FILE !== undefined && access.BASIC_FILE !== undefined) {
    reader.refuse(`set \`${source}_TOKEN_FILE\` or \`${source}_BASIC_FILE\`, not both`)
  }
  return access
}

/** Questions say whose certificate is asked about, so they leave this machine under TLS alone. */
function readAddress(reader: EnvironmentReader, name: string, text: string): URL | undefined {
  const url = URL.canParse(text) ? new URL(text) : undefined
  const isHere = url?.protocol === 'http:' && ['127.0.0.1', 'localhost'].includes(url.hostname)
  if (url?.protocol !== 'https:' && !isHere) {
    reader.refuse(`\`${name}\`: expected an https address, or one of this machine`)
  } else if (url.username !== '' || url.password !== '') {
    // Addresses are shown where secrets are not.
    reader.refuse(
      `\`${name}\`: expected an address without a password; it goes into \`${name.replace(/URL$/, 'BASIC_FILE')}\``,
    )
  }
  return url
}
