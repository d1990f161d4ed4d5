import { join } from 'node:path'
import { readFileIfPresent, writeFileAtomically } from '../database/whole-file.ts'
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
  revocation?: { readonly reason: RevocationReason; readonly at: string }
  /** The certificate that took its place: renewal, or a new one after a move. */
  successorId?: string
}

export interface PersonRecord {
  readonly id: string
  readonly title: { readonly ja: string; readonly en: string }
  attributes: FourAttributes
  municipalityCode: string
  readonly pins: SamplePins
}

export type TokenKind = 'card' | 'phone'

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
  authentication: TokenKey
  signature?: TokenKey
}

export interface AuthorityState {
  readonly serial: number
  nextSerial: number
  nextCrlNumber: number
  /** Base64 DER. */
  readonly certificate: string
  readonly privateKey: string
  responder?: { readonly serial: number; readonly certificate: string; readonly privateKey: string }
}

export interface SimulatorState {
  readonly version: 1
  readonly startedAt: string
  /** Base64; ids of persons are made under it per tenant. */
  readonly tenantKey: string
  readonly authorities: Record<CertificateFamily, AuthorityState>
  readonly people: PersonRecord[]
  readonly tokens: TokenRecord[]
  readonly certificates: IssuedCertificate[]
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
