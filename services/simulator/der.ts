import type { KeyObject } from 'node:crypto'
import * as asn1js from 'asn1js'
import { AlgorithmIdentifier, Extension, RelativeDistinguishedNames, Time } from 'pkijs'
import type { DistinguishedName } from './profile.ts'

export type Asn1 = asn1js.AsnType

const ATTRIBUTE_OIDS = {
  C: '2.5.4.6',
  O: '2.5.4.10',
  OU: '2.5.4.11',
  L: '2.5.4.7',
  CN: '2.5.4.3',
} as const

export function sequence(...value: Asn1[]): asn1js.Sequence {
  return new asn1js.Sequence({ value })
}

export function oid(value: string): asn1js.ObjectIdentifier {
  return new asn1js.ObjectIdentifier({ value })
}

export function octets(bytes: Uint8Array): asn1js.OctetString {
  return new asn1js.OctetString({ valueHex: toArrayBuffer(bytes) })
}

/** `[n]` around other values: an explicit tag, or an implicit one on a constructed type. */
export function tagged(tagNumber: number, ...value: Asn1[]): asn1js.Constructed {
  return new asn1js.Constructed({ idBlock: { tagClass: 3, tagNumber }, value })
}

/** `[n]` IMPLICIT on a primitive type, with its content octets. */
export function taggedBytes(tagNumber: number, content: Uint8Array): asn1js.Primitive {
  return new asn1js.Primitive({
    idBlock: { tagClass: 3, tagNumber },
    valueHex: toArrayBuffer(content),
  })
}

/** An element that is already encoded. */
export function encoded(der: Uint8Array): Asn1 {
  const { offset, result } = asn1js.fromBER(toArrayBuffer(der))
  if (offset !== der.length) throw new TypeError('not one whole DER element')
  return result
}

export function toDer(value: Asn1): Uint8Array {
  return new Uint8Array(value.toBER())
}

/** Content octets of a non-negative INTEGER. */
export function integerContent(value: number): Uint8Array {
  return new Uint8Array(new asn1js.Integer({ value }).valueBlock.valueHexView)
}

/** A Name with one RDN per attribute: pkijs' own encoder would put them all into one multi-valued RDN. */
export function nameAsn1(name: DistinguishedName): asn1js.Sequence {
  return sequence(
    ...name.map(([attribute, value]) => {
      const text =
        attribute === 'C' ? new asn1js.PrintableString({ value }) : new asn1js.Utf8String({ value })
      return new asn1js.Set({ value: [sequence(oid(ATTRIBUTE_OIDS[attribute]), text)] })
    }),
  )
}

export function nameDer(name: DistinguishedName): Uint8Array {
  return toDer(nameAsn1(name))
}

/** The Name as pkijs wants it; parsed from its encoding, so it is written back byte by byte. */
export function pkijsName(name: DistinguishedName): RelativeDistinguishedNames {
  return new RelativeDistinguishedNames({ schema: encoded(nameDer(name)) })
}

/** GeneralNames with one directoryName. */
export function directoryNames(name: DistinguishedName): asn1js.Sequence {
  return sequence(tagged(4, nameAsn1(name)))
}

/** RFC 5280 §4.1.2.5: UTCTime through 2049, GeneralizedTime after. */
export function time(value: Date): Time {
  return new Time({ type: value.getUTCFullYear() < 2050 ? 0 : 1, value })
}

export function extension(extnID: string, critical: boolean, value: Asn1): Extension {
  return new Extension({ extnID, critical, extnValue: value.toBER() })
}

/** sha256WithRSAEncryption, for which RFC 4055 §5 wants the NULL, or ecdsa-with-SHA384, which has no parameters (RFC 5758 §3.2). */
export function signatureAlgorithm({ asymmetricKeyType }: KeyObject): AlgorithmIdentifier {
  if (asymmetricKeyType === 'ec') {
    return new AlgorithmIdentifier({ algorithmId: '1.2.840.10045.4.3.3' })
  }
  return new AlgorithmIdentifier({
    algorithmId: '1.2.840.113549.1.1.11',
    algorithmParams: new asn1js.Null(),
  })
}

export function toArrayBuffer(bytes: Uint8Array): ArrayBuffer {
  return new Uint8Array(bytes).buffer
}
