import { describe, expect, test } from 'vitest'
import {
  daysFromNow,
  issue,
  type Entity,
  type PathCertificate,
} from '../../../test/pki/issue-path.ts'
import { NOW } from '../../../test/pki/issue.ts'
import { testKey, type PssOptions } from '../../../test/pki/keys.ts'
import { outcomeOf, pathRequest } from '../../../test/pki/path-request.ts'
import { toHex } from '../../kernel/bytes.ts'
import { sha256 } from '../../kernel/digest.ts'
import { STRICT_ALGORITHMS, type AlgorithmPolicy } from '../algorithm-policy.ts'
import { parseCertificate } from '../certificate.ts'
import { DerReader } from '../der.ts'
import { SubjectPublicKeyInfo } from '../public-key.ts'
import { verifyPath } from '../verify-path.ts'
import { Budget, type BudgetLimits } from './budget.ts'
import { findPath, isSignedBy, type PathAnchor } from './build-path.ts'
import { ANY_PURPOSE } from './validate-path.ts'

const NONE = 'certification-path NO_CERTIFICATE_CHAIN_FOUND'
const NOT_ALLOWED = 'certification-path CRYPTO_CONSTRAINTS_FAILURE'
const root = issue('Root', { authority: true })
const authority = issue('Authority', { issuer: root, authority: true })
const target = issue('Target', { issuer: authority })

/** The key of an entity in another name, certified by the root. */
function renamed({ key }: Entity): Entity {
  return issue('Another', { issuer: root, authority: true, key })
}

/** SHA-256 of the path that the verdict names, by the entities that it goes through. */
function pathOf(
  request: Parameters<typeof verifyPath>[0],
  entities: Readonly<Record<string, Entity>>,
) {
  const names = new Map(
    Object.entries(entities).map(([name, { der }]) => [toHex(sha256(der)), name]),
  )
  return verifyPath(request).path.map((digest) => names.get(digest) ?? 'another')
}

