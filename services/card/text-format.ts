import { createPublicKey, type KeyObject } from 'node:crypto'
import { concatBytes, fromHex, toBase64Url, toHex } from '../kernel/bytes.ts'
import { CardError } from './card-error.ts'
import { readObject, readObjects, writeObject } from './tlv.ts'

/** 基本4情報 as EF 0002 has them. */
export interface TextAttributes {
  /** 氏名, family and given name with U+3000 between. */
  readonly name: string
  /** 住所 */
  readonly address: string
  /** 生年月日, `YYYYMMDD`. */
  readonly birthDate: string
  /** 性別: `1` male, `2` female, `9` not applicable. */
  readonly sex: string
}

/** EF 0002, with the bytes that EF 0003 vouches for: everything after the table of offsets. */
export interface AttributesFile {
  readonly attributes: TextAttributes
  readonly covered: Uint8Array
}

/** A statement of the issuer, with the bytes that its signature covers. */
export interface Signed {
  readonly covered: Uint8Array
  readonly signature: Uint8Array
}

/** EF 0003. The digest of EF 0001 is part of what was signed and cannot be compared: that file is never read. */
export interface IntegrityFile extends Signed {
  readonly attributesDigest: Uint8Array
}

/** EF 0004, the card-verifiable certificate of who signs EF 0003 and EF 0007. */
export interface CardVerifiableCertificate extends Signed {
  /** 証明者鍵ID and 被証明者鍵ID, 16 bytes in hexadecimal. */
  readonly issuerKeyId: string
  readonly subjectKeyId: string
  readonly publicKey: KeyObject
}

/** EF 0007: the key with which the application signs challenges. */
export interface SignedKeyFile extends Signed {
  readonly publicKey: KeyObject
}

const EXPONENT = fromHex('010001')
const MODULUS_LENGTH = 256
const SIGNATURE_LENGTH = 256
const KEY_ID_LENGTH = 16
const DIGEST_LENGTH = 32
const CERTIFIED_LENGTH = 297

export function readAttributesFile(file: Uint8Array): AttributesFile {
  const content = objectOf(file, 0xff20)
  const objects = readObjects(content, [0xdf21, 0xdf22, 0xdf23, 0xdf24, 0xdf25])
  const [offsets, ...fields] = objects
  checkOffsets(offsets.value, file.length - content.length, objects)
  const [name, address, birthDate, sex] = fields.map(({ value }) => text(value))
  if (!name || !address || !/^\d{8}$/.test(birthDate ?? '') || !/^[129]$/.test(sex ?? '')) {
    throw malformed()
  }
  return {
    attributes: { name, address, birthDate: birthDate ?? '', sex: sex ?? '' },
    covered: content.subarray(offsets.whole.length),
  }
}

export function writeAttributesFile({ name, address, birthDate, sex }: TextAttributes): Uint8Array {
  const encoder = new TextEncoder()
  const fields = [name, address, birthDate, sex].map((value, index) =>
    writeObject(0xdf22 + index, encoder.encode(value)),
  )
  const content = concatBytes(...fields)
  // The offsets count from the start of the file; the outer header is as long as the whole makes it.
  const table = (start: number) => writeObject(0xdf21, uint16s(startsOf(fields, start)))
  const whole = (start: number) => writeObject(0xff20, table(start), content)
  return whole(whole(0).length - content.length)
}

export function readIntegrityFile(file: Uint8Array): IntegrityFile {
  const content = objectOf(file, 0xff30)
  const [number, attributes, signature] = readObjects(content, [0xdf31, 0xdf32, 0xdf33])
  if (number.value.length !== DIGEST_LENGTH || attributes.value.length !== DIGEST_LENGTH) {
    throw malformed()
  }
  return {
    attributesDigest: attributes.value,
    covered: concatBytes(number.whole, attributes.whole),
    signature: sized(signature.value, SIGNATURE_LENGTH),
  }
}

export function readCardVerifiableCertificate(file: Uint8Array): CardVerifiableCertificate {
  const [body, signature] = readObjects(objectOf(file, 0x7f21), [0x5f4e, 0x5f37])
  const covered = sized(body.value, CERTIFIED_LENGTH)
  return {
    issuerKeyId: toHex(covered.subarray(0, KEY_ID_LENGTH)),
    subjectKeyId: toHex(covered.subarray(KEY_ID_LENGTH, 2 * KEY_ID_LENGTH)),
    publicKey: readPublicKey(covered.subarray(2 * KEY_ID_LENGTH)),
    covered,
    signature: sized(signature.value, SIGNATURE_LENGTH),
  }
}

export function readSignedKeyFile(file: Uint8Array): SignedKeyFile {
  const [key, signature] = readObjects(objectOf(file, 0xff50), [0xdf51, 0xdf52])
  return {
    publicKey: readPublicKey(key.value),
    covered: key.whole,
    signature: sized(signature.value, SIGNATURE_LENGTH),
  }
}

/** RSA-2048 with e = 65537 from its modulus. */
export function rsaPublicKey(modulus: Uint8Array): KeyObject {
  if (modulus.length !== MODULUS_LENGTH || (modulus[0] ?? 0) < 0x80) throw malformed()
  const key = { kty: 'RSA', n: toBase64Url(modulus), e: toBase64Url(EXPONENT) }
  return createPublicKey({ key, format: 'jwk' })
}

/** `90 <exponent> 91 <modulus>` */
export function writePublicKey(modulus: Uint8Array): Uint8Array {
  return concatBytes(writeObject(0x90, EXPONENT), writeObject(0x91, modulus))
}

function readPublicKey(bytes: Uint8Array): KeyObject {
  const [exponent, modulus] = readObjects(bytes, [0x90, 0x91])
  if (toHex(exponent.value) !== toHex(EXPONENT)) throw malformed()
  return rsaPublicKey(modulus.value)
}

function objectOf(file: Uint8Array, tag: number): Uint8Array {
  const object = readObject(file)
  if (object.tag !== tag || object.whole.length !== file.length) throw malformed()
  return object.value
}

/** The table is not covered by the signature, so it is compared, never followed. */
function checkOffsets(
  table: Uint8Array,
  contentStart: number,
  [offsets, ...fields]: readonly { readonly whole: Uint8Array }[],
): void {
  const start = contentStart + (offsets?.whole.length ?? 0)
  const expected = startsOf(
    fields.map(({ whole }) => whole),
    start,
  )
  if (toHex(table) !== toHex(uint16s(expected))) throw malformed()
}

function startsOf(fields: readonly Uint8Array[], start: number): number[] {
  let at = start
  return fields.map(({ length }) => (at += length) - length)
}

function uint16s(values: readonly number[]): Uint8Array {
  return Uint8Array.from(values.flatMap((value) => [value >> 8, value & 0xff]))
}

function sized(bytes: Uint8Array, length: number): Uint8Array {
  if (bytes.length !== length) throw malformed()
  return bytes
}

function text(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true }).decode(bytes)
  } catch (cause) {
    throw new CardError('CARD_PROTOCOL', 'expected text in UTF-8', { cause })
  }
}

function malformed(): CardError {
  return new CardError('CARD_PROTOCOL', 'expected a file of the documented form')
}
