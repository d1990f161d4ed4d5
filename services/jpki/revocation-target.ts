import { lengthPrefixed, toHex } from '../kernel/bytes.ts'
import { InvalidInput } from '../kernel/errors.ts'
import type { Certificate } from './certificate.ts'
import { DerReader } from './der.ts'
import { soleDirectoryName, type DistributionPointName } from './general-name.ts'
import { readName, type DistinguishedName } from './name.ts'

/** What revocation sources must know of a certificate: no key, no attribute. A `Certificate` is one. */
export interface RevocationTarget extends Pick<
  Certificate,
  'serial' | 'issuer' | 'crlDistributionPoints' | 'ocspUris'
> {
  readonly notBefore: { readonly at: Date }
}

/** Directory name of the CRL that speaks of the certificate, as DER; null when it has none or several. */
export function crlName(target: RevocationTarget): Uint8Array | null {
  const [point, ...more] = target.crlDistributionPoints
  if (point === undefined || more.length > 0) return null
  return soleDirectoryName(point.name)?.encoding ?? null
}

/** Serial in lower-case hexadecimal without leading zeros, as linkage services name it. */
export function serialText(serial: Uint8Array): string {
  return toHex(serial).replace(/^0+(?=.)/, '')
}

/** Bytes to keep a target by; holds the serial, so seal them before storing. */
export function encodeRevocationTarget(target: RevocationTarget): Uint8Array {
  return lengthPrefixed(
    target.serial,
    target.issuer.encoding,
    crlName(target) ?? new Uint8Array(),
    target.notBefore.at.toISOString(),
    ...target.ocspUris,
  )
}

/** Reads what `encodeRevocationTarget` wrote; `InvalidInput` or `MalformedDer` for anything else. */
export function decodeRevocationTarget(bytes: Uint8Array): RevocationTarget {
  const fields = fieldsOf(bytes).values()
  const next = (): Uint8Array => {
    const { value } = fields.next()
    if (value === undefined) throw new InvalidInput('', 'a revocation target')
    return value
  }
  const [serial, issuer, point, notBefore] = [next(), next(), next(), next()] as const
  return {
    serial,
    issuer: nameFrom(issuer),
    crlDistributionPoints:
      point.length === 0
        ? []
        : [{ name: fullName(nameFrom(point)), reasons: null, crlIssuer: null }],
    notBefore: { at: instant(text(notBefore)) },
    ocspUris: [...fields].map(text),
  }
}

function fieldsOf(bytes: Uint8Array): Uint8Array[] {
  const fields: Uint8Array[] = []
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length)
  for (let at = 0; at < bytes.length;) {
    if (at + 4 > bytes.length) throw new InvalidInput('', 'a whole length')
    const end = at + 4 + view.getUint32(at)
    if (end > bytes.length) throw new InvalidInput('', 'a whole field')
    fields.push(bytes.subarray(at + 4, end))
    at = end
  }
  return fields
}

function nameFrom(der: Uint8Array): DistinguishedName {
  const reader = new DerReader(der)
  const name = readName(reader)
  reader.finish()
  return name
}

function fullName(name: DistinguishedName): DistributionPointName {
  return { kind: 'fullName', names: [{ kind: 'directoryName', name }] }
}

function instant(written: string): Date {
  const at = new Date(written)
  if (Number.isNaN(at.getTime())) throw new InvalidInput('', 'a time')
  return at
}

function text(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('utf8')
}
