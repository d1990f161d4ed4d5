import { constants, createHash, type KeyObject, privateEncrypt, sign } from 'node:crypto'
import { HASHES_ITSELF } from '../card/next-card.ts'
import { concatBytes, fromHex } from '../kernel/bytes.ts'
import { sha256 } from '../kernel/digest.ts'
import type { Random } from '../kernel/random.ts'

const SHA256_DIGEST_INFO = fromHex('3031300d060960864801650304020105000420')
const MODULUS_LENGTH = 256
const HASH_LENGTH = 32

/**
 * PERFORM SECURITY OPERATION: COMPUTE DIGITAL SIGNATURE by its P1, as exercised on cards. `wrong-length` for data that
 * this P1 cannot take, `unknown` for a P1 there is none of.
 */
export function cardSignature(
  p1: number,
  key: KeyObject,
  input: Uint8Array,
  random: Random,
): Uint8Array | 'wrong-length' | 'unknown' {
  if (key.asymmetricKeyType === 'ec') return nextCardSignature(p1, key, input)
  switch (p1) {
    case 0x00: // padded as it is
      return input.length > 245 ? 'wrong-length' : pkcs1(key, input)
    case 0x01: // the card hashes, no DigestInfo
      return pkcs1(key, sha256(input))
    case 0x02: // DigestInfo around the given hash
      return input.length === HASH_LENGTH
        ? pkcs1(key, concatBytes(SHA256_DIGEST_INFO, input))
        : 'wrong-length'
    case 0x03: // sha256WithRSAEncryption
      return pkcs1(key, concatBytes(SHA256_DIGEST_INFO, sha256(input)))
    case 0x04: // PSS over the given hash
      return input.length === HASH_LENGTH
        ? rawRsa(key, pssEncoded(input, random.bytes(HASH_LENGTH)))
        : 'wrong-length'
    case 0x05: // PSS
      return new Uint8Array(
        sign('sha256', input, {
          key,
          padding: constants.RSA_PKCS1_PSS_PADDING,
          saltLength: HASH_LENGTH,
        }),
      )
    default:
      return 'unknown'
  }
}

/** Invented: a next card hashes the message itself, and gives ECDSA in DER. */
function nextCardSignature(p1: number, key: KeyObject, input: Uint8Array): Uint8Array | 'unknown' {
  return p1 === HASHES_ITSELF ? new Uint8Array(sign('sha384', input, key)) : 'unknown'
}

function pkcs1(key: KeyObject, input: Uint8Array): Uint8Array {
  return new Uint8Array(privateEncrypt({ key, padding: constants.RSA_PKCS1_PADDING }, input))
}

function rawRsa(key: KeyObject, block: Uint8Array): Uint8Array {
  return new Uint8Array(privateEncrypt({ key, padding: constants.RSA_NO_PADDING }, block))
}

/** EMSA-PSS-ENCODE of RFC 8017 §9.1.1 from step 5 on, SHA-256, for a 2048-bit modulus (emBits 2047). */
function pssEncoded(hash: Uint8Array, salt: Uint8Array): Uint8Array {
  const h = sha256(new Uint8Array(8), hash, salt)
  const padding = new Uint8Array(MODULUS_LENGTH - salt.length - HASH_LENGTH - 2)
  const block = concatBytes(padding, Uint8Array.of(0x01), salt)
  const mask = mgf1(h, block.length)
  const masked = block.map((byte, index) => byte ^ (mask[index] ?? 0))
  masked[0] = (masked[0] ?? 0) & 0x7f
  return concatBytes(masked, h, Uint8Array.of(0xbc))
}

/** RFC 8017 §B.2.1 with SHA-256. */
function mgf1(seed: Uint8Array, length: number): Uint8Array {
  const blocks = Array.from({ length: Math.ceil(length / HASH_LENGTH) }, (_, counter) => {
    const octets = new Uint8Array(4)
    new DataView(octets.buffer).setUint32(0, counter)
    return new Uint8Array(createHash('sha256').update(seed).update(octets).digest())
  })
  return concatBytes(...blocks).subarray(0, length)
}