describe('a path', () => {
  test('is found in intermediates of any order, and named from the anchor down', () => {
    const stranger = issue('Stranger', { authority: true })
    const request = pathRequest(target, [stranger, root], [stranger, authority])
    expect(pathOf(request, { root, authority, target })).toEqual(['root', 'authority', 'target'])
  })

  test('may be of the anchor’s own certificate', () => {
    expect(outcomeOf(pathRequest(root, [root]))).toBe('PASSED')
  })

  test('may end at an authority that is an anchor itself', () => {
    expect(
      pathOf(pathRequest(target, [authority, root], [authority]), { authority, target }),
    ).toEqual(['authority', 'target'])
  })

  test.each<[string, Entity, readonly Entity[], readonly Entity[]]>([
    ['without the intermediate', target, [root], []],
    ['without an anchor', target, [], [authority]],
    [
      'to an anchor of the same name and another key',
      target,
      [issue('Root', { authority: true, key: testKey('p256:other root') })],
      [authority],
    ],
    ['to an intermediate that is trusted by nobody', root, [authority], [root]],
    ['to an anchor of another name and the same key', authority, [renamed(root)], []],
    [
      'through an intermediate of another name and the same key',
      target,
      [root],
      [renamed(authority)],
    ],
  ])('is not found %s', (_, end, anchors, intermediates) => {
    expect(outcomeOf(pathRequest(end, anchors, intermediates))).toBe(NONE)
  })

  test('takes the anchor that signed among several of one name, whatever the key identifiers say', () => {
    const old = issue('Root', { authority: true, key: testKey('p256:old root') })
    const misled = issue('Target', { issuer: { ...root, key: old.key }, signer: root.key })
    for (const anchors of [
      [old, root],
      [root, old],
    ]) {
      expect(pathOf(pathRequest(misled, anchors), { old, root, misled })).toEqual([
        'root',
        'misled',
      ])
    }
  })

  test('goes back from an authority whose certificate has expired to another one', () => {
    const expired = { ...parts(authority), notAfter: new Date('2021-01-01T00:00:00Z'), serial: 9 }
    const old = issue('Authority', { issuer: root, authority: true, ...expired })
    for (const intermediates of [
      [old, authority],
      [authority, old],
    ]) {
      expect(outcomeOf(pathRequest(target, [root], intermediates))).toBe('PASSED')
    }
    expect(outcomeOf(pathRequest(target, [root], [old]))).toBe('issuer-validity EXPIRED')
    expect(outcomeOf(pathRequest(target, [root], [old], { checkRevocation: true }))).toBe(
      'issuer-validity EXPIRED',
    )
  })

  test('is none by a second way that ends at the same broken signature', () => {
    const upper = (signer: Entity) =>
      issue('Upper', { issuer: root, authority: true, signer: signer.key })
    const lower = (serial: number) =>
      issue('Lower', { issuer: upper(root), authority: true, key: testKey('p256:lower'), serial })
    const end = issue('Target', { issuer: lower(1) })
    const by = (signer: Entity) =>
      outcomeOf(pathRequest(end, [root], [lower(1), lower(2), upper(signer)]))
    expect(by(root)).toBe('PASSED')
    expect(by(target)).toBe(NONE)
  })

  test('goes round a circle of authorities that certify each other', () => {
    const [a, b] = [testKey('p256:a'), testKey('p256:b')]
    const [aBy, bBy] = [entity('A', a), entity('B', b)]
    const circle = [
      issue('A', { issuer: bBy, key: a, authority: true }),
      issue('B', { issuer: aBy, key: b, authority: true }),
    ]
    const end = issue('Target', { issuer: aBy })
    expect(outcomeOf(pathRequest(end, [root], circle))).toBe(NONE)
    // Once round, and no further: three certificates, each with the anchor, two others and one issuer to look at.
    const limits = { signatures: 100, steps: 12, comparisons: 0, policies: 0 }
    const question = {
      ...{ ...ANY_PURPOSE, at: NOW, algorithms: STRICT_ALGORITHMS, budget: new Budget(limits) },
      ...{ target: parseCertificate(end.der), anchors: [anchorOf(root)] },
      intermediates: circle.map(({ der }) => parseCertificate(der)),
    }
    expect(findPath(question)).toHaveProperty('expected', expect.stringContaining('stands behind'))
    const wayOut = issue('B', { issuer: root, key: b, authority: true })
    expect(outcomeOf(pathRequest(end, [root], [...circle, wayOut]))).toBe('PASSED')
  })

  test.each([
    [7, 'PASSED'],
    [8, NONE],
  ])('through %i authorities: %s', (count, outcome) => {
    const authorities: Entity[] = []
    for (let i = 0; i < count; i++) {
      authorities.push(
        issue(`Authority ${i}`, { issuer: authorities.at(-1) ?? root, authority: true }),
      )
    }
    const end = issue('Target', { issuer: authorities.at(-1) ?? root })
    expect(outcomeOf(pathRequest(end, [root], authorities))).toBe(outcome)
  })

  test('takes 64 intermediates and not one more', () => {
    const others = Array.from({ length: 63 }, (_, serial) =>
      issue('Stranger', { authority: true, serial: serial + 1 }),
    )
    expect(outcomeOf(pathRequest(target, [root], [...others, authority]))).toBe('PASSED')
    expect(outcomeOf(pathRequest(target, [root], [...others, authority, target]))).toBe(NONE)
  })
})

