import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { InvalidInput } from '../../kernel/errors.ts'
import { parseVector, parseVectors, writeVector } from './vector.ts'

const VALUES = [...'PCMA'].flatMap((component) =>
  [...'0123456789abcdefghijklmnopqrstuvwxyz'].map((value) => `${component}${value}`),
)
const vectors = fc.uniqueArray(fc.constantFrom(...VALUES), { minLength: 1, maxLength: 20 })

describe('a vector of trust', () => {
  test('is read as it is written, in any order', () => {
    fc.assert(
      fc.property(vectors, (values) => {
        expect(new Set(parseVector(values.join('.'), 'vtr'))).toEqual(new Set(values))
        expect(parseVector(writeVector(values), 'vtr')).toHaveLength(values.length)
      }),
    )
  })

  test('is written alike whatever the order of its values', () => {
    fc.assert(
      fc.property(vectors, (values) => {
        expect(writeVector([...values].reverse())).toBe(writeVector(values))
      }),
    )
    expect(writeVector(['Ab', 'Mb', 'Cd', 'P1', 'Cc'])).toBe('P1.Cc.Cd.Mb.Ab')
  })

  test('is either read or refused with the place, whatever the text', () => {
    fc.assert(
      fc.property(fc.oneof(fc.string(), fc.stringMatching(/^[PCMAX0-9a-z.]{1,70}$/)), (text) => {
        try {
          expect(writeVector(parseVector(text, 'vtr[0]')).length).toBe(text.length)
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidInput)
          expect(error).toMatchObject({ path: 'vtr[0]' })
        }
      }),
    )
  })

  test.each([
    ['', 'nothing'],
    ['P1.', 'a period at the end'],
    ['.P1', 'a period at the beginning'],
    ['P1..Cc', 'an empty value'],
    ['P1 Cc', 'another separator'],
    ['p1', 'a small letter as component'],
    ['P', 'a component without value'],
    ['PA', 'a capital letter as value'],
    ['P12', 'two characters of value'],
    ['X1', 'a component that is not registered'],
    ['Ｐ1', 'a letter that looks alike'],
    ['P1\n', 'a line end'],
    ['P1.Cc.P1', 'a value twice'],
    [VALUES.slice(0, 21).join('.'), 'more values than 20'],
    ['P1.'.repeat(100_000), 'a long text'],
  ])('%j is refused: %s', (text) => {
    expect(() => parseVector(text, 'vtr[3]')).toThrow(
      expect.objectContaining({ code: 'INVALID_INPUT', path: 'vtr[3]' }),
    )
  })
})

test('at most ten vectors are taken, each named by its place', () => {
  expect(parseVectors(Array<string>(10).fill('P1'), 'vtr')).toHaveLength(10)
  expect(() => parseVectors(Array<string>(11).fill('P1'), 'vtr')).toThrow(
    expect.objectContaining({ path: 'vtr' }),
  )
  expect(() => parseVectors(['P1', 'P1.P1'], 'vtr')).toThrow(
    expect.objectContaining({ path: 'vtr[1]' }),
  )
})
