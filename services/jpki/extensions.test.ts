import * as asn1js from 'asn1js'
import { describe, expect, test } from 'vitest'
import {
  encode,
  oid,
  raw,
  sequence,
  set,
  tagged,
  taggedBytes,
  text,
  type Asn1,
} from '../../test/pki/encode.ts'
import { extension } from '../../test/pki/issue.ts'
import { distributionPoints, general, issue, policies } from '../../test/pki/issue-path.ts'
import { parseCertificate, type Certificate } from './certificate.ts'
import { DerReader } from './der.ts'
import { MalformedDer } from './errors.ts'
import { soleDirectoryName } from './general-name.ts'
import { attributeTexts, readName, sameName, type DistinguishedName } from './name.ts'

function certificateWith(...extensions: readonly Asn1[]): Certificate {
  return parseCertificate(issue('Target', { extensions }).der)
}

const OCSP = '1.3.6.1.5.5.7.48.1'
const CA_ISSUERS = '1.3.6.1.5.5.7.48.2'
const NO_NAME = taggedBytes(1, Uint8Array.of(6, 0x40)) // reasons alone

describe('an extension is malformed', () => {
  test.each<[string, Asn1]>([
    ['policies with one of them twice', policies('1.2.3', '1.2.4', '1.2.3')],
    ['policy constraints that constrain nothing', extension('2.5.29.36', true, sequence())],
    ['name constraints that constrain nothing', extension('2.5.29.30', true, sequence())],
    ['no policies at all', extension('2.5.29.32', true, sequence())],
    ['a point of reasons alone', extension('2.5.29.31', false, sequence(sequence(NO_NAME)))],
    [
      'a name of letters beyond ASCII',
      extension('2.5.29.17', false, sequence(taggedBytes(2, Uint8Array.of(0x61, 0xe9)))),
    ],
    [
      'a name that is none',
      extension('2.5.29.17', false, sequence(taggedBytes(9, Uint8Array.of(1)))),
    ],
    ['something after its value', extension('2.5.29.54', true, raw(Uint8Array.of(2, 1, 0, 5, 0)))],
  ])('with %s', (_, one) => {
    expect(() => certificateWith(one)).toThrow(MalformedDer)
  })

  test('where there are more of them than any certificate needs', () => {
    const unknown = (count: number) =>
      Array.from({ length: count }, (_, n) => extension(`1.2.3.${n}`, false, sequence()))
    expect(certificateWith(...unknown(29)).extensions.length).toBe(32)
    expect(() => certificateWith(...unknown(30))).toThrow(MalformedDer)
  })
})

describe('an extension is read', () => {
  test('with the qualifiers of a policy, which nothing is decided on', () => {
    const qualified = sequence(
      oid('1.2.3'),
      sequence(sequence(oid('1.3.6.1.5.5.7.2.1'), text('x'))),
    )
    const { policies: read } = certificateWith(extension('2.5.29.32', true, sequence(qualified)))
    expect(read).toEqual(['1.2.3'])
  })

  test('with where the newest list is', () => {
    const point = sequence(tagged(0, tagged(0, general.uri('http://crl.test/delta'))))
    const { freshestCrl } = certificateWith(extension('2.5.29.46', false, sequence(point)))
    expect(freshestCrl).toEqual([
      {
        name: { kind: 'fullName', names: [{ kind: 'uri', uri: 'http://crl.test/delta' }] },
        ...{ reasons: null, crlIssuer: null },
      },
    ])
  })

  test('with the addresses of responders, and of nobody else', () => {
    const access = (method: string, location: Asn1) => sequence(oid(method), location)
    const { ocspUris } = certificateWith(
      extension(
        '1.3.6.1.5.5.7.1.1',
        false,
        sequence(
          access(CA_ISSUERS, general.uri('http://ca.test')),
          access(OCSP, general.directory([['CN', 'x']])),
          access(OCSP, general.uri('http://ocsp.test')),
        ),
      ),
    )
    expect(ocspUris).toEqual(['http://ocsp.test'])
  })

  test('with names of a form that we keep unread', () => {
    const unread = [tagged(3, oid('1.2.3')), tagged(5, text('x')), general.registeredId()]
    const { subjectAltName } = certificateWith(extension('2.5.29.17', false, sequence(...unread)))
    expect(subjectAltName.map((name) => name.kind === 'unread' && name.tag)).toEqual([
      0xa3, 0xa5, 0x88,
    ])
  })
})