describe('algorithms', () => {
  const rsa = issue('RSA root', { authority: true, key: testKey('rsa root') })

  test.each<[string, PathCertificate, string]>([
    ['RSA', { key: testKey('rsa target') }, 'PASSED'],
    ['RSA with SHA-384', { digest: 'sha384' }, 'PASSED'],
    ['SHA-1', { digest: 'sha1' }, NOT_ALLOWED],
    ['a key of 1024 bits', { key: testKey('rsa-1024:t') }, NOT_ALLOWED],
    ['a key with e = 3', { key: testKey('e3:t') }, NOT_ALLOWED],
  ])('%s', (_, options, outcome) => {
    expect(outcomeOf(pathRequest(issue('Target', { issuer: rsa, ...options }), [rsa]))).toBe(
      outcome,
    )
  })

  test('an authority with a key that is not allowed is no way up', () => {
    const weak = issue('Weak', { issuer: root, authority: true, key: testKey('rsa-1024:a') })
    const end = issue('Target', { issuer: weak })
    expect(outcomeOf(pathRequest(end, [root], [weak]))).toBe(NOT_ALLOWED)
    expect(outcomeOf(pathRequest(end, [weak]))).toBe(NONE)
    expect(outcomeOf(pathRequest(end, [root], [weak], { profile: 'vectors' }))).toBe('PASSED')
  })

  test('the profile for test files takes SHA-1, issuers and certificates without their marks', () => {
    const bare = { without: ['2.5.29.19', '2.5.29.35'], authority: true }
    const authorityWithout = issue('Bare', { issuer: rsa, key: testKey('rsa bare'), ...bare })
    const end = issue('Target', {
      issuer: authorityWithout,
      digest: 'sha1',
      without: ['2.5.29.35'],
    })
    const request = pathRequest(end, [rsa], [authorityWithout])
    expect(outcomeOf(request)).not.toBe('PASSED')
    expect(outcomeOf({ ...request, profile: 'vectors' })).toBe('PASSED')
  })

  test.each<[string, PssOptions, string]>([
    ['with SHA-256 throughout and a salt of 32', {}, 'PASSED'],
    ['with another hash for the mask', { maskHash: 'sha384' }, NOT_ALLOWED],
    [
      'with another hash than it was made with',
      { hash: 'sha384', maskHash: 'sha384', saltLength: 48 },
      NONE,
    ],
    ['with a shorter salt', { saltLength: 20 }, NOT_ALLOWED],
    ['without a hash, which stands for SHA-1', { without: [0] }, NONE],
    ['without a mask, which stands for SHA-1', { without: [1] }, NONE],
    ['without a salt, which stands for 20', { without: [2] }, NONE],
    ['with the trailer that is left out', { trailer: 1 }, NONE],
  ])('PSS %s', (_, pss, outcome) => {
    expect(outcomeOf(pathRequest(issue('Target', { issuer: rsa, pss }), [rsa]))).toBe(outcome)
  })
})

describe('the budget', () => {
  /** What a signature on P-256 is charged. */
  const P256 = 10

  /** What a search ends with that may cost no more than this. */
  const search = (
    limit: Partial<BudgetLimits>,
    end = target,
    authorities = [authority],
    anchors = [root],
  ) => {
    const limits = { signatures: 100, steps: 100, comparisons: 100, policies: 100, ...limit }
    return findPath({
      ...{ ...ANY_PURPOSE, anchors: anchors.map(anchorOf), at: NOW, budget: new Budget(limits) },
      target: parseCertificate(end.der),
      intermediates: authorities.map(({ der }) => parseCertificate(der)),
      algorithms: STRICT_ALGORITHMS,
    })
  }

  // Two signatures on P-256; two names each to look at, an authority, an anchor, and the two certificates of the path.
  test.each([
    ['signature checks', { signatures: 2 * P256 }, { signatures: 2 * P256 - 1 }],
    ['steps of path building', { steps: 8 }, { steps: 7 }],
  ])('ends the search when its %s are used up', (what, enough, less) => {
    expect(search(enough)).toHaveProperty('links')
    expect(search(less)).toEqual({
      check: 'certification-path',
      sub: 'NO_CERTIFICATE_CHAIN_FOUND',
      expected: `a path that is found with fewer ${what}`,
    })
  })

  test('is spent first on the issuer that the key identifier names', () => {
    const other = (...left: readonly string[]) =>
      issue('Root', { authority: true, key: testKey('p256:other root'), without: left })
    for (const anchor of [other(), other('2.5.29.14')]) {
      expect(search({ signatures: P256 }, authority, [], [anchor, root])).toHaveProperty('links')
      expect(search({ signatures: P256 }, authority, [], [root, anchor])).toHaveProperty('links')
      expect(search({ signatures: P256 - 1 }, authority, [], [root, anchor])).toHaveProperty('sub')
    }
  })

  test('is charged once for an authority that two ways lead to', () => {
    const upper = issue('Upper', { issuer: root, authority: true, notAfter: daysFromNow(-1) })
    const lower = (serial: number) =>
      issue('Lower', { issuer: upper, authority: true, key: testKey('p256:two ways'), serial })
    const end = issue('Target', { issuer: lower(1) })
    const authorities = [lower(1), lower(2), upper]
    // Five certificates that are signed, each checked once; the names and issuers of each are looked for once.
    for (const enough of [{ signatures: 5 * P256 }, { steps: 24 }]) {
      expect(search(enough, end, authorities)).toHaveProperty('sub', 'EXPIRED')
    }
    for (const less of [{ signatures: 5 * P256 - 1 }, { steps: 23 }]) {
      expect(search(less, end, authorities)).toHaveProperty('sub', 'NO_CERTIFICATE_CHAIN_FOUND')
    }
  })
})

