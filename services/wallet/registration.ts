import { canonicalJson } from '../kernel/canonical-json.ts'
import { sha256 } from '../kernel/digest.ts'
import type { AxisMinimum } from '../policy/ports.ts'
import type { LocalizedText } from './catalogue.ts'

/** A purpose as the registry has it. */
export interface RegisteredPurpose {
  readonly purposeId: string
  readonly title: LocalizedText
  readonly description: LocalizedText
  readonly claims: readonly string[]
  readonly legalBasis: string
  readonly retentionDays: number
  readonly noticeUrl: string
  /** base64url */
  readonly noticeDigest: string
  readonly minimum: readonly AxisMinimum[]
}

/** What the wallet knows of a relying party. */
export interface Registration {
  readonly rpId: string
  readonly name: LocalizedText
  readonly controller: LocalizedText
  readonly sectorId: string
  readonly purposes: readonly RegisteredPurpose[]
  /** Persona kinds it accepts; empty = all. */
  readonly personas: readonly string[]
  readonly deletionContact: string
  readonly active: boolean
}

/** SHA-256 of everything the person was shown of a purpose: when it changes, a consent for it is void. */
export function purposeDigest(registration: Registration, purpose: RegisteredPurpose): Uint8Array {
  const { name, controller, sectorId } = registration
  return sha256(canonicalJson({ name, controller, sectorId, purpose }))
}
