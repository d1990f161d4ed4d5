import { describe, expect, test } from 'vitest'
import { oid, sequence, set, tagged, text, type Asn1 } from '../../../test/pki/encode.ts'
import { extension } from '../../../test/pki/issue.ts'
import {
  general,
  issue,
  nameConstraints,
  subjectAltNames,
  type NameParts,
} from '../../../test/pki/issue-path.ts'
import { testKey } from '../../../test/pki/keys.ts'
import { outcomeOf, pathRequest } from '../../../test/pki/path-request.ts'
import { parseCertificate } from '../certificate.ts'
import { Budget, BudgetExhausted } from './budget.ts'
import { NameSpace } from './name-constraints.ts'

const OUTSIDE = 'path-constraints CHAIN_CONSTRAINTS_FAILURE'
const { dns, directory, email, ip, other, registeredId, uri } = general

interface Constraints {
  readonly permitted?: readonly Asn1[]
  readonly excluded?: readonly Asn1[]
}
const root = issue('Root', { authority: true })

/** Whether a target with these names is inside the constraints of each authority above it; all of those have one name. */
function isInside(
  constraints: readonly Constraints[],
  subject: string | NameParts,
  names: readonly Asn1[] = [],
): boolean {
  const authorities = constraints.reduce(
    (above, one, i) => [
      ...above,
      issue(SUBJECT, {
        issuer: above.at(-1) ?? root,
        authority: true,
        key: testKey(`p256:authority ${i}`),
        extensions: [nameConstraints(one)],
      }),
    ],
    [root].slice(1),
  )
  const target = issue(subject, {
    issuer: authorities.at(-1) ?? root,
    extensions: names.length === 0 ? [] : [subjectAltNames(...names)],
  })
  const outcome = outcomeOf(pathRequest(target, [root], authorities))
  expect(['PASSED', OUTSIDE]).toContain(outcome)
  return outcome === 'PASSED'
}

const SUBJECT: NameParts = [
  ['C', 'JP'],
  ['O', 'One'],
]
const under = (...more: NameParts): NameParts => [...SUBJECT, ...more]

// As in PKITS 4.13.1 to 4.13.20.
describe('directory names', () => {
  const one = directory(SUBJECT)
  const unit = directory(under(['OU', 'Unit']))

  test.each<[string, Constraints, NameParts, boolean]>([
    ['within what is permitted', { permitted: [one] }, under(['CN', 'T']), true],
    ['the same as what is permitted', { permitted: [one] }, SUBJECT, true],
    [
      'outside what is permitted',
      { permitted: [one] },
      [
        ['C', 'JP'],
        ['O', 'Two'],
      ],
      false,
    ],
    ['above what is permitted', { permitted: [unit] }, SUBJECT, false],
    ['beside what is permitted', { permitted: [unit] }, under(['OU', 'Other']), false],
    [
      'in one of two that are permitted',
      { permitted: [directory([['C', 'FR']]), one] },
      under(['CN', 'T']),
      true,
    ],
    ['excluded', { excluded: [one] }, under(['CN', 'T']), false],
    ['outside what is excluded', { excluded: [unit] }, under(['CN', 'T']), true],
    [
      'permitted and excluded',
      { permitted: [one], excluded: [unit] },
      under(['OU', 'Unit'], ['CN', 'T']),
      false,
    ],
    [
      'in other letters',
      {
        permitted: [
          directory([
            ['C', 'jp'],
            ['O', ' ONE '],
          ]),
        ],
      },
      under(['CN', 'T']),
      true,
    ],
  ])('a subject %s', (_, constraints, subject, inside) => {
    expect(isInside([constraints], subject)).toBe(inside)
  })

  test('an alternative name is held against them as well', () => {
    expect(isInside([{ permitted: [one] }], under(['CN', 'T']), [unit])).toBe(true)
    expect(isInside([{ permitted: [one] }], under(['CN', 'T']), [directory([['C', 'FR']])])).toBe(
      false,
    )
    expect(isInside([{ excluded: [unit] }], under(['CN', 'T']), [unit])).toBe(false)
  })

  test('each authority narrows', () => {
    const deep = under(['OU', 'Unit'], ['CN', 'T'])
    const japan = { permitted: [directory([['C', 'JP']])] }
    expect(isInside([japan, { permitted: [unit] }], deep)).toBe(true)
    expect(isInside([japan, { permitted: [unit] }], under(['CN', 'T']))).toBe(false)
    expect(isInside([{ permitted: [unit] }, japan], under(['CN', 'T']))).toBe(false)
    expect(isInside([japan, { excluded: [unit] }], deep)).toBe(false)
    expect(isInside([{ excluded: [unit] }, japan], deep)).toBe(false)
    expect(isInside([{ excluded: [unit] }, japan], under(['CN', 'T']))).toBe(true)
  })

  test('a target without a subject is outside of none of them', () => {
    const authority = issue('A', {
      issuer: root,
      authority: true,
      extensions: [nameConstraints({ permitted: [one] })],
    })
    const outcomeFor = (name: Asn1) => {
      const names = extension('2.5.29.17', true, sequence(name))
      const options = { issuer: authority, key: testKey('p256:nameless'), extensions: [names] }
      return outcomeOf(pathRequest(issue([], options), [root], [authority]))
    }
    expect(outcomeFor(dns('a.test'))).toBe('PASSED')
    expect(outcomeFor(directory([['C', 'FR']]))).toBe(OUTSIDE)
  })

  test('a text that would forge a second attribute is one attribute', () => {
    const both = sequence(
      set(sequence(oid('2.5.4.11'), text('b')), sequence(oid('2.5.4.3'), text('a'))),
    )
    const permitted = [tagged(4, both)]
    expect(isInside([{ permitted }], [['OU', 'b\x002.5.4.3=a']])).toBe(false)
  })

  test('a self-issued authority need not be inside, a self-issued target has to', () => {
    const constraints = nameConstraints({ permitted: [directory([['C', 'FR']])] })
    const first = issue('A', { issuer: root, authority: true, extensions: [constraints] })
    const again = issue('A', { issuer: first, authority: true, key: testKey('p256:A again') })
    const french = issue([['C', 'FR']], { issuer: again })
    expect(outcomeOf(pathRequest(french, [root], [first, again]))).toBe('PASSED')
    expect(outcomeOf(pathRequest(again, [root], [first]))).toBe(OUTSIDE)
  })

  test('the constraints of the anchor hold', () => {
    const anchor = issue('Root', {
      authority: true,
      extensions: [nameConstraints({ permitted: [one] })],
    })
    expect(outcomeOf(pathRequest(issue(under(['CN', 'T']), { issuer: anchor }), [anchor]))).toBe(
      'PASSED',
    )
    expect(outcomeOf(pathRequest(issue('T', { issuer: anchor }), [anchor]))).toBe(OUTSIDE)
  })

  test('constraints that are not critical are refused, and those on nobody’s names pass', () => {
    const loose = nameConstraints({ permitted: [one] }, false)
    const authority = issue('A', { issuer: root, authority: true, extensions: [loose] })
    const target = issue(under(['CN', 'T']), { issuer: authority })
    expect(outcomeOf(pathRequest(target, [root], [authority]))).toBe(OUTSIDE)
    expect(isInside([{ permitted: [dns('a.test')] }], 'T')).toBe(true)
  })
})

