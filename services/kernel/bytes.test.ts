import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import {
  concatBytes,
  constantTimeEqual,
  fromBase64,
  fromBase64Url,
  fromHex,
  lengthPrefixed,
  toBase64,
  toBase64Url,
  toHex,
} from './bytes.ts'

describe('length-prefixed fields', () => {
  test('are the 4-byte big-endian length and the bytes of each part', () => {
    expect(toHex(lengthPrefixed('ab', new Uint8Array(), 'あ'))).toBe(
      '000000026162' + '00000000' + '00000003e38182',
    )
  })
  test('tell apart every two lists of parts, however they are cut', () => {
    const parts = fc.array(fc.string({ maxLength: 6 }), { maxLength: 4 })
    fc.assert(
      fc.property(parts, parts, (a, b) => {
        const same = JSON.stringify(a) === JSON.stringify(b)
        return (toHex(lengthPrefixed(...a)) === toHex(lengthPrefixed(...b))) === same
      }),
    )
  })
})

describe('text forms of bytes', () => {
  test('come back as they were', () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 64 }), (bytes) => {
        expect(fromBase64Url(toBase64Url(bytes))).toEqual(bytes)
        expect(fromBase64(toBase64(bytes))).toEqual(bytes)
        expect(fromHex(toHex(bytes))).toEqual(bytes)
      }),
    )
  })
  test.each(['a', 'a=', 'YQ==', 'YR', 'Y Q', 'あ'])('base64url refuses %j', (text) => {
    expect(() => fromBase64Url(text, 'nonce')).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT', path: 'nonce' }),
    )
  })
  test.each(['YQ', 'YR==', 'YQ==\n', '-_8='])('base64 refuses %j', (text) => {
    expect(() => fromBase64(text)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }))
  })
  test.each(['0', '0g', ' 00'])('hex refuses %j', (text) => {
    expect(() => fromHex(text)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }))
  })
})

test('constant-time equality is equality of content', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 8 }), fc.uint8Array({ maxLength: 8 }), (a, b) => {
      expect(constantTimeEqual(a, b)).toBe(toHex(a) === toHex(b))
      expect(constantTimeEqual(a, concatBytes(a))).toBe(true)
    }),
  )
})
