import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { canonicalJson } from './canonical-json.ts'

describe('RFC 8785 canonical JSON', () => {
  test('orders members by UTF-16 code units and writes numbers as ECMAScript does', () => {
    // RFC 8785 §3.2.3: the emoji (a surrogate pair) sorts before U+FB33
    expect(canonicalJson({ '\uFB33': 1, '\u{1F600}': 2, a: 1e21, b: [0.1, -0, true, null] })).toBe(
      '{"a":1e+21,"b":[0.1,0,true,null],"\u{1F600}":2,"\uFB33":1}',
    )
  })
  test('gives one text for one value, in whatever order its members were written', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.integer()), (value) => {
        const reversed = Object.fromEntries(Object.entries(value).reverse())
        expect(canonicalJson(reversed)).toBe(canonicalJson(value))
        expect(JSON.parse(canonicalJson(value))).toEqual(value)
      }),
    )
  })
  test('leaves out what is undefined', () => {
    expect(canonicalJson({ a: undefined, b: 1 })).toBe('{"b":1}')
  })
  test.each([[Number.NaN], [Infinity], ['\ud800'], [1n], [{ a: () => 1 }]])(
    'refuses %s, which JSON cannot say',
    (value) => {
      expect(() => canonicalJson(value)).toThrow(expect.objectContaining({ code: 'INVALID_INPUT' }))
    },
  )
})