type Row = readonly [constraint: string, name: string, permitted: boolean, notExcluded: boolean]

/** Both ways: a name that cannot be compared is neither permitted nor free of what is excluded. */
function bothWays(form: (text: string) => Asn1, rows: readonly Row[]): void {
  test.each(rows)('constraint `%s` and name `%s`: permitted %s, not excluded %s', (...row) => {
    const [constraint, name, permitted, notExcluded] = row
    expect(isInside([{ permitted: [form(constraint)] }], 'T', [form(name)])).toBe(permitted)
    expect(isInside([{ excluded: [form(constraint)] }], 'T', [form(name)])).toBe(notExcluded)
  })
}

// As in PKITS 4.13.30 to 4.13.33 and 4.13.38.
describe('DNS names', () => {
  bothWays(dns, [
    ['example.test', 'example.test', true, false],
    ['example.test', 'www.example.test', true, false],
    ['example.test', 'WWW.Example.TEST', true, false],
    ['example.test', 'myexample.test', false, true],
    ['example.test', 'test', false, true],
    ['.example.test', 'www.example.test', true, false],
    ['.example.test', 'example.test', false, true],
    ['', 'www.example.test', true, false],
    ['example.test', '*.example.test', true, false],
    ['www.example.test', '*.example.test', false, false],
    ['www.example.test', '*.other.test', false, true],
    ['example.test', 'www.example.test.', false, false],
    ['example.test', 'www..example.test', false, false],
    ['example.test', 'w w.example.test', false, false],
    ['exa mple.test', 'example.test', false, false],
  ])
})

// As in PKITS 4.13.21 to 4.13.29.
describe('mail addresses', () => {
  bothWays(email, [
    ['example.test', 'a@example.test', true, false],
    ['example.test', 'a@EXAMPLE.test', true, false],
    ['example.test', 'a@mail.example.test', false, true],
    ['.example.test', 'a@mail.example.test', true, false],
    ['.example.test', 'a@example.test', false, true],
    ['a@example.test', 'a@example.test', true, false],
    ['a@example.test', 'A@example.test', false, true],
    ['a@example.test', 'b@example.test', false, true],
    ['a@example.test', 'a@other.test', false, true],
    ['example.test', '"x@other.test"@example.test', true, false],
    ['example.test', 'example.test', false, false],
    ['example.test', 'a@example.test.', false, false],
    ['', 'a@example.test', false, false],
  ])

  test('the address in a subject is held against them', () => {
    const subject = (address: string): NameParts => [['1.2.840.113549.1.9.1', address]]
    const permitted = [email('example.test')]
    expect(isInside([{ permitted }], subject('a@example.test'))).toBe(true)
    expect(isInside([{ permitted }], subject('a@other.test'))).toBe(false)
  })

  test('another form is not held against them', () => {
    expect(isInside([{ permitted: [email('example.test')] }], 'T', [dns('other.test')])).toBe(true)
  })
})

