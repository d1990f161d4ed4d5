import { constantTimeEqual, lengthPrefixed } from '../kernel/bytes.ts'
import { canonicalJson } from '../kernel/canonical-json.ts'
import { sha256 } from '../kernel/digest.ts'
import type { LocalizedText } from './catalogue.ts'
import type { PersonaKind } from './ports.ts'
import type { LedgerStatus } from './release-state.ts'

export interface AssuranceLevel {
  readonly framework: string
  readonly axis: string
  readonly level: string
}

/** One line of a person's ledger: who was given what kind of thing, for what, on what consent. Names, never values. */
export interface LedgerRecord {
  readonly entryId: string
  /** ISO 8601, UTC. */
  readonly at: string
  readonly status: LedgerStatus
  /** As it was called then; null when nobody else was concerned. */
  readonly rp: {
    readonly rpId: string
    readonly name: LocalizedText
    readonly controller: LocalizedText
  } | null
  readonly purpose: {
    readonly purposeId: string
    readonly title: LocalizedText
    readonly retentionDays: number
    readonly legalBasis: string
  } | null
  readonly persona: { readonly personaId: string; readonly kind: PersonaKind } | null
  readonly claims: readonly string[]
  readonly levels: readonly AssuranceLevel[]
  readonly releaseId: string | null
  readonly reason: string | null
  readonly deletionContact: string
  /** Digest of the signed document, and the ceremony that signed it; base64url. */
  readonly consent: {
    readonly digest: string
    readonly ceremonyId: string
    readonly assertionDigest: string
  } | null
}

export interface ChainedRecord {
  readonly sequence: number
  readonly hash: Uint8Array
  /** Undefined when it could not be opened. */
  readonly record: LedgerRecord | undefined
}

/** Where the chain of a person begins; another person's entries do not fit on it. */
export function chainStart(subjectRef: string): Uint8Array {
  return sha256(lengthPrefixed('watashi/ledger/v1', subjectRef))
}

/** h_n = SHA-256(h_{n−1} ‖ JCS(entry)) */
export function chainNext(previous: Uint8Array, record: LedgerRecord): Uint8Array {
  return sha256(previous, canonicalJson(record))
}

/** False when an entry was changed, dropped, moved or added, up to the last one that was counted. */
export function isIntact(
  subjectRef: string,
  entries: readonly ChainedRecord[],
  counted: { readonly length: number; readonly head: Uint8Array },
): boolean {
  let head = chainStart(subjectRef)
  for (const [i, { sequence, hash, record }] of entries.entries()) {
    if (!record || sequence !== i + 1) return false
    head = chainNext(head, record)
    if (!constantTimeEqual(head, hash)) return false
  }
  return entries.length === counted.length && constantTimeEqual(head, counted.head)
}
