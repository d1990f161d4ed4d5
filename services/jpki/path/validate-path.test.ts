import { describe, expect, test } from 'vitest'
import { extension } from '../../../test/pki/issue.ts'
import {
  basicConstraints,
  daysFromNow,
  general,
  inhibitAnyPolicy,
  issue,
  keyUsage,
  nameConstraints,
  policyConstraints,
  subjectAltNames,
  USAGE,
  type Entity,
  type PathCertificate,
} from '../../../test/pki/issue-path.ts'
import { oid, sequence, whole, type Asn1 } from '../../../test/pki/encode.ts'
import { testKey } from '../../../test/pki/keys.ts'
import { outcomeOf, pathRequest } from '../../../test/pki/path-request.ts'
import { parseCertificate } from '../certificate.ts'
import { brokenRule, isSelfIssued } from './certificate-rules.ts'

const root = issue('Root', { authority: true })

/** Outcome of root → each authority in turn → a target; an authority named like its issuer is self-issued. */
function chain(
  authorities: readonly (PathCertificate & { readonly named: string })[],
  target: PathCertificate & { readonly named?: string } = {},
  anchor: Entity = root,
): string {
  const issued: Entity[] = []
  for (const { named, ...options } of authorities) {
    const issuer = issued.at(-1) ?? anchor
    const key = testKey(`p256:${named} ${issued.length}`)
    issued.push(issue(named, { issuer, authority: true, key, ...options }))
  }
  const issuer = issued.at(-1) ?? anchor
  const end = issue(target.named ?? 'Target', { issuer, ...target })
  return outcomeOf(pathRequest(end, [anchor], issued.toReversed()))
}

const CONSTRAINED = 'path-constraints CHAIN_CONSTRAINTS_FAILURE'
const MALFORMED = 'path-constraints FORMAT_FAILURE'

describe('validity', () => {
  test.each([
    ['begins tomorrow', { notBefore: daysFromNow(1) }, 'NOT_YET_VALID'],
    ['ended yesterday', { notAfter: daysFromNow(-1) }, 'EXPIRED'],
  ] as const)('a certificate that %s is not valid, wherever it stands', (_, validity, sub) => {
    expect(chain([{ named: 'A' }], validity)).toBe(`certificate-validity ${sub}`)
    expect(chain([{ named: 'A', ...validity }])).toBe(`issuer-validity ${sub}`)
    const anchor = issue('Root', { authority: true, ...validity })
    expect(chain([{ named: 'A' }], {}, anchor)).toBe(`issuer-validity ${sub}`)
  })

  test('the first and the last second count', () => {
    const second = daysFromNow(0)
    expect(chain([], { notBefore: second })).toBe('PASSED')
    expect(chain([], { notAfter: second })).toBe('PASSED')
  })
})

