import { DerReader, inside, TAG } from '../../services/jpki/der.ts'
import {
  readAlgorithm,
  readDefaultFalse,
  readGeneralizedTime,
  readInteger,
  readNamedBits,
  readOctetAlignedBits,
  readOid,
  readSmallInteger,
  readTime,
  toBigInt,
} from '../../services/jpki/der-values.ts'
import { der, derOid } from '../../services/jpki/der-writer.ts'
import {
  NO_EXTENSIONS,
  readAuthorityKeyIdentifier,
  readKnownExtensions,
} from '../../services/jpki/extensions.ts'
import { readGeneralName, type GeneralName } from '../../services/jpki/general-name.ts'
import { readName, sameName, isWithin, type DistinguishedName } from '../../services/jpki/name.ts'
import { Budget, BudgetExhausted } from '../../services/jpki/path/budget.ts'
import { NameSpace } from '../../services/jpki/path/name-constraints.ts'
import { importPublicKey } from '../../services/jpki/public-key.ts'
import { STRICT_ALGORITHMS } from '../../services/jpki/algorithm-policy.ts'
import { parseCertificate } from '../../services/jpki/certificate.ts'
import { EXTENSION } from '../../services/jpki/oids.ts'
import { verifySignatureAlone } from '../../services/jpki/verify-signature.ts'
import { sign } from 'node:crypto'
import { encode, name, sequence, type Asn1 } from '../pki/encode.ts'
import { NOW } from '../pki/issue.ts'
import { general, nameConstraints, subjectAltNames } from '../pki/issue-path.ts'
import { testKey } from '../pki/keys.ts'
import { certificates } from './corpus.ts'
import { Originals } from './originals.ts'
import { attempt, elsewhere, joined, must, mutateParts, split, type FuzzTarget } from './target.ts'
import { checkVerdict } from './verdict-shape.ts'

const MAX_DEPTH = 64

/** Reads everything there is, by the reader of each type, and writes each element again: strict DER has one form. */
function walk(reader: DerReader, depth: number): void {
  while (!reader.atEnd) {
    const element = reader.read()
    const { tag, contents, encoding } = element
    must(Buffer.compare(der(tag, contents), encoding) === 0, 'one encoding for one element')
    for (const read of READERS[tag] ?? []) attempt(() => read(new DerReader(encoding)))
    if (tag === TAG.oid) checkOid(encoding)
    if (tag === TAG.integer) checkInteger(encoding)
    if ((tag & 0x20) !== 0 && depth < MAX_DEPTH) walk(inside(element), depth + 1)
  }
  reader.finish()
}

type Read = (reader: DerReader) => unknown

const READERS: Readonly<Record<number, readonly Read[]>> = {
  [TAG.boolean]: [readDefaultFalse],
  [TAG.bitString]: [readNamedBits, readOctetAlignedBits],
  [TAG.sequence]: [readAlgorithm, readName, readAuthorityKeyIdentifier],
  [TAG.utcTime]: [(reader) => checkTime(readTime(reader).at)],
  [TAG.generalizedTime]: [(reader) => checkTime(readGeneralizedTime(reader))],
  ...Object.fromEntries(
    [0xa0, 0x81, 0x82, 0xa4, 0x86, 0x87, 0x88].map((tag) => [tag, [readGeneralName]]),
  ),
}

function checkTime(at: Date): void {
  must(!Number.isNaN(at.getTime()), 'a time that exists')
}

function checkOid(encoding: Uint8Array): void {
  const dotted = attempt(() => readOid(new DerReader(encoding)))
  if (dotted === null) return
  const isExact = dotted.split('.').every((arc) => Number(arc) < 2 ** 50)
  if (isExact) must(Buffer.compare(derOid(dotted), encoding) === 0, 'one form of an identifier')
}

function checkInteger(encoding: Uint8Array): void {
  const octets = attempt(() => readInteger(new DerReader(encoding)))
  const small = attempt(() => readSmallInteger(new DerReader(encoding)))
  if (small === null) return
  must(octets !== null && toBigInt(octets) === BigInt(small), 'one value of an integer')
}

const readerTarget: FuzzTarget = {
  name: 'der',
  what: 'DER reader and the readers of values',
  seeds: certificates(),
  run: (input) => void attempt(() => walk(new DerReader(input), 0)),
}

const rsa = testKey('fuzz signer')
const ec = testKey('p256:fuzz signer')
const ec384 = testKey('p384:fuzz signer')
const MESSAGE = Buffer.from('what was signed')
const signatureSeeds = [rsa, ec, ec384].flatMap(({ spki, privateKey }) => [
  joined(spki, sign('sha256', MESSAGE, privateKey)),
  joined(spki, sign('sha256', MESSAGE, { key: privateKey, dsaEncoding: 'ieee-p1363' })),
])
const signatureOriginals = new Originals(signatureSeeds)

const signatureTarget: FuzzTarget = {
  name: 'public-key',
  what: 'SubjectPublicKeyInfo, RSA and ECDSA signature values',
  seeds: [
    ...signatureSeeds,
    ...certificates().flatMap((one) => {
      const spki = attempt(() => parseCertificate(one).spki.encoding)
      return spki === null ? [] : [joined(spki, new Uint8Array(256).fill(1))]
    }),
  ],
  mutate: mutateParts(),
  run: (input) => {
    const [spki, signature] = split(input)
    if (spki === undefined || signature === undefined) return
    attempt(() => importPublicKey(new DerReader(spki).read(TAG.sequence)))
    for (const algorithm of ['sha256', 'PS256', '1.2.840.10045.4.3.2']) {
      for (const encoding of ['der', 'p1363'] as const) {
        const request = { spki, algorithm, signature, encoding, at: NOW, message: MESSAGE }
        const verdict = verifySignatureAlone({ ...request, algorithms: STRICT_ALGORITHMS })
        checkVerdict(verdict)
        if (verdict.indication !== 'PASSED') continue
        must(signatureOriginals.has(joined(spki, signature)), 'no changed signature passes')
      }
    }
  },
}

