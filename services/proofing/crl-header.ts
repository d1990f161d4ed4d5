import { fromHex, lengthPrefixed, toHex } from '../kernel/bytes.ts'
import { sha256 } from '../kernel/digest.ts'
import { MAX_CRL } from '../jpki/crl.ts'
import { contextConstructed, DerReader, inside, TAG, type DerElement } from '../jpki/der.ts'
import { readAlgorithm, readInteger, readSmallInteger, readTime } from '../jpki/der-values.ts'
import {
  readAuthorityKeyIdentifier,
  readExtensions,
  readExtensionValue,
  readIssuingDistributionPoint,
} from '../jpki/extensions.ts'
import { soleDirectoryName } from '../jpki/general-name.ts'
import { readName, sameName, type DistinguishedName } from '../jpki/name.ts'
import { EXTENSION } from '../jpki/oids.ts'
import type { TrustAnchor } from '../jpki/trust-anchor.ts'

/** A place where an issuer publishes a CRL. */
export interface CrlPoint {
  readonly issuer: TrustAnchor
  /** DER of the directory name by which certificates name the CRL. */
  readonly directoryName: Uint8Array
}

/** A name for a point, hexadecimal; generations of an authority share names, so it counts the root as well. */
export function pointId({ issuer, directoryName }: CrlPoint): string {
  return toHex(sha256(lengthPrefixed(fromHex(issuer.sha256), directoryName)))
}

/** What a CRL says of itself, unverified, without its entries. */
export interface CrlHeader {
  readonly issuer: DistinguishedName
  /** Key identifier of the key that it says it is signed with. */
  readonly keyIdentifier: Uint8Array | null
  /** `everything`: it has no scope; null: a scope that is no directory name. */
  readonly scope: DistinguishedName | 'everything' | null
}

/** Reads a CRL up to its entries and behind them, in a time that does not depend on their number; `MalformedDer`. */
export function readCrlHeader(der: Uint8Array): CrlHeader {
  const outer = DerReader.over(der, MAX_CRL)
  const body = outer.enter(TAG.sequence)
  outer.finish()
  const { issuer, extensions } = readParts(body.enter(TAG.sequence))
  const listed = extensions === null ? [] : readExtensions(inside(extensions))
  const find = (oid: string) => listed.find((extension) => extension.oid === oid)
  const key = find(EXTENSION.authorityKeyIdentifier)
  const point = find(EXTENSION.issuingDistributionPoint)
  const scope =
    point === undefined ? null : readExtensionValue(point, readIssuingDistributionPoint).name
  return {
    issuer,
    keyIdentifier:
      key === undefined ? null : readExtensionValue(key, readAuthorityKeyIdentifier).keyIdentifier,
    scope: scope === null ? 'everything' : soleDirectoryName(scope),
  }
}

/** Whether the CRL says that it speaks of this point. */
export function speaksOf({ scope }: CrlHeader, { directoryName }: CrlPoint): boolean {
  if (scope === 'everything') return true
  return scope !== null && sameName(scope, readName(new DerReader(directoryName)))
}

/** Serials of the entries of a CRL that was verified. */
export function* revokedSerials(der: Uint8Array): Generator<Uint8Array> {
  const { entries } = readParts(
    DerReader.over(der, MAX_CRL).enter(TAG.sequence).enter(TAG.sequence),
  )
  if (entries === null) return
  for (const reader = inside(entries); !reader.atEnd;) {
    yield readInteger(reader.enter(TAG.sequence))
  }
}

interface CrlParts {
  readonly issuer: DistinguishedName
  readonly entries: DerElement | null
  readonly extensions: DerElement | null
}

/** TBSCertList (RFC 5280 §5.1). */
function readParts(tbs: DerReader): CrlParts {
  if (tbs.nextTag === TAG.integer) readSmallInteger(tbs)
  readAlgorithm(tbs)
  const issuer = readName(tbs)
  readTime(tbs)
  if (tbs.nextTag === TAG.utcTime || tbs.nextTag === TAG.generalizedTime) readTime(tbs)
  const entries = tbs.optional(TAG.sequence)
  const extensions = tbs.optional(contextConstructed(0))
  tbs.finish()
  return { issuer, entries, extensions }
}
