import {
  TAG,
  contextConstructed,
  contextPrimitive,
  inside,
  type DerElement,
  type DerReader,
} from './der.ts'
import { checkUtf8, latin1Text, readOid, utf8Text } from './der-values.ts'
import { MalformedDer } from './errors.ts'
import {
  MAX_ATTRIBUTES,
  nameOf,
  readAttribute,
  type DistinguishedName,
  type NameAttribute,
} from './name.ts'

/** GeneralName (RFC 5280 §4.2.1.6); x400Address, ediPartyName and registeredID keep their tag alone. */
export type GeneralName =
  | OtherName
  | { readonly kind: 'directoryName'; readonly name: DistinguishedName }
  | { readonly kind: 'email' | 'dns'; readonly text: string }
  | { readonly kind: 'uri'; readonly uri: string }
  /** An address; in a name constraint an address and its mask. */
  | { readonly kind: 'ip'; readonly octets: Uint8Array }
  | { readonly kind: 'unread'; readonly tag: number }

/** Its text is made when it is asked for; null when its value is not a UTF8String. */
export class OtherName {
  readonly kind = 'otherName'
  readonly type: string
  readonly #value: DerElement

  constructor(type: string, value: DerElement) {
    this.type = type
    this.#value = value
  }

  get text(): string | null {
    return this.utf8 === null ? null : utf8Text(this.#value)
  }

  /** The value as it stands, of well-formed UTF-8; null when it is not a UTF8String. */
  get utf8(): DerElement | null {
    return this.#value.tag === TAG.utf8String ? this.#value : null
  }
}

export const MAX_GENERAL_NAMES = 64
const OTHER_NAME = contextConstructed(0)

export function readGeneralName(reader: DerReader): GeneralName {
  if (reader.nextTag === OTHER_NAME) return readOtherName(reader.enter(OTHER_NAME))
  const element = reader.read()
  switch (element.tag) {
    case contextConstructed(4): {
      const body = inside(element)
      const name = nameOf(body.read(TAG.sequence)) // Name is a CHOICE, so its tag is explicit
      body.finish()
      return { kind: 'directoryName', name }
    }
    case contextPrimitive(6):
      return { kind: 'uri', uri: ia5(element) }
    case contextPrimitive(1):
      return { kind: 'email', text: ia5(element) }
    case contextPrimitive(2):
      return { kind: 'dns', text: ia5(element) }
    case contextPrimitive(7):
      return { kind: 'ip', octets: element.contents }
    case contextConstructed(3):
    case contextConstructed(5):
    case contextPrimitive(8):
      return { kind: 'unread', tag: element.tag }
    default:
      throw new MalformedDer('a GeneralName', element.offset)
  }
}

/** `otherName { type-id, [0] EXPLICIT value }`; the value is read when it is a UTF8String. */
function readOtherName(body: DerReader): GeneralName {
  const type = readOid(body)
  const wrapped = body.enter(contextConstructed(0))
  body.finish()
  const value = wrapped.read()
  wrapped.finish()
  if (value.tag === TAG.utf8String) checkUtf8(value)
  return new OtherName(type, value)
}

function ia5(element: DerElement): string {
  const text = latin1Text(element)
  if (/[^\0-\x7f]/.test(text)) throw new MalformedDer('an IA5String', element.offset)
  return text
}

/** DistributionPointName (RFC 5280 §4.2.1.13). */
export type DistributionPointName =
  | { readonly kind: 'fullName'; readonly names: readonly GeneralName[] }
  /** One RDN below the name of the CRL issuer. */
  | { readonly kind: 'relative'; readonly rdn: readonly NameAttribute[] }

export function readDistributionPointName(reader: DerReader): DistributionPointName {
  const full = reader.optionalEnter(contextConstructed(0))
  if (full !== null)
    return { kind: 'fullName', names: full.list(MAX_GENERAL_NAMES, readGeneralName) }
  const rdn = reader.enter(contextConstructed(1)).list(MAX_ATTRIBUTES, readAttribute)
  return { kind: 'relative', rdn }
}

/** The one directoryName of a distribution point that has exactly that, else null. */
export function soleDirectoryName(point: DistributionPointName | null): DistinguishedName | null {
  if (point?.kind !== 'fullName' || point.names.length !== 1) return null
  const [name] = point.names
  return name?.kind === 'directoryName' ? name.name : null
}
