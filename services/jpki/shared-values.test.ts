import { describe, expect, test } from 'vitest'
import { fromHex } from '../kernel/bytes.ts'
import type { DerReader } from './der.ts'
import { readOid } from './der-values.ts'
import { MalformedDer } from './errors.ts'
import { SharedValues } from './shared-values.ts'

/** Counts how often it was decoded. */
function counting(): {
  readonly decode: (reader: DerReader) => string
  readonly times: () => number
} {
  let times = 0
  return {
    decode: (reader) => {
      times += 1
      return readOid(reader)
    },
    times: () => times,
  }
}

const KEY_USAGE = fromHex('0603551d0f')
const POLICIES = fromHex('0603551d20')

describe('values that certificates share', () => {
  test('are decoded again for other bytes only', () => {
    const { decode, times } = counting()
    const values = new SharedValues(decode)
    expect(values.at(KEY_USAGE, 0, 5)).toBe('2.5.29.15')
    const first = times()
    expect(values.at(fromHex('ff0603551d0fff'), 1, 6)).toBe('2.5.29.15')
    expect(times()).toBe(first)
    expect(values.at(POLICIES, 0, 5)).toBe('2.5.29.32')
    expect(times()).toBeGreaterThan(first)
  })

  test('take the place of each other', () => {
    const values = new SharedValues(readOid, 1)
    for (const encoding of [KEY_USAGE, POLICIES, KEY_USAGE]) {
      expect(values.at(encoding, 0, 5)).toBe(encoding === POLICIES ? '2.5.29.32' : '2.5.29.15')
    }
  })

  test('do not follow bytes that are written over later', () => {
    const values = new SharedValues(readOid)
    const buffer = Buffer.from(KEY_USAGE)
    values.at(buffer, 0, 5)
    buffer[4] = 0x20
    expect(values.at(buffer, 0, 5)).toBe('2.5.29.32')
    expect(values.at(KEY_USAGE, 0, 5)).toBe('2.5.29.15')
  })

  test.each([
    ['what is malformed', '060355', 3],
    ['more than one value', '0603551d0f00', 6],
  ])('are not %s, each time', (_what, hex, end) => {
    const values = new SharedValues(readOid)
    for (let i = 0; i < 2; i++) expect(() => values.at(fromHex(hex), 0, end)).toThrow(MalformedDer)
  })
})
