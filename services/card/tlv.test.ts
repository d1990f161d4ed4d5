import fc from 'fast-check'
import { expect, test } from 'vitest'
import { concatBytes, fromHex, toHex } from '../kernel/bytes.ts'
import { objectLength, readObject, readObjects, writeObject } from './tlv.ts'

test('what is written is read, in the shortest form of its length', () => {
  const tags = fc.constantFrom(0x90, 0x91, 0xff20, 0x7f21, 0x5f4e, 0xdf33)
  fc.assert(
    fc.property(tags, fc.uint8Array({ maxLength: 700 }), (tag, value) => {
      const whole = writeObject(tag, value)
      const object = readObject(concatBytes(whole, fromHex('ffff')))
      expect(object.tag).toBe(tag)
      expect(toHex(object.value)).toBe(toHex(value))
      expect(toHex(object.whole)).toBe(toHex(whole))
      expect(objectLength(whole)).toBe(whole.length)
    }),
  )
})

test.each([
  ['nothing', ''],
  ['a tag alone', '90'],
  ['a long tag alone', 'ff20'],
  ['a tag of three bytes', 'ff8120010000'],
  ['a length of no bytes', '9080'],
  ['a length of three bytes', '908300000100'],
  ['a length that is longer than it must be', '90810100'],
  ['a length of two bytes that fits in one', '908200ff'],
  ['half a length', '908201'],
  ['less than its length', '900401'],
])('refuses %s', (_name, hex) => {
  expect(() => readObject(fromHex(hex))).toThrow(
    expect.objectContaining({ code: 'CARD_PROTOCOL' }) as Error,
  )
})

test.each([
  ['another order', '910100900100'],
  ['one too few', '900100'],
  ['one too many', '900100910100920100'],
  ['bytes after them', '90010091010000'],
])('a list of objects has them all in their order: not %s', (_name, hex) => {
  expect(() => readObjects(fromHex(hex), [0x90, 0x91])).toThrow()
})

test('any bytes are read or refused in a typed way', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
      try {
        expect(readObject(bytes).whole.length).toBeLessThanOrEqual(bytes.length)
      } catch (error) {
        expect(error).toMatchObject({ code: 'CARD_PROTOCOL' })
      }
    }),
  )
})
