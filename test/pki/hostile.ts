import { createHash } from 'node:crypto'
import type { PathRequest } from '../../services/jpki/verify-path.ts'
import { bits, encode, integer, oid, raw, sequence } from './encode.ts'
import {
  commonName,
  distributionPoints,
  general,
  issue,
  issueList,
  nameConstraints,
  policies,
  policyMappings,
  subjectAltNames,
  type Entity,
  type NameParts,
  type PathCertificate,
} from './issue-path.ts'
import { testKey, type TestKey } from './keys.ts'
import { pathRequest } from './path-request.ts'

/** A request of at most 64 kB that is made to cost as much as it can. */
export interface Hostile {
  readonly what: string
  readonly request: PathRequest
}

const root = issue('Root', { authority: true })

function requestOf(
  target: Entity,
  others: readonly Entity[],
  more: Partial<PathRequest> = {},
): PathRequest {
  return pathRequest(target, [root], others, more)
}

/** Authorities that all certify each other, and none of them is certified by the anchor. */
function cycle(kind: string, size: number): Hostile {
  const keys = Array.from({ length: size }, (_, i) => testKey(`${kind}:cycle ${i}`))
  const certify = (subject: number, issuer: number): Entity =>
    issue(`Authority ${subject}`, {
      ...authorityBy(`Authority ${issuer}`, keyAt(keys, issuer)),
      key: keyAt(keys, subject),
    })
  const mesh = range(size).flatMap((subject) =>
    range(size)
      .filter((issuer) => issuer !== subject)
      .map((issuer) => certify(subject, issuer)),
  )
  const target = issue('Target', { issuer: entity('Authority 0', keyAt(keys, 0)) })
  return {
    what: `${mesh.length} ${kind} cross certificates in a circle`,
    request: requestOf(target, mesh),
  }
}

/** Authorities of one name, each of which may have issued each other and the target. */
function sameNamed(
  kind: string,
  count: number,
  keyOf: (i: number) => TestKey,
  signature: Partial<PathCertificate>,
): Hostile {
  const certificates = range(count).map((i) =>
    issue('Authority', {
      ...authorityBy('Authority', testKey('p256:signer of all')),
      key: keyOf(i),
      without: ['2.5.29.14'],
    }),
  )
  const target = issue('Target', {
    issuer: entity('Authority', testKey('p256:signer of all')),
    ...signature,
  })
  return {
    what: `${count} authorities of one name with distinct ${kind} keys`,
    request: requestOf(target, certificates),
  }
}

/** Two certificates for each authority on the way: every combination of them is a path, and none is valid. */
function ladder(
  what: string,
  extra: (step: number) => PathCertificate['extensions'],
  target: PathCertificate,
): Hostile {
  const keys = range(7).map((i) => testKey(`p256:ladder ${i}`))
  const rungs = range(7).flatMap((i) =>
    [1, 2].map((serial) =>
      issue(`Rung ${i}`, {
        ...(i === 0
          ? { issuer: root, authority: true }
          : authorityBy(`Rung ${i - 1}`, keyAt(keys, i - 1))),
        key: keyAt(keys, i),
        serial,
        extensions: extra(i) ?? [],
      }),
    ),
  )
  const end = issue('Target', { ...target, issuer: entity('Rung 6', keyAt(keys, 6)) })
  const asked = { explicitPolicy: true, initialPolicies: new Set(['1.2.3']) }
  return { what, request: requestOf(end, rungs, asked) }
}

const CONSTRAINTS = range(180)

export function hostileRequests(): Hostile[] {
  const list = [
    cycle('p256', 8),
    cycle('p384', 8),
    cycle('rsa', 8),
    sameNamed('RSA-2048', 64, (i) => numberedRsaKey(i, 2048, 65537), rsaSignature(256)),
    sameNamed('RSA-4096', 64, (i) => numberedRsaKey(i, 4096, 65537), rsaSignature(512)),
    sameNamed(
      'RSA-4096 with long exponents',
      64,
      (i) => numberedRsaKey(i, 4096, 2 ** 39 - 1),
      rsaSignature(512),
    ),
    sameNamed('P-384', 64, (i) => testKey(`p384:${i}`), { digest: 'sha384' }),
    ladder(
      'paths with many name constraints',
      () => [
        nameConstraints({
          permitted: CONSTRAINTS.map((i) => general.dns(`${i}.example.test`)),
          excluded: [general.dns('bad.test')],
        }),
      ],
      {
        extensions: [
          subjectAltNames(...range(64).map((i) => general.dns(`${'a'.repeat(60)}.${i}.test`))),
        ],
      },
    ),
    ladder(
      'paths with many constraints on long directory names',
      () => [
        nameConstraints({ excluded: range(10).map((i) => general.directory(longName(i, 90))) }),
      ],
      {
        extensions: [subjectAltNames(...range(8).map(() => general.directory(longName(99, 250))))],
      },
    ),
    ladder(
      'paths with many policies',
      (step) => [
        policies('2.5.29.32.0', ...range(63).map((i) => `1.2.${step}.${i}`)),
        policyMappings(
          ...range(64).map((i): [string, string] => [
            `1.2.${step}.${i % 8}`,
            `1.2.${step + 1}.${i}`,
          ]),
        ),
      ],
      { extensions: [policies('1.9.9')] },
    ),
    manyLists(),
    manySigners(),
    longNames(),
  ]
  return list
}

