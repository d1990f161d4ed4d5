import { sign, verify, type KeyObject } from 'node:crypto'
import { lengthPrefixed, toHex } from '../../kernel/bytes.ts'
import { canonicalJson } from '../../kernel/canonical-json.ts'
import { sha256 } from '../../kernel/digest.ts'
import { eventKeyId } from '../../eventlog/event-trust.ts'
import type { Intent } from '../api.ts'
import type { PolicyDocuments } from '../policy-library.ts'
import { handedOver, type SuccessorKey, type TrustedKeys } from './trusted-keys.ts'

const FORMAT = 'watashi-policy-release/1'

/** What a release says. Everything that answers depend on is inside, so that it can be read without us. */
export interface ReleaseContent {
  /** Counts up by one; a lower one never takes the place of a higher one. */
  readonly sequence: number
  /** Digest of the release before; null for the first. */
  readonly previous: string | null
  /** Name of the pack in force, which says what it uses. */
  readonly pack: string
  /** By which decisions name what they were made with. */
  readonly policyDigest: string
  readonly versions: readonly { readonly framework: string; readonly version: string }[]
  readonly documents: PolicyDocuments
  /** Codes of two persons (`authorCode`). */
  readonly author: string
  readonly approver: string
  readonly note: string
  /** What was proved of it against the release before. */
  readonly intent: Intent
  /** The release whose documents it has again, or null. */
  readonly rolledBackTo: number | null
  /** The key that every later release is signed with, or null while it stays the same. */
  readonly successor: SuccessorKey | null
  readonly publishedAt: Date
}

export interface Release {
  readonly content: ReleaseContent
  /** SHA-256 over the signed bytes, in hex. */
  readonly digest: string
  /** RFC 7638 thumbprint of the key. */
  readonly kid: string
  /** Ed25519 (RFC 8032). */
  readonly signature: Uint8Array
}

/** What a release says of its documents, without them. */
export interface ReleaseHead {
  readonly content: Omit<ReleaseContent, 'documents'>
  readonly digest: string
}

export interface ReleaseKey {
  readonly privateKey: KeyObject
  readonly publicKey: KeyObject
}

export function signRelease(content: ReleaseContent, key: ReleaseKey): Release {
  const bytes = releaseBytes(content)
  return {
    content,
    digest: toHex(sha256(bytes)),
    kid: eventKeyId(key.publicKey),
    signature: new Uint8Array(sign(null, bytes, key.privateKey)),
  }
}

/** Why a release may not be put in force. */
export type ReleaseFlaw =
  | 'KEY_UNKNOWN'
  | 'KEY_RETIRED'
  | 'DIGEST_MISMATCH'
  | 'SIGNATURE_INVALID'
  | 'SUCCESSOR_INVALID'
  | 'CHAIN_BROKEN'

/**
 * Null when the release is signed with the key that signs at its place, and follows the one before it. One that names a
 * successor is still signed with the key before. Of the one before nothing is believed but what this one names by its digest:
 * whoever takes a successor out of it must not keep the old key alive.
 *
 * @param keys whom a release is believed from at this place
 * @param before the release before it; null where there is none
 */
export function releaseFlaw(
  { content, digest, kid, signature }: Release,
  keys: TrustedKeys,
  before: Pick<Release, 'content'> | null,
): ReleaseFlaw | null {
  if (kid !== keys.kid) return keys.retired.includes(kid) ? 'KEY_RETIRED' : 'KEY_UNKNOWN'
  const bytes = releaseBytes(content)
  if (toHex(sha256(bytes)) !== digest) return 'DIGEST_MISMATCH'
  if (!verify(null, bytes, keys.current, signature)) return 'SIGNATURE_INVALID'
  const { successor } = content
  if (successor !== null && handedOver(keys, successor) === undefined) return 'SUCCESSOR_INVALID'
  const follows =
    content.previous === (before && digestOf(before.content)) &&
    content.sequence === (before?.content.sequence ?? 0) + 1
  return follows ? null : 'CHAIN_BROKEN'
}

function digestOf(content: ReleaseContent): string {
  return toHex(sha256(releaseBytes(content)))
}

/** The signed bytes: LP(domain, JCS of the content), documents in the order of their paths. */
function releaseBytes({
  documents,
  publishedAt,
  intent,
  successor,
  ...content
}: ReleaseContent): Uint8Array {
  const form = {
    ...content,
    // Left out where nothing was said, as in releases from before it could be.
    ...(intent === 'any' ? {} : { intent }),
    ...(successor === null ? {} : { successor: { ...successor } }),
    format: FORMAT,
    documents: inOrder(documents),
    publishedAt: publishedAt.toISOString(),
  }
  return lengthPrefixed('watashi/policy-release/v1', canonicalJson(form))
}

/** Identity of documents alone: what an approver looked at. */
export function contentDigest(documents: PolicyDocuments): string {
  return toHex(
    sha256(lengthPrefixed('watashi/policy-documents/v1', canonicalJson(inOrder(documents)))),
  )
}

export function inOrder(documents: PolicyDocuments): readonly (readonly [string, string])[] {
  return [...documents].sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0))
}

/** How an author is named in releases, which outlive the person's account: it leads to nobody who is not asked for. */
export function authorCode(subjectRef: string): string {
  return toHex(sha256(lengthPrefixed('watashi/policy-author/v1', subjectRef))).slice(0, 16)
}