const NAMES: readonly Asn1[] = [
  general.dns('www.example.test'),
  general.dns('*.example.test'),
  general.email('someone@example.test'),
  general.uri('https://user@host.example.test:80/path?query#fragment'),
  general.ip(192, 0, 2, 1),
  general.ip(32, 1, 13, 184, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1),
  general.directory([
    ['C', 'JP'],
    ['O', 'Ｅxample'],
    ['CN', 'a  B'],
  ]),
  general.other('1.2.3'),
  general.registeredId(),
]
const CONSTRAINTS: readonly Asn1[] = [
  general.dns('.example.test'),
  general.dns(''),
  general.email('example.test'),
  general.email('.example.test'),
  general.uri('.example.test'),
  general.ip(192, 0, 2, 0, 255, 255, 255, 0),
  general.directory([
    ['C', 'JP'],
    ['O', 'example'],
  ]),
  general.other('1.2.3'),
]

/** The value of an extension: the last element of it. */
function valueOf(extension: Asn1): Uint8Array {
  const body = new DerReader(encode(extension)).enter(TAG.sequence)
  while (body.nextTag !== TAG.octetString) body.read()
  return body.read().contents
}

const nameSeeds = [
  joined(
    encode(
      name([
        ['C', 'JP'],
        ['O', 'Example'],
        ['CN', '山田　花子'],
      ]),
    ),
    encode(
      name([
        ['C', 'JP'],
        ['O', 'EXAMPLE'],
        ['CN', '山田  花子'],
      ]),
    ),
    valueOf(subjectAltNames(...NAMES)),
    valueOf(nameConstraints({ permitted: CONSTRAINTS, excluded: CONSTRAINTS.slice(2, 4) })),
  ),
  joined(
    encode(sequence()),
    encode(name([['1.2.840.113549.1.9.1', 'a@example.test']])),
    valueOf(subjectAltNames(...NAMES.slice(0, 3))),
    valueOf(nameConstraints({ excluded: CONSTRAINTS })),
  ),
]

const nameTarget: FuzzTarget = {
  name: 'names',
  what: 'names, general names and name constraints',
  seeds: nameSeeds,
  mutate: mutateParts(),
  run: (input) => {
    const [first, second, alternatives, constraints] = split(input)
    const names = [first, second].flatMap((part) => nameFrom(part) ?? [])
    names.forEach(checkName)
    const [a, b] = names
    if (a !== undefined && b !== undefined) {
      must(sameName(a, b) === sameName(b, a), 'equality of names goes both ways')
      must(
        !sameName(a, b) || (isWithin(a, b) && isWithin(b, a)),
        'equal names are within each other',
      )
    }
    const known = attempt(() => knownFrom(alternatives, constraints))
    if (known === null || a === undefined) return
    checkConstraints(a, known.subjectAltName, known.nameConstraints)
  },
}

function nameFrom(part: Uint8Array | undefined): DistinguishedName | null {
  if (part === undefined) return null
  return attempt(() => {
    const reader = new DerReader(part)
    const read = readName(reader)
    reader.finish()
    return read
  })
}

function checkName(read: DistinguishedName): void {
  const again = nameFrom(elsewhere(read.encoding))
  must(again !== null && sameName(read, again), 'the same name wherever it stands')
  must(isWithin(read, read), 'a name is within itself')
  for (const attribute of read.rdns.flat()) must(attribute.folded !== '', 'an attribute has a text')
}

function knownFrom(alternatives: Uint8Array | undefined, constraints: Uint8Array | undefined) {
  const extension = (oid: string, value: Uint8Array | undefined) =>
    value === undefined
      ? []
      : [{ oid, critical: true, value: new DerReader(der(TAG.octetString, value)).read() }]
  const extensions = [
    ...extension(EXTENSION.subjectAltName, alternatives),
    ...extension(EXTENSION.nameConstraints, constraints),
  ]
  return readKnownExtensions(extensions, { ...NO_EXTENSIONS })
}

const [template] = certificates().slice(-1).map(parseCertificate)

function checkConstraints(
  subject: DistinguishedName,
  subjectAltName: readonly GeneralName[],
  narrowing: Parameters<NameSpace['narrow']>[0] | null,
): void {
  if (template === undefined || narrowing === null) return
  const certificate = { ...template, subject, subjectAltName }
  const holdsUnder = (...list: readonly (typeof narrowing)[]): boolean | null => {
    const space = new NameSpace(new Budget())
    try {
      for (const one of list) space.narrow(one)
      return space.holds(certificate)
    } catch (error) {
      if (error instanceof BudgetExhausted) return null
      throw error
    }
  }
  const once = holdsUnder(narrowing)
  const twice = holdsUnder(narrowing, narrowing)
  must(once === null || twice === null || once === twice, 'a constraint twice says no more')
  const excluded = holdsUnder({ permitted: [], excluded: narrowing.permitted })
  const permitted = holdsUnder({ permitted: narrowing.permitted, excluded: [] })
  const names = subjectAltName.filter(({ kind }) =>
    narrowing.permitted.some((subtree) => subtree.kind === kind && kind !== 'unread'),
  )
  if (names.length > 0) {
    must(!(permitted === true && excluded === true), 'a name is not both inside and outside')
  }
}

export const derTargets: readonly FuzzTarget[] = [readerTarget, signatureTarget, nameTarget]
