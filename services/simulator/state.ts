import { join } from 'node:path'
import { readFileIfPresent, writeFileAtomically } from '../database/whole-file.ts'
import type { CardGeneration } from './generation.ts'
import type { FourAttributes, SamplePins } from './people.ts'
import type { CertificateFamily } from './profile.ts'

/** Reasons of RFC 5280 §5.3.1 that JPKI's practice statement uses. */
export const REVOCATION_REASONS = {
  unspecified: 0,
  keyCompromise: 1,
  cACompromise: 2,
  affiliationChanged: 3,
  superseded: 4,
  cessationOfOperation: 5,
  certificateHold: 6,
} as const
export type RevocationReason = keyof typeof REVOCATION_REASONS

export interface IssuedCertificate {
  /** `<token>-<family>-<n>`; what operations and pages name it by, so that no serial is in an address. */
  readonly id: string
  readonly family: CertificateFamily
  readonly serial: number
  /** Base64 DER. */
  readonly certificate: string
  readonly personId: string
  readonly tokenId: string
  readonly municipalityCode: string
  readonly issuedAt: string
  readonly notAfter: string
  readonly generation?: CardGeneration
  revocation?: { readonly reason: RevocationReason; readonly at: string }
  /** The certificate that took its place: renewal, a new one after a move, or the one on the next phone. */
  successorId?: string
}

export interface PersonRecord {
  readonly id: string
  readonly title: { readonly ja: string; readonly en: string }
  attributes: FourAttributes
  municipalityCode: string
  readonly pins: SamplePins
  diedAt?: string
}

/** A consent to 最新の基本4情報提供, as the service keeps it. */
export interface ConsentRecord {
  readonly id: string
  readonly tenant: string
  readonly personId: string
  /** SHA-256 of what was signed, hexadecimal. */
  readonly digest: string
  readonly givenAt: string
  withdrawnAt?: string
}

/** Keys behind 券面事項入力補助AP, in base64 PKCS #8: the root, and the issuer that it certifies. */
export interface TextAuthorityState {
  readonly root: string
  readonly issuer: string
}

export type TokenKind = 'card' | 'phone'

export const PHONE_KINDS = ['android', 'iphone'] as const
/** A person has certificates on one phone of each kind at most. */
export type PhoneKind = (typeof PHONE_KINDS)[number]

const TOKEN_SUFFIX = { android: 'phone', iphone: 'iphone' } as const

/** Id of a person's card, or of the phone of a kind. */
export function tokenId(personId: string, kind: 'card' | PhoneKind): string {
  return `${personId}-${kind === 'card' ? kind : TOKEN_SUFFIX[kind]}`
}

/** Whether a card or phone, which may be gone since, was a phone. */
export function isPhone(id: string): boolean {
  return Object.values(TOKEN_SUFFIX).some((suffix) => id.endsWith(`-${suffix}`))
}

export interface TokenKey {
  /** Base64 PKCS #8. */
  readonly privateKey: string
  readonly certificateId: string
}

/** A card or a phone with its keys. */
export interface TokenRecord {
  readonly id: string
  readonly kind: TokenKind
  readonly personId: string
  /** Of a card. */
  generation?: CardGeneration
  authentication: TokenKey
  signature?: TokenKey
  /** Of a card of today: key of 券面事項入力補助AP (base64 PKCS #8), and 照合番号B as it is printed. */
  text?: { readonly privateKey: string; readonly referenceB: string }
  /** Of a phone: what it is; absent in a state of before there were two kinds, which was Android. */
  readonly phone?: PhoneKind
  /** Of a phone: unlocked by biometrics instead of the PIN. */
  biometrics?: boolean
}

/** One key generation of a family's CA. */
export interface GenerationState {
  readonly serial: number
  nextCrlNumber: number
  /** Base64 DER. */
  readonly certificate: string
  readonly privateKey: string
  responder?: { readonly serial: number; readonly certificate: string; readonly privateKey: string }
}

/** The generation that cards of today are issued by, with the family's counter: serials are counted across generations. */
export interface AuthorityState extends GenerationState {
  nextSerial: number
}

export interface SimulatorState {
  readonly version: 1
  readonly startedAt: string
  /** Base64; ids of persons are made under it per tenant. */
  readonly tenantKey: string
  readonly authorities: Record<CertificateFamily, AuthorityState>
  /** What next cards are issued by; absent in a state of before there were any. */
  nextAuthorities?: Record<CertificateFamily, GenerationState>
  /** Absent in a state of before cards had that application. */
  textAuthority?: TextAuthorityState
  readonly people: PersonRecord[]
  readonly tokens: TokenRecord[]
  readonly certificates: IssuedCertificate[]
  /** Absent in a state of before there were any. */
  consents?: readonly ConsentRecord[]
}

/** Everything the simulator must remember, keys included, in one file that its owner alone can read. */
export interface StateStore {
  load(): SimulatorState | undefined
  save(state: SimulatorState): void
}

export function stateFile(directory: string): StateStore {
  const path = join(directory, 'state.json')
  return {
    load: () => {
      const text = readFileIfPresent(path)
      // The file is ours alone and is replaced as a whole, so its shape is that of `save`.
      return text === undefined ? undefined : (JSON.parse(text) as SimulatorState)
    },
    save: (state) => writeFileAtomically(path, JSON.stringify(state)),
  }
}
