import {
  createHash,
  createPrivateKey,
  createPublicKey,
  generateKeyPair,
  type KeyObject,
  sign,
} from 'node:crypto'
import { promisify } from 'node:util'
import * as asn1js from 'asn1js'
import { fromBase64, toBase64 } from '../kernel/bytes.ts'
import { encoded, toArrayBuffer } from './der.ts'

/** Makes a private key. Tests pass one that hands out keys made before: each costs about 200 ms. */
export type KeySource = () => Promise<KeyObject>

const generate = promisify(generateKeyPair)

/** RSA-2048 with e = 65537, as on every card in use. */
export const newRsaKey: KeySource = async () =>
  (await generate('rsa', { modulusLength: 2048, publicExponent: 65537 })).privateKey

/** A key on P-384, as the next card is announced to have. */
export const newEcKey: KeySource = async () =>
  (await generate('ec', { namedCurve: 'secp384r1' })).privateKey

/** The digest that a key signs with, whether a card's or an authority's. */
export function digestFor({ asymmetricKeyType }: KeyObject): 'sha256' | 'sha384' {
  return asymmetricKeyType === 'ec' ? 'sha384' : 'sha256'
}

/** SubjectPublicKeyInfo of a private key's other half. */
export function spkiDer(privateKey: KeyObject): Uint8Array {
  return new Uint8Array(createPublicKey(privateKey).export({ type: 'spki', format: 'der' }))
}

/** Base64 PKCS #8. */
export function exportKey(privateKey: KeyObject): string {
  return toBase64(privateKey.export({ type: 'pkcs8', format: 'der' }))
}

export function importKey(base64: string): KeyObject {
  return createPrivateKey({ key: Buffer.from(fromBase64(base64)), type: 'pkcs8', format: 'der' })
}

/** RFC 5280 §4.2.1.2 method (1): SHA-1 of the key bits without tag, length and unused bits. */
export function keyIdentifier(spki: Uint8Array): Uint8Array {
  const bits = (encoded(spki) as asn1js.Sequence).valueBlock.value[1] as asn1js.BitString
  return new Uint8Array(createHash('sha1').update(bits.valueBlock.valueHexView).digest())
}

/** Signature over `tbs` by the algorithm of the key, as the BIT STRING that X.509, CRL and OCSP end with. */
export function signatureBits(privateKey: KeyObject, tbs: Uint8Array): asn1js.BitString {
  const signature = sign(digestFor(privateKey), tbs, privateKey)
  return new asn1js.BitString({ valueHex: toArrayBuffer(signature) })
}