/** Distribution points and lists with many names, none of which they have in common. */
function manyLists(): Hostile {
  const points = range(16).map((p) => ({ name: range(20).map((i) => general.uri(`u:${p}.${i}`)) }))
  const target = issue('Target', { issuer: root, extensions: [distributionPoints(...points)] })
  const crls = range(100).map((c) =>
    issueList({
      issuer: root,
      number: c,
      scope: { name: range(20).map((i) => general.uri(`v:${c}.${i}`)) },
    }),
  )
  return {
    what: 'distribution points and lists with many names',
    request: requestOf(target, [], { crls, checkRevocation: true }),
  }
}

/** Lists that any of many certificates of one name might have signed, whose own status such a list would tell. */
function manySigners(): Hostile {
  const signers = range(40).map((i) =>
    issue('Root', { issuer: root, authority: true, key: testKey(`p256:list ${i}`), serial: i + 2 }),
  )
  const target = issue('Target', { issuer: root })
  const crls = signers.map(({ key }, i) =>
    issueList({ issuer: root, signer: key, number: i, keyId: null }),
  )
  return {
    what: 'lists by many signers that vouch for each other',
    request: requestOf(target, signers, { crls, checkRevocation: true }),
  }
}

/** Names that are equal only after folding, and differ late where they do. */
function longNames(): Hostile {
  const keys = range(4).map((i) => testKey(`p256:long ${i}`))
  const mesh = range(4).flatMap((subject) =>
    range(4)
      .filter((issuer) => issuer !== subject)
      .map((issuer) =>
        issue(longName(subject, 420), {
          ...authorityBy(longName(issuer, 420, true), keyAt(keys, issuer)),
          key: keyAt(keys, subject),
        }),
      ),
  )
  const target = issue('Target', { issuer: entity(longName(0, 420), keyAt(keys, 0)) })
  return { what: 'long names in a circle', request: requestOf(target, mesh) }
}

/** U+FDFA grows 18 times when it is normalised. */
function longName(i: number, length: number, upper = false): NameParts {
  return [['CN', `${upper ? 'X' : 'x'}${'\ufdfa'.repeat(length)}${i}`]]
}

function range(count: number): number[] {
  return Array.from({ length: count }, (_, i) => i)
}

function keyAt(keys: readonly TestKey[], i: number): TestKey {
  const key = keys[i]
  if (key === undefined) throw new TypeError(`no key ${i}`)
  return key
}

function entity(subject: string | NameParts, key: TestKey): Entity {
  const parts = typeof subject === 'string' ? commonName(subject) : subject
  return { name: parts, key, serial: 0, der: new Uint8Array() }
}

function authorityBy(issuer: string | NameParts, key: TestKey): PathCertificate {
  return { issuer: entity(issuer, key), authority: true }
}

/** No signature, of the length of one: to find that out costs a verification. */
function rsaSignature(length: number): Partial<PathCertificate> {
  return { signer: testKey('signer of all'), spoil: () => new Uint8Array(length).fill(1) }
}

/** A public key that nobody has the private key of; to verify with it costs what it costs with any. */
function numberedRsaKey(i: number, size: number, exponent: number): TestKey {
  const modulus = Buffer.alloc(size / 8, createHash('sha512').update(`${i}`).digest())
  modulus[0] = 0xc1
  modulus[modulus.length - 1] = 1
  const contents = Uint8Array.of(0, ...modulus)
  const e = Buffer.from(exponent.toString(16).padStart(exponent > 2 ** 32 ? 10 : 6, '0'), 'hex')
  const pkcs1 = encode(sequence(integer(contents), integer(e)))
  const spki = encode(
    sequence(sequence(oid('1.2.840.113549.1.1.1'), raw(Uint8Array.of(5, 0))), bits(pkcs1)),
  )
  return { privateKey: testKey('p256:signer of all').privateKey, spki, keyId: Uint8Array.of(i) }
}