test('a distribution point has a directory name to itself, or none', () => {
  const soleIn = (...extensions: readonly Asn1[]) =>
    soleDirectoryName(certificateWith(...extensions).crlDistributionPoints[0]?.name ?? null)
  const directory = general.directory([['CN', 'Point']])
  expect(soleIn(distributionPoints({ name: [directory] }))).not.toBeNull()
  expect(soleIn(distributionPoints({ name: [general.uri('http://a.test')] }))).toBeNull()
  expect(soleIn(distributionPoints({ name: [directory, directory] }))).toBeNull()
  expect(soleIn(distributionPoints({ name: { relative: ['CN', 'Point'] } }))).toBeNull()
  expect(soleIn(distributionPoints({ crlIssuer: [['CN', 'x']] }))).toBeNull()
  expect(soleIn()).toBeNull()
})

// RFC 5280 §7.1
describe('a name', () => {
  const nameOf = (...rdns: readonly (readonly Asn1[])[]): DistinguishedName =>
    readName(new DerReader(encode(sequence(...rdns.map((one) => set(...one))))))
  const cn = (value: Asn1): Asn1 => sequence(oid('2.5.4.3'), value)
  const unread = (value: Asn1): Asn1 => sequence(oid('1.2.3'), value)
  const printable = (value: string): Asn1 => new asn1js.PrintableString({ value })

  test.each<[string, Asn1, Asn1, boolean]>([
    ['in another string type', text('Root CA'), printable('Root CA'), true],
    ['in two octets a letter', text('Root CA'), new asn1js.BmpString({ value: 'Root CA' }), true],
    ['with other case and spaces', text('Root CA'), text(' ROOT   ca '), true],
    ['of another text', text('Root CA'), text('Root CB'), false],
    ['of half a letter', raw(Uint8Array.of(0x1e, 1, 0x41)), text('A'), false],
    ['with a NUL where another has two', text('a\0b'), text('a\0B'), false],
  ])('%s is the same or not', (_, a, b, same) => {
    expect(sameName(nameOf([cn(a)]), nameOf([cn(b)]))).toBe(same)
    expect(sameName(nameOf([cn(a)]), nameOf([cn(a)]))).toBe(true)
  })

  test('of bytes that are no text is the same by those bytes alone', () => {
    const [a, b] = [0x41, 0x42].map((octet) => unread(raw(Uint8Array.of(4, 1, octet))))
    if (a === undefined || b === undefined) throw new TypeError('two values')
    expect(sameName(nameOf([a]), nameOf([a]))).toBe(true)
    expect(sameName(nameOf([a]), nameOf([b]))).toBe(false)
    expect(sameName(nameOf([a]), nameOf([unread(text('A'))]))).toBe(false)
  })

  test('of several attributes in a set is the same in any order, and not in pieces', () => {
    const [a, b] = [cn(text('a')), sequence(oid('2.5.4.10'), text('b'))]
    expect(sameName(nameOf([a, b]), nameOf([b, a]))).toBe(true)
    expect(sameName(nameOf([a, b]), nameOf([a], [b]))).toBe(false)
    expect(sameName(nameOf([a, b]), nameOf([a]))).toBe(false)
    expect(sameName(nameOf([a], [b]), nameOf([b], [a]))).toBe(false)
  })

  test('gives the texts of a type, and none of what is no text', () => {
    const octet = raw(Uint8Array.of(4, 1, 0x41))
    const name = nameOf([unread(text('a'))], [unread(octet)], [unread(printable('c'))])
    expect(attributeTexts(name, '1.2.3')).toEqual(['a', 'c'])
  })
})