describe('basic constraints', () => {
  test.each([
    ['says that it is one', {}, 'PASSED'],
    [
      'says it without being critical',
      { ...without('2.5.29.19'), extensions: [basicConstraints(true, false)] },
      'PASSED',
    ],
    ['does not say so', without('2.5.29.19'), CONSTRAINED],
    ['says nothing of its use', { ...without('2.5.29.19'), keyUsage: null }, CONSTRAINED],
    [
      'says that it is none',
      { ...without('2.5.29.19'), extensions: [basicConstraints(false)] },
      CONSTRAINED,
    ],
    [
      'says that it is none, and nothing of its use',
      { ...without('2.5.29.19'), keyUsage: null, extensions: [basicConstraints(false)] },
      CONSTRAINED,
    ],
    ['has no key usage', { keyUsage: null }, 'PASSED'],
    ['may not sign certificates', { keyUsage: USAGE.crlSign }, CONSTRAINED],
    ['is of version 1', { version: 1 }, CONSTRAINED],
  ] as const)('an authority that %s', (_, options, outcome) => {
    expect(chain([{ named: 'A', ...options }])).toBe(outcome)
  })

  // As in PKITS 4.6.5 to 4.6.17.
  test.each<[string, readonly (readonly [string, number | true])[], string, string]>([
    ['0 lets the target follow', [['A', 0]], 'Target', 'PASSED'],
    [
      '0 lets no authority follow',
      [
        ['A', 0],
        ['B', true],
      ],
      'Target',
      CONSTRAINED,
    ],
    [
      '1 lets one follow',
      [
        ['A', 1],
        ['B', true],
      ],
      'Target',
      'PASSED',
    ],
    [
      '1 lets no two follow',
      [
        ['A', 1],
        ['B', true],
        ['C', true],
      ],
      'Target',
      CONSTRAINED,
    ],
    [
      'a later one only narrows',
      [
        ['A', 0],
        ['B', 9],
      ],
      'Target',
      CONSTRAINED,
    ],
    [
      'a later one does not widen',
      [
        ['A', 1],
        ['B', 9],
        ['C', true],
      ],
      'Target',
      CONSTRAINED,
    ],
    [
      'a later one narrows',
      [
        ['A', 6],
        ['B', 0],
        ['C', true],
      ],
      'Target',
      CONSTRAINED,
    ],
    [
      'a self-issued authority does not count',
      [
        ['A', 0],
        ['A', true],
      ],
      'Target',
      'PASSED',
    ],
    [
      'two self-issued ones do not count',
      [
        ['A', 1],
        ['A', true],
        ['B', true],
        ['B', true],
      ],
      'Target',
      'PASSED',
    ],
    [
      'one that is not counts beside them',
      [
        ['A', 0],
        ['A', true],
        ['B', true],
      ],
      'Target',
      CONSTRAINED,
    ],
    [
      'a self-issued one still narrows',
      [
        ['A', 6],
        ['A', 0],
        ['B', true],
      ],
      'Target',
      CONSTRAINED,
    ],
    ['an authority as target counts in nothing', [['A', 0]], 'B', 'PASSED'],
  ])('a path length: %s', (_, authorities, target, outcome) => {
    const options = authorities.map(([named, authority]) => ({ named, authority }))
    expect(chain(options, target === 'B' ? { named: 'B', authority: true } : {})).toBe(outcome)
  })

  test('the path length of the anchor counts', () => {
    const anchor = issue('Root', { authority: 0 })
    expect(chain([], {}, anchor)).toBe('PASSED')
    expect(chain([{ named: 'A' }], {}, anchor)).toBe(CONSTRAINED)
  })

  test.each([
    ['of version 1 is trusted as it is', { version: 1 }, 'PASSED'],
    [
      'that says that it is no authority issues nothing',
      { extensions: [basicConstraints(false)] },
      CONSTRAINED,
    ],
    [
      'that says that it is no authority, and nothing of its use, issues nothing',
      { keyUsage: null, extensions: [basicConstraints(false)] },
      CONSTRAINED,
    ],
    [
      'that may not sign certificates issues nothing',
      { authority: true, keyUsage: USAGE.crlSign },
      CONSTRAINED,
    ],
  ] as const)('an anchor %s', (_, options, outcome) => {
    expect(chain([], {}, issue('Root', options))).toBe(outcome)
  })
})