test('a search takes no more than 64 certificates, wherever they come from', () => {
  const [certificate, intermediate] = [target, authority].map(({ der }) => parseCertificate(der))
  const search = (count: number) =>
    certificate !== undefined &&
    findPath({
      ...{ ...ANY_PURPOSE, target: certificate, anchors: [anchorOf(root)], at: NOW },
      intermediates: Array(count).fill(intermediate),
      algorithms: STRICT_ALGORITHMS,
    })
  expect(search(64)).toHaveProperty('links')
  expect(search(65)).toHaveProperty('sub', 'NO_CERTIFICATE_CHAIN_FOUND')
})

test('a fault of ours is not taken for a certificate that does not hold', () => {
  const faulty: AlgorithmPolicy = {
    ...STRICT_ALGORITHMS,
    get sha1(): boolean {
      throw new RangeError('a fault')
    },
    get rsaMinimumBits(): number {
      throw new RangeError('a fault')
    },
  }
  const key = testKey('rsa root')
  const rsa = parseCertificate(issue('RSA', { authority: true, key, digest: 'sha1' }).der)
  const asked = { ...ANY_PURPOSE, target: parseCertificate(target.der), at: NOW }
  expect(() => rsa.spki.keyUnder(faulty)).toThrow(RangeError)
  expect(() => isSignedBy(rsa, anchorOf(root).key, faulty)).toThrow(RangeError)
  expect(() =>
    findPath({
      ...{ ...asked, anchors: [anchorOf(authority)], intermediates: [] },
      algorithms: STRICT_ALGORITHMS,
      alsoHolds: () => {
        throw new RangeError('a fault')
      },
    }),
  ).toThrow(RangeError)
})

test('a key is imported once for the same rules, and is judged again by others', () => {
  const weak = parseCertificate(issue('Weak', { key: testKey('rsa-1024:t') }).der)
  const lenient: AlgorithmPolicy = { ...STRICT_ALGORITHMS, rsaMinimumBits: 1024 }
  const key = weak.spki.keyUnder(lenient)
  expect(key).not.toBeNull()
  expect(weak.spki.keyUnder(lenient)).toBe(key)
  expect(weak.spki.keyUnder(STRICT_ALGORITHMS)).toBeNull()
})

test('a key that cannot be read is none', () => {
  const { spki } = parseCertificate(root.der)
  const torn = {
    ...parseCertificate(root.der),
    spki: SubjectPublicKeyInfo.read(new DerReader(new Uint8Array(spki.encoding).fill(0, 2, 3))),
  }
  expect(torn.spki.keyUnder(STRICT_ALGORITHMS)).toBeNull()
})

function anchorOf({ der }: Entity): PathAnchor {
  const certificate = parseCertificate(der)
  const key = certificate.spki.keyUnder(STRICT_ALGORITHMS)
  if (key === null) throw new TypeError('a key that is not allowed')
  return { certificate, key }
}

function parts({ key }: Entity): Pick<PathCertificate, 'key'> {
  return { key }
}

function entity(name: string, key: Entity['key']): Entity {
  return { name: [['CN', name]], key, serial: 0, der: new Uint8Array() }
}
