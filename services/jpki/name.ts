import { TAG, inside, type DerElement, type DerReader } from './der.ts'
import { decodeUtf8, oidText } from './der-values.ts'

/** One AttributeTypeAndValue; `text` is null for a string type that we do not read. */
export interface NameAttribute {
  readonly type: string
  readonly text: string | null
  readonly encoding: Uint8Array
}

/** A distinguished name: RDNs in order, each a set of attributes, and the DER it was read from. */
export interface DistinguishedName {
  readonly rdns: readonly (readonly NameAttribute[])[]
  readonly encoding: Uint8Array
}

const MAX_RDNS = 32
const MAX_ATTRIBUTES = 8

export function readName(reader: DerReader): DistinguishedName {
  return nameOf(reader.read(TAG.sequence))
}

export function nameOf(element: DerElement): DistinguishedName {
  const body = inside(element)
  const rdns = body.atEnd ? [] : body.list(MAX_RDNS, readRdn)
  return { rdns, encoding: element.encoding }
}

/** RelativeDistinguishedName where it stands alone, behind an IMPLICIT tag or not. */
export function readRdn(reader: DerReader): NameAttribute[] {
  return reader.enter(TAG.set).list(MAX_ATTRIBUTES, readAttribute)
}

function readAttribute(reader: DerReader): NameAttribute {
  const element = reader.read(TAG.sequence)
  const body = inside(element)
  const type = oidText(body.read(TAG.oid))
  const value = body.read()
  body.finish()
  return { type, text: textOf(value), encoding: element.encoding }
}

function textOf(value: DerElement): string | null {
  switch (value.tag) {
    case TAG.utf8String:
      return decodeUtf8(value)
    case TAG.printableString:
    case TAG.ia5String:
      return Buffer.from(value.contents).toString('latin1')
    default:
      return null
  }
}

/** RFC 5280 §7.1: equal bytes, or equal text after folding case and white space, RDN by RDN in order. */
export function sameName(a: DistinguishedName, b: DistinguishedName): boolean {
  if (Buffer.compare(a.encoding, b.encoding) === 0) return true
  if (a.rdns.length !== b.rdns.length) return false
  return a.rdns.every((rdn, i) => sameRdn(rdn, b.rdns[i] ?? []))
}

function sameRdn(a: readonly NameAttribute[], b: readonly NameAttribute[]): boolean {
  if (a.length !== b.length) return false
  const folded = b.map(foldAttribute)
  return a.every((attribute) => folded.includes(foldAttribute(attribute)))
}

function foldAttribute({ type, text, encoding }: NameAttribute): string {
  if (text === null) return `${type}#${Buffer.from(encoding).toString('hex')}`
  return `${type}=${text.normalize('NFKC').trim().replace(/\s+/gu, ' ').toLowerCase()}`
}

/** Texts of every attribute of `type`, in order. */
export function attributeTexts(name: DistinguishedName, type: string): string[] {
  return name.rdns
    .flat()
    .filter((attribute) => attribute.type === type && attribute.text !== null)
    .map((attribute) => attribute.text ?? '')
}
