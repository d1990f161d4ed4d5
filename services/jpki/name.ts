import { toHex } from '../kernel/bytes.ts'
import { digestOnce } from '../kernel/digest.ts'
import { TAG, inside, type DerElement, type DerReader } from './der.ts'
import { bmpText, checkUtf8, latin1Text, readOid, utf8Text } from './der-values.ts'
import { ATTRIBUTE_TYPE } from './oids.ts'

/** One AttributeTypeAndValue; its text is made when it is asked for. */
export class NameAttribute {
  readonly type: string
  readonly #value: DerElement
  /** Where the whole of it begins; its value is the last of it. */
  readonly #start: number
  #folded: string | undefined

  constructor(type: string, value: DerElement, start: number) {
    this.type = type
    this.#value = value
    this.#start = start
  }

  /** Null for a string type that we do not read. */
  get text(): string | null {
    switch (this.#value.tag) {
      case TAG.utf8String:
        return utf8Text(this.#value)
      case TAG.printableString:
      case TAG.ia5String:
      case TAG.teletexString:
        return latin1Text(this.#value)
      case TAG.bmpString:
        return bmpText(this.#value)
      default:
        return null
    }
  }

  get encoding(): Uint8Array {
    return this.#value.bytes.subarray(this.#start, this.#value.end)
  }

  /** What two attributes have in common when they mean the same: type, and text after folding case and white space. */
  get folded(): string {
    return (this.#folded ??= fold(this))
  }
}

function fold({ type, text, encoding }: NameAttribute): string {
  // NUL separates the attributes of a set, so a text that has one stands as it is encoded.
  if (text === null || text.includes('\0')) return `${type}#${toHex(encoding)}`
  return `${type}=${text.normalize('NFKC').trim().replace(/\s+/gu, ' ').toLowerCase()}`
}

/** A distinguished name: RDNs in order, each a set of attributes, and the DER it was read from. */
export class DistinguishedName {
  readonly rdns: readonly (readonly NameAttribute[])[]
  readonly #element: DerElement
  #encoding: Uint8Array | undefined
  #digests: Map<string, Uint8Array> | undefined
  #folded: readonly string[] | undefined

  constructor(rdns: readonly (readonly NameAttribute[])[], element: DerElement) {
    this.rdns = rdns
    this.#element = element
  }

  get encoding(): Uint8Array {
    return (this.#encoding ??= this.#element.encoding)
  }

  /** Whether both stand in the same octets. */
  isWrittenAs(other: DistinguishedName): boolean {
    return this.#element.compareTo(other.#element) === 0
  }

  /** Digest of the encoding, by which OCSP names an issuer (RFC 6960 §4.1.1). */
  digest(algorithm: string): Uint8Array {
    this.#digests ??= new Map()
    return digestOnce(this.#digests, algorithm, this.encoding)
  }

  /** One text per RDN, equal for RDNs that mean the same (RFC 5280 §7.1). */
  get folded(): readonly string[] {
    return (this.#folded ??= this.rdns.map(foldRdn))
  }
}

/** Attributes of a set in one order, so that sets that are equal have one text. */
export function foldRdn(rdn: readonly NameAttribute[]): string {
  return rdn
    .map(({ folded }) => folded)
    .sort()
    .join('\0')
}

const MAX_RDNS = 32
export const MAX_ATTRIBUTES = 8

const STRINGS: ReadonlySet<number> = new Set([
  TAG.utf8String,
  TAG.printableString,
  TAG.teletexString,
  TAG.ia5String,
  TAG.bmpString,
])

/** Attributes whose values are strings (RFC 5280 §4.1.2.4, appendix A.1). */
const OF_STRINGS: ReadonlySet<string> = new Set(Object.values(ATTRIBUTE_TYPE))

/** Whether a tag is not one of ASN.1 itself (X.690 §8.1.2.2): nothing tells what is behind it. */
function isOwnTag(tag: number): boolean {
  return (tag & 0xc0) !== 0
}

export function readName(reader: DerReader): DistinguishedName {
  return nameOf(reader.read(TAG.sequence))
}

export function nameOf(element: DerElement): DistinguishedName {
  const body = inside(element)
  return new DistinguishedName(body.atEnd ? [] : body.list(MAX_RDNS, readRdn), element)
}

function readRdn(reader: DerReader): NameAttribute[] {
  return reader.enter(TAG.set).list(MAX_ATTRIBUTES, readAttribute)
}

export function readAttribute(reader: DerReader): NameAttribute {
  const start = reader.position
  const body = reader.enter(TAG.sequence)
  const type = readOid(body)
  const value = body.read()
  body.finish()
  if (!STRINGS.has(value.tag) && (isOwnTag(value.tag) || OF_STRINGS.has(type))) {
    body.fail('an attribute with a value of its type')
  }
  if (value.tag === TAG.utf8String) checkUtf8(value)
  return new NameAttribute(type, value, start)
}

/** RFC 5280 §7.1: equal bytes, or equal text after folding case and white space, RDN by RDN in order. */
export function sameName(a: DistinguishedName, b: DistinguishedName): boolean {
  if (a === b || a.isWrittenAs(b)) return true
  return a.rdns.length === b.rdns.length && isWithin(a, b)
}

/** Whether the name begins with all the RDNs of `subtree` (RFC 5280 §4.2.1.10). */
export function isWithin(name: DistinguishedName, subtree: DistinguishedName): boolean {
  return (
    subtree.rdns.length <= name.rdns.length &&
    subtree.rdns.every((rdn, i) => hasTypesOf(rdn, name.rdns[i] ?? [])) &&
    subtree.folded.every((rdn, i) => rdn === name.folded[i])
  )
}

/** Whether two RDNs may be equal by the types of their attributes; spares most names the folding of their texts. */
function hasTypesOf(a: readonly NameAttribute[], b: readonly NameAttribute[]): boolean {
  return a.length === b.length && (a.length > 1 || a[0]?.type === b[0]?.type)
}

/** Texts of every attribute of `type`, in order. */
export function attributeTexts(name: DistinguishedName, type: string): string[] {
  const texts: string[] = []
  for (const rdn of name.rdns) {
    for (const attribute of rdn) {
      const text = attribute.type === type ? attribute.text : null
      if (text !== null) texts.push(text)
    }
  }
  return texts
}