// As in PKITS 4.13.34 to 4.13.37.
describe('URIs', () => {
  bothWays(uri, [
    ['example.test', 'https://example.test/a', true, false],
    ['example.test', 'https://user:pw@example.test:8443/?q#f', true, false],
    ['example.test', 'https://www.example.test/', false, true],
    ['.example.test', 'https://www.example.test/', true, false],
    ['.example.test', 'https://example.test/', false, true],
    ['example.test', 'https://other.test/@example.test', false, true],
    ['example.test', 'https://other.test?@example.test', false, true],
    ['example.test', 'urn:example:test', false, false],
    ['example.test', 'urn:https://example.test/', false, false],
    ['example.test', 'https://ex:ample.test/', false, false],
    ['3.example.host4', 'https://3.example.host4/', true, false],
    ['example.test', 'https:///a', false, false],
    ['example.test', 'https://192.0.2.1/', false, false],
    ['example.test', 'https://[2001:db8::1]/', false, false],
    ['example.test', 'https://ex%61mple.test/', false, false],
    ['example.test', 'https://example.test./', false, false],
  ])
})

describe('IP addresses', () => {
  const net = ip(192, 0, 2, 0, 255, 255, 255, 0)
  const six = (last: number): number[] => [0x20, 1, 0xd, 0xb8, ...Array<number>(11).fill(0), last]
  const netSix = ip(...six(0), ...Array<number>(8).fill(255), ...Array<number>(8).fill(0))

  test.each<[string, Asn1, Asn1, boolean, boolean]>([
    ['an address in the network', net, ip(192, 0, 2, 7), true, false],
    ['an address outside of it', net, ip(192, 0, 3, 7), false, true],
    ['an IPv6 address in the network', netSix, ip(...six(9)), true, false],
    ['an IPv6 address against an IPv4 network', net, ip(...six(9)), false, true],
    [
      'an IPv6 address that begins like those of an IPv4 network',
      net,
      ip(192, 0, 2, 7, ...Array<number>(12).fill(0)),
      false,
      true,
    ],
    ['a mask with a hole', ip(192, 0, 2, 0, 255, 0, 255, 0), ip(192, 0, 2, 7), false, false],
    ['an address of five octets', net, ip(192, 0, 2, 7, 1), false, false],
    [
      'a network of nine octets',
      ip(192, 0, 2, 0, 255, 255, 255, 0, 0),
      ip(192, 0, 2, 7),
      false,
      false,
    ],
  ])('%s', (_, constraint, address, permitted, notExcluded) => {
    expect(isInside([{ permitted: [constraint] }], 'T', [address])).toBe(permitted)
    expect(isInside([{ excluded: [constraint] }], 'T', [address])).toBe(notExcluded)
  })
})

describe('forms that cannot be compared', () => {
  const ediParty = tagged(5, tagged(1, text('x')))

  test.each([
    ['other names', other('1.2.3')],
    ['registered ids', registeredId()],
  ])('a constraint on %s refuses every name of the form, and no other', (_, form) => {
    for (const constraints of [{ permitted: [form] }, { excluded: [form] }]) {
      expect(isInside([constraints], 'T', [form])).toBe(false)
      expect(isInside([constraints], 'T', [dns('a.test')])).toBe(true)
      expect(isInside([constraints], 'T', [ediParty])).toBe(true)
    }
  })
})

test('a comparison is charged by the length of the name', () => {
  const named = (text: string) =>
    parseCertificate(issue('T', { extensions: [subjectAltNames(dns(text))] }).der)
  const label = `${'a'.repeat(61)}.`
  const excluded = [1, 2, 3, 4].map((i) => ({ kind: 'dns', text: `${i}.test` }) as const)
  const ask = (comparisons: number, text: string) => () => {
    const budget = new Budget({ signatures: 0, steps: 0, comparisons, policies: 0 })
    const space = new NameSpace(budget)
    space.narrow({ permitted: [], excluded })
    return space.holds(named(text))
  }
  const long = `${label}${label}test` // 128 characters
  expect(long).toHaveLength(128)
  expect(ask(12, long)()).toBe(true)
  expect(ask(11.9, long)).toThrow(BudgetExhausted)
  expect(ask(11.9, 'a.test')()).toBe(true)
})
