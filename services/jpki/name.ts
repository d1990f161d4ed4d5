import { TAG, inside, type DerElement, type DerReader } from './der.ts'
import { checkUtf8, latin1Text, oidText, utf8Text } from './der-values.ts'

/** One AttributeTypeAndValue; its text is made when it is asked for. */
export class NameAttribute {
  readonly type: string
  readonly #whole: DerElement
  readonly #value: DerElement

  constructor(type: string, whole: DerElement, value: DerElement) {
    this.type = type
    this.#whole = whole
    this.#value = value
  }

  /** Null for a string type that we do not read. */
  get text(): string | null {
    switch (this.#value.tag) {
      case TAG.utf8String:
        return utf8Text(this.#value)
      case TAG.printableString:
      case TAG.ia5String:
        return latin1Text(this.#value)
      default:
        return null
    }
  }

  get encoding(): Uint8Array {
    return this.#whole.encoding
  }
}

/** A distinguished name: RDNs in order, each a set of attributes, and the DER it was read from. */
export class DistinguishedName {
  readonly rdns: readonly (readonly NameAttribute[])[]
  readonly #element: DerElement

  constructor(rdns: readonly (readonly NameAttribute[])[], element: DerElement) {
    this.rdns = rdns
    this.#element = element
  }

  get encoding(): Uint8Array {
    return this.#element.encoding
  }
}

const MAX_RDNS = 32
const MAX_ATTRIBUTES = 8

export function readName(reader: DerReader): DistinguishedName {
  return nameOf(reader.read(TAG.sequence))
}

export function nameOf(element: DerElement): DistinguishedName {
  const body = inside(element)
  return new DistinguishedName(body.atEnd ? [] : body.list(MAX_RDNS, readRdn), element)
}

/** RelativeDistinguishedName where it stands alone, behind an IMPLICIT tag or not. */
export function readRdn(reader: DerReader): NameAttribute[] {
  return reader.enter(TAG.set).list(MAX_ATTRIBUTES, readAttribute)
}

function readAttribute(reader: DerReader): NameAttribute {
  const whole = reader.read(TAG.sequence)
  const body = inside(whole)
  const type = oidText(body.read(TAG.oid))
  const value = body.read()
  body.finish()
  if (value.tag === TAG.utf8String) checkUtf8(value)
  return new NameAttribute(type, whole, value)
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