describe('what RFC 5280 §4 demands of each certificate', () => {
  const unknown = (critical: boolean) => extension('1.2.3.4', critical, sequence())
  const aki = (critical: boolean) => extension('2.5.29.35', critical, sequence())
  const ian = (critical: boolean) =>
    extension('2.5.29.18', critical, sequence(general.dns('a.test')))

  test.each<[string, PathCertificate, string]>([
    ['an unknown extension', { extensions: [unknown(false)] }, 'PASSED'],
    ['an unknown critical extension', { extensions: [unknown(true)] }, CONSTRAINED],
    [
      'a critical name of the issuer, which nothing processes',
      { extensions: [ian(true)] },
      CONSTRAINED,
    ],
    ['a name of the issuer', { extensions: [ian(false)] }, 'PASSED'],
    ['no authority key identifier', without('2.5.29.35'), CONSTRAINED],
    [
      'an empty authority key identifier',
      { ...without('2.5.29.35'), extensions: [aki(false)] },
      CONSTRAINED,
    ],
    [
      'a critical authority key identifier',
      { ...without('2.5.29.35'), extensions: [aki(true)] },
      CONSTRAINED,
    ],
    ['a critical access to information', { extensions: [access(true)] }, CONSTRAINED],
    ['an access to information', { extensions: [access(false)] }, 'PASSED'],
    [
      'policy constraints that are not critical',
      { extensions: [policyConstraints({ inhibitMapping: 5 }, false)] },
      CONSTRAINED,
    ],
    ['policy constraints', { extensions: [policyConstraints({ inhibitMapping: 5 })] }, 'PASSED'],
    [
      'inhibited anyPolicy that is not critical',
      { extensions: [inhibitAnyPolicy(5, false)] },
      CONSTRAINED,
    ],
    ['inhibited anyPolicy', { extensions: [inhibitAnyPolicy(5)] }, 'PASSED'],
    ['a serial of 0', { serial: 0 }, MALFORMED],
    ['another algorithm inside', { innerDigest: 'sha384' }, MALFORMED],
  ])('%s, on the way and at its end', (_, options, outcome) => {
    expect(chain([{ named: 'A' }], options)).toBe(outcome)
    expect(chain([{ named: 'A', ...options }])).toBe(outcome)
  })

  test.each<[string, PathCertificate, string]>([
    [
      'that could sign certificates',
      { ...without('2.5.29.15'), extensions: [keyUsage(USAGE.keyCertSign)] },
      CONSTRAINED,
    ],
    ['with a path length', { extensions: [lengthOfNoAuthority()] }, CONSTRAINED],
    [
      'with a path length and no key usage',
      { keyUsage: null, extensions: [lengthOfNoAuthority()] },
      CONSTRAINED,
    ],
    [
      'with name constraints',
      { extensions: [nameConstraints({ excluded: [general.dns('a.test')] })] },
      CONSTRAINED,
    ],
  ])('a target that is no authority %s', (_, options, outcome) => {
    expect(chain([], options)).toBe(outcome)
  })

  test('a target that says nothing of being an authority could sign certificates in test files, and none that denies it', () => {
    const target = (...extensions: readonly Asn1[]) => {
      const end = issue('Target', { issuer: root, keyUsage: USAGE.keyCertSign, extensions })
      return outcomeOf(pathRequest(end, [root], [], { profile: 'vectors' }))
    }
    expect(target()).toBe('PASSED')
    expect(target(basicConstraints(false))).toBe(CONSTRAINED)
  })

  test('a serial has at most 20 octets, beside the one that makes it positive', () => {
    const broken = (...serial: readonly number[]) =>
      brokenRule({ ...parseCertificate(root.der), serial: Uint8Array.from(serial) }, false)
    const ones = (count: number) => Array<number>(count).fill(0xff)
    expect(broken(1, ...ones(19))).toBeNull()
    expect(broken(0, ...ones(20))).toBeNull()
    expect(broken(1, ...ones(20))).toHaveProperty('sub', 'FORMAT_FAILURE')
    expect(broken(0, ...ones(21))).toHaveProperty('sub', 'FORMAT_FAILURE')
  })

  test('a path length needs the right to sign certificates, where a key usage is there', () => {
    const target = (usage: number | null) => chain([], { authority: 0, keyUsage: usage })
    expect(target(USAGE.keyCertSign)).toBe('PASSED')
    expect(target(null)).toBe('PASSED')
    expect(target(USAGE.digitalSignature)).toBe(CONSTRAINED)
    expect(chain([], { authority: true, keyUsage: USAGE.digitalSignature })).toBe('PASSED')
  })

  test('an empty subject needs a critical alternative name', () => {
    const target = (...extensions: readonly Asn1[]) =>
      outcomeOf(
        pathRequest(issue([], { issuer: root, key: testKey('p256:nameless'), extensions }), [root]),
      )
    expect(target()).toBe(MALFORMED)
    expect(target(subjectAltNames(general.dns('a.test')))).toBe(MALFORMED)
    expect(target(criticalAltName())).toBe('PASSED')
    expect(target(extension('2.5.29.17', true, sequence()))).toBe(
      'certificate-format FORMAT_FAILURE',
    )
  })

  test.each<[string, PathCertificate]>([
    ['an authority', { authority: true }],
    ['an authority that signs no lists', { authority: true, keyUsage: USAGE.keyCertSign }],
    ['who signs lists', { keyUsage: USAGE.crlSign }],
  ])('%s needs a name of its own, whatever the alternative one', (_, options) => {
    const target = (named: boolean) =>
      issue(named ? 'Target' : [], {
        issuer: root,
        key: testKey('p256:nameless'),
        extensions: [criticalAltName()],
        ...options,
      })
    expect(outcomeOf(pathRequest(target(true), [root]))).toBe('PASSED')
    expect(outcomeOf(pathRequest(target(false), [root]))).toBe(MALFORMED)
  })

  test('an issuer needs a name', () => {
    const nameless = issue([], { authority: true, key: testKey('p256:nameless') })
    expect(outcomeOf(pathRequest(issue('Target', { issuer: nameless }), [nameless]))).toBe(
      MALFORMED,
    )
  })

  test('a self-issued authority may leave the key identifier of its issuer out', () => {
    expect(chain([{ named: 'A' }, { named: 'A', ...without('2.5.29.35') }])).toBe('PASSED')
  })
})

test('a certificate is self-issued by its names, whoever signed it', () => {
  expect(isSelfIssued(parseCertificate(root.der))).toBe(true)
  expect(isSelfIssued(parseCertificate(issue('A', { issuer: root }).der))).toBe(false)
})

function without(...oids: readonly string[]): { readonly without: readonly string[] } {
  return { without: oids }
}

function access(critical: boolean) {
  const one = sequence(oid('1.3.6.1.5.5.7.48.1'), general.uri('http://ocsp.test'))
  return extension('1.3.6.1.5.5.7.1.1', critical, sequence(one))
}

function criticalAltName() {
  return extension('2.5.29.17', true, sequence(general.dns('a.test')))
}

function lengthOfNoAuthority() {
  return extension('2.5.29.19', true, sequence(whole(0)))
}
