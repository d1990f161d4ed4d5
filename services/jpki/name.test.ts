import { expect, test } from 'vitest'
import { encode, oid, sequence, set, taggedBytes, text, whole } from '../../test/pki/encode.ts'
import type { Asn1 } from '../../test/pki/encode.ts'
import { DerReader } from './der.ts'
import { readName } from './name.ts'

const named = (type: string, value: Asn1) =>
  readName(new DerReader(encode(sequence(set(sequence(oid(type), value))))))

test.each([
  ['a common name', '2.5.4.3', text('Somebody'), 'Somebody'],
  ['a number under a type of its own', '1.2.3.4', whole(1), null],
])('%s is read', (_, type, value, expected) => {
  expect(named(type, value).rdns[0]?.[0]?.text).toBe(expected)
})

test.each([
  ['a common name that is a number', '2.5.4.3', whole(1)],
  ['a common name under a tag of its own', '2.5.4.3', taggedBytes(7, Uint8Array.of(65))],
  ['an unknown attribute under a tag of its own', '1.2.3.4', taggedBytes(7, Uint8Array.of(65))],
])('%s is malformed', (_, type, value) => {
  expect(() => named(type, value)).toThrow(expect.objectContaining({ code: 'MALFORMED_DER' }))
})
