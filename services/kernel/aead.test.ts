import { describe, expect, test } from 'vitest'
import { decryptBytes, DoesNotOpen, encryptBytes } from './aead.ts'
import { utf8 } from './bytes.ts'

const key = new Uint8Array(32).fill(1)
const otherKey = new Uint8Array(32).fill(2)
const iv = new Uint8Array(12).fill(7)
const context = utf8('where it belongs')
const plaintext = utf8('a value')
const sealed = encryptBytes(key, plaintext, context, { bytes: () => iv })

function changedAt(index: number): Uint8Array {
  const copy = Uint8Array.from(sealed)
  copy[index] = (copy[index] ?? 0) ^ 1
  return copy
}

describe('sealed bytes', () => {
  test('are IV, ciphertext and tag, and open', () => {
    expect(sealed.subarray(0, 12)).toEqual(iv)
    expect(sealed).toHaveLength(12 + plaintext.length + 16)
    expect(decryptBytes(key, sealed, context)).toEqual(plaintext)
  })
  test.each([
    ['under another key', otherKey, sealed, context],
    ['in another context', key, sealed, utf8('elsewhere')],
    ['with another IV', key, changedAt(0), context],
    ['with another ciphertext', key, changedAt(12), context],
    ['with another tag', key, changedAt(sealed.length - 1), context],
    ['cut short', key, sealed.subarray(0, sealed.length - 1), context],
    ['shorter than IV and tag', key, sealed.subarray(0, 27), context],
  ])('do not open %s', (_title, withKey, bytes, place) => {
    expect(() => decryptBytes(withKey, bytes, place)).toThrow(DoesNotOpen)
  })
})
