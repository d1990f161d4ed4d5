import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { fromHex, utf8 } from '../kernel/bytes.ts'
import { DerReader, inside } from './der.ts'
import {
  namesOneAlgorithm,
  readAlgorithm,
  readDefaultFalse,
  readInteger,
  readNamedBits,
  readOid,
  readSmallInteger,
  readTime,
  toBigInt,
} from './der-values.ts'
import { der, derOid } from './der-writer.ts'
import { MalformedDer } from './errors.ts'

const over = (hex: string): DerReader => new DerReader(fromHex(hex))
const malformed: unknown = expect.objectContaining({ code: 'MALFORMED_DER' })

test.each([
  ['nothing', ''],
  ['a tag alone', '30'],
  ['indefinite length', '30800000'],
  ['a long form where the short one fits', '308101ff'],
  ['a length with a leading zero', '3082007f'],
  ['a length of five octets', '30850000000001ff'],
  ['contents that end early', '300401'],
  ['a high tag number', '1f8101'],
])('refuses %s', (_, hex) => {
  expect(() => over(hex).read()).toThrow(malformed)
})

test('refuses bytes after the last element, and input above the cap', () => {
  const reader = over('050000')
  reader.read()
  expect(() => {
    reader.finish()
  }).toThrow(malformed)
  expect(() => DerReader.over(new Uint8Array(11), 10)).toThrow(malformed)
})

test('refuses a list of more elements than are taken', () => {
  const list = (most: number) =>
    over('3006020101020102')
      .enter(0x30)
      .list(most, (reader) => readSmallInteger(reader))
  expect(list(2)).toEqual([1, 2])
  expect(() => list(1)).toThrow(malformed)
})

test('contents of any length read back', () => {
  for (const length of [0, 1, 127, 128, 255, 256, 65_535, 65_536]) {
    const element = new DerReader(der(4, new Uint8Array(length).fill(7))).read(4)
    expect(element.contents.length).toBe(length)
  }
})

test('two algorithms are one when they are equal byte for byte', () => {
  const one = (inner: string, outer: string) =>
    namesOneAlgorithm({
      innerAlgorithm: readAlgorithm(over(inner)),
      outerAlgorithm: readAlgorithm(over(outer)),
    })
  expect(one('300406022a03', '300406022a03')).toBe(true)
  expect(one('300406022a03', '300406022a04')).toBe(false)
  expect(one('300406022a03', '300606022a030500')).toBe(false)
  expect(one('300606022a030500', '300406022a03')).toBe(false)
})

test('says where reading stopped, and quotes nothing', () => {
  expect(() => over('30030201').enter(0x30)).toThrow(/^byte 0: /)
  expect(() => over('3003020200').enter(0x30).read()).toThrow(/^byte 2: /)
})

test.each(['0101' + '01', '010200ff', '0100', '010100'])(
  '%s is no BOOLEAN that has another default',
  (hex) => {
    expect(() => readDefaultFalse(over(hex))).toThrow(malformed)
  },
)

test.each(['0200', '02020001', '0202ff80', '0241' + '01'.repeat(65)])('%s is no INTEGER', (hex) => {
  expect(() => readInteger(over(hex))).toThrow(malformed)
})

test('integers have their value', () => {
  expect(readSmallInteger(over('0203010000'))).toBe(65536)
  expect(() => readSmallInteger(over('0201ff'))).toThrow(malformed)
  expect(readSmallInteger(over('02071fffffffffffff'))).toBe(Number.MAX_SAFE_INTEGER)
  expect(() => readSmallInteger(over('020720000000000000'))).toThrow(malformed)
  expect(() => readSmallInteger(over('02085fffffffffffffff'))).toThrow(malformed)
  expect(toBigInt(readInteger(over('0201ff')))).toBe(-1n)
  expect(toBigInt(readInteger(over('02020080')))).toBe(128n)
})

test.each(['0300', '03020800', '03020780ff', '030100' + '', '03020100', '03020640', '030101'])(
  '%s is no named bit list with bits, or has none',
  (hex) => {
    const read = (): Set<number> => {
      const reader = over(hex)
      const bits = readNamedBits(reader)
      reader.finish()
      return bits
    }
    if (hex === '030100') expect(read().size).toBe(0)
    else if (hex === '03020640') expect([...read()]).toEqual([1])
    else expect(read).toThrow(malformed)
  },
)

test.each(['0600', '06028001', '060181', '0641' + '2a'.repeat(65)])('%s is no OID', (hex) => {
  expect(() => readOid(over(hex))).toThrow(malformed)
})

test('an OID reads back as it was written', () => {
  const arcs = fc.tuple(
    fc.constantFrom(0, 1, 2),
    fc.nat(39),
    fc.array(fc.nat(2 ** 31 - 1), { maxLength: 8 }),
  )
  fc.assert(
    fc.property(arcs, ([top, second, rest]) => {
      const dotted = [top, second, ...rest].join('.')
      expect(readOid(new DerReader(derOid(dotted)))).toBe(dotted)
    }),
  )
})

describe('times', () => {
  const time = (tag: number, text: string): Date => readTime(new DerReader(der(tag, utf8(text)))).at

  test.each([
    [0x17, '491231235959Z', '2049-12-31T23:59:59.000Z'],
    [0x17, '500101000000Z', '1950-01-01T00:00:00.000Z'],
    [0x18, '20500101000000Z', '2050-01-01T00:00:00.000Z'],
    [0x18, '00010101000000Z', '0001-01-01T00:00:00.000Z'],
    [0x18, '20000229000000Z', '2000-02-29T00:00:00.000Z'],
  ])('%i %s', (tag, text, expected) => {
    expect(time(tag, text).toISOString()).toBe(expected)
  })

  test.each([
    [0x17, '4912312359Z'],
    [0x17, '491231235959+0900'],
    [0x17, '490230000000Z'],
    [0x17, '491231240000Z'],
    [0x18, '20500101000000.5Z'],
    [0x18, '500101000000Z'],
    [0x18, '19000229000000Z'],
    [0x18, '20010229000000Z'],
    [0x18, ''],
  ])('refuses %i %s', (tag, text) => {
    expect(() => time(tag, text)).toThrow(MalformedDer)
  })
})

test('reading any bytes gives elements or a typed error', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 100 }), (bytes) => {
      const walk = (reader: DerReader): void => {
        while (!reader.atEnd) {
          const element = reader.read()
          if (element.tag & 0x20) walk(inside(element))
        }
      }
      try {
        walk(new DerReader(bytes))
      } catch (error) {
        expect(error).toBeInstanceOf(MalformedDer)
      }
    }),
  )
})
