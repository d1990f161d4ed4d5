import type { JSONWebKeySet } from 'jose'
import type { Minimum } from '../policy/ports.ts'
import type { PersonaKind } from '../wallet/ports.ts'
import type { RegisteredMinimum } from './registered-minimum.ts'

interface LocalizedText {
  readonly ja: string
  readonly en: string
}

export interface Purpose {
  readonly purposeId: string
  readonly title: LocalizedText
  readonly description: LocalizedText
  readonly claims: readonly string[]
  readonly legalBasis: string
  readonly retentionDays: number
  readonly noticeUrl: string
  /** SHA-256 in base64url of the notice; another one lapses the consents given under the old. */
  readonly noticeDigest: string
  readonly minimum: Minimum
}

export interface SignatureRegistration {
  readonly purpose: LocalizedText
  /** Whether it gets the verdict of our verification with the signature. */
  readonly report: boolean
}

export type ClientAuthentication =
  | { readonly method: 'tls_client_auth' }
  | { readonly method: 'private_key_jwt'; readonly jwks: JSONWebKeySet }

/** A relying party as its operator registered it. Nothing in it is ever taken from a request. */
export interface Registration {
  readonly rpId: string
  readonly name: LocalizedText
  readonly controller: LocalizedText
  readonly sectorId: string
  readonly active: boolean
  readonly authentication: ClientAuthentication
  /** Compared as exact strings. */
  readonly returnUris: readonly string[]
  readonly personas: readonly PersonaKind[]
  readonly deletionContact: string
  /** Floor of every question: a request can only raise it. */
  readonly minimum: RegisteredMinimum
  readonly purposes: readonly Purpose[]
  /** For what it may have persons sign documents of its own; absent: it may not. */
  readonly signatures?: SignatureRegistration | undefined
  /** 署名検証者: may have persons sign its own transactions with the card. */
  readonly signatureVerifier: boolean
}

export interface AxisName {
  readonly framework: string
  readonly axis: string
}

export function axisKey(axis: AxisName): string {
  return `${axis.framework}/${axis.axis}`
}
