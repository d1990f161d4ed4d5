import { sign } from 'node:crypto'
import { copyTree, encodeDerTree, setValue, type DerNode } from '../mutation/der-tree.ts'
import { mutateBytes, mutateTree } from '../mutation/mutate.ts'
import type { RandomNumbers } from '../mutation/random.ts'
import { buildCms, DOCUMENT, signingCertificate } from '../pki/cms.ts'
import { encode, type Asn1 } from '../pki/encode.ts'
import { issueOcspResponse, issueResponder } from '../pki/issue.ts'
import { issue, policies, USAGE, type Entity } from '../pki/issue-path.ts'
import type { TestKey } from '../pki/keys.ts'
import type { CmsMutant, Mutant, OcspMutant, PathMutant } from './mutant.ts'
import { copyAlgorithm, nodeAt, signAgain, treeOf } from './resign.ts'
import { ATTRIBUTES, EXTENSIONS, LIST_EXTENSIONS, listsOf, PATHS, root, rootList } from './world.ts'

const SIGNED_AGAIN = 0.75
/** Of each kind, of a hundred. */
const SHARES: readonly (readonly [Mutant['kind'], number])[] = [
  ['target', 45],
  ['intermediate', 18],
  ['crl', 17],
  ['ocsp', 10],
  ['cms', 10],
]

/** Makes mutants of every kind; OCSP answers are of the time `now`, since nothing else can be told to the other judge. */
export class MutantMaker {
  readonly #random: RandomNumbers
  readonly #answers: readonly { readonly what: string; readonly der: Uint8Array }[]

  constructor(random: RandomNumbers, now: Date) {
    this.#random = random
    this.#answers = answersAt(now)
  }

  make(number: number): Mutant {
    const isSignedAgain = this.#random.chance(SIGNED_AGAIN)
    const common = { number, isSignedAgain }
    switch (this.#kind()) {
      case 'target':
        return this.#path('target', common)
      case 'intermediate':
        return this.#path('intermediate', common)
      case 'crl':
        return this.#path('crl', common)
      case 'ocsp':
        return this.#ocsp(common)
      case 'cms':
        return this.#cms(common)
    }
  }

  #kind(): Mutant['kind'] {
    let left = this.#random.below(100)
    for (const [kind, share] of SHARES) {
      if (left < share) return kind
      left -= share
    }
    return 'target'
  }

  #path(kind: PathMutant['kind'], common: Pick<Mutant, 'number' | 'isSignedAgain'>): PathMutant {
    const { what, authority, target } = this.#random.pick(PATHS)
    const list = kind === 'crl' ? this.#random.pick(LISTS.get(authority) ?? []) : null
    const { isSignedAgain } = common
    const changed = (der: Uint8Array, key: TestKey, pool: readonly DerNode[]): Uint8Array =>
      this.#signedMutant(der, isSignedAgain ? key : null, pool)
    return {
      ...common,
      kind,
      what: list === null ? what : `${what}, ${list.what}`,
      target: kind === 'target' ? changed(target.der, authority.key, CERTIFICATE_POOL) : target.der,
      root: root.der,
      intermediates: [
        kind === 'intermediate'
          ? changed(authority.der, root.key, CERTIFICATE_POOL)
          : authority.der,
      ],
      crls: [
        rootList,
        list === null
          ? (PLAIN_LISTS.get(authority) ?? rootList)
          : changed(list.der, authority.key, LIST_POOL),
      ],
    }
  }

  /** Changes `SEQUENCE { signed part, algorithm, signature }`; with a key in the signed part alone, which is signed again. */
  #signedMutant(der: Uint8Array, key: TestKey | null, pool: readonly DerNode[]): Uint8Array {
    const random = this.#random
    if (key === null && random.chance(0.3)) return mutateBytes(der, random)
    const tree = treeOf(der)
    const part = nodeAt(tree, 0)
    if (part === undefined) return der
    if (random.chance(0.6)) changeExtensions(part, random, pool)
    else mutateTree(key === null ? tree : part, random, pool)
    if (key === null) return encodeDerTree(tree)
    const algorithm = part.children?.find(({ tag }) => tag === 0x30)
    if (random.chance(0.7)) copyAlgorithm(tree, algorithm)
    signAgain(tree, key)
    return encodeDerTree(tree)
  }

  #ocsp(common: Pick<Mutant, 'number' | 'isSignedAgain'>): OcspMutant {
    const random = this.#random
    const { what, der } = random.pick(this.#answers)
    const tree = treeOf(der)
    const basic = nodeAt(tree, 1, 0, 1, 0)
    const part = nodeAt(basic ?? tree, 0)
    if (common.isSignedAgain && part !== undefined) {
      mutateTree(part, random, LIST_POOL)
      signAgain(basic, what.includes('delegate') ? responder.key : issuer.key)
    } else mutateTree(tree, random)
    const response = encodeDerTree(tree)
    const certificate = answered.der
    return { ...common, kind: 'ocsp', what, response, certificate, issuer: root.der }
  }

  #cms(common: Pick<Mutant, 'number' | 'isSignedAgain'>): CmsMutant {
    const random = this.#random
    const { what, der, signer } = random.pick(MESSAGES)
    const tree = treeOf(der)
    const info = nodeAt(tree, 1, 0, -1, 0)
    if (common.isSignedAgain && info !== undefined) {
      changeSigner(info, random)
      signAttributesAgain(info, signer.key)
    } else mutateTree(tree, random)
    return { ...common, kind: 'cms', what, cms: encodeDerTree(tree), root: root.der }
  }
}

const nodesOf = (values: readonly Asn1[]): DerNode[] => values.map((one) => treeOf(encode(one)))
const CERTIFICATE_POOL = nodesOf(EXTENSIONS)
const LIST_POOL = nodesOf(LIST_EXTENSIONS)
const LISTS = new Map(PATHS.map(({ authority }) => [authority, listsOf(authority)]))
const PLAIN_LISTS = new Map(
  [...LISTS].map(([authority, lists]) => [authority, lists[0]?.der ?? rootList]),
)

/** Adds, replaces, removes or bends an extension of a certificate or a list. */
function changeExtensions(part: DerNode, random: RandomNumbers, pool: readonly DerNode[]): void {
  const list = part.children?.findLast(({ tag }) => tag === 0xa3 || tag === 0xa0)?.children?.[0]
  const extensions = list?.children
  if (!extensions || extensions.length === 0) return mutateTree(part, random, pool)
  const at = random.below(extensions.length)
  const donor = copyTree(random.pick(pool))
  switch (random.below(5)) {
    case 0:
      extensions.splice(at, 1)
      break
    case 1:
      toggleCritical(extensions[at])
      break
    case 2: {
      const same = extensions.findIndex((one) => sameType(one, donor))
      if (same === -1) extensions.push(donor)
      else extensions[same] = donor
      break
    }
    case 3:
      extensions.splice(at, 0, donor)
      break
    default:
      mutateTree(extensions[at] ?? part, random, pool)
  }
}

function sameType(a: DerNode, b: DerNode): boolean {
  const [first, second] = [a, b].map((one) => one.children?.[0]?.value ?? new Uint8Array())
  return Buffer.compare(first ?? new Uint8Array(), second ?? new Uint8Array()) === 0
}

const TRUE = { tag: 1, children: null, value: Uint8Array.of(0xff), before: new Uint8Array() }

function toggleCritical(extension: DerNode | undefined): void {
  const children = extension?.children
  if (!children) return
  if (children[1]?.tag === TRUE.tag) children.splice(1, 1)
  else children.splice(1, 0, { ...TRUE })
}

const SIGNER_ATTRIBUTES = 0xa0

/** Changes what a signer says of itself: digest, attributes, algorithm. */
function changeSigner(info: DerNode, random: RandomNumbers): void {
  const attributes = info.children?.find(({ tag }) => tag === SIGNER_ATTRIBUTES)
  if (attributes?.children && random.chance(0.7)) {
    if (random.chance(0.4)) attributes.children.push(treeOf(random.pick(ATTRIBUTES)))
    else mutateTree(attributes, random)
    if (random.chance(0.7)) {
      attributes.children?.sort((a, b) => Buffer.compare(encodeDerTree(a), encodeDerTree(b)))
    }
  } else mutateTree(info, random)
}

function signAttributesAgain(info: DerNode, { privateKey }: TestKey): void {
  const attributes = info.children?.find(({ tag }) => tag === SIGNER_ATTRIBUTES)
  const signature = info.children?.findLast(({ tag }) => tag === 0x04)
  if (signature === undefined) return
  const covered = attributes === undefined ? DOCUMENT : encodeDerTree({ ...attributes, tag: 0x31 })
  setValue(signature, sign('sha256', covered, privateKey))
}

/** Who issued the certificate that is asked about, in the form that answers are made for. */
const issuer = { key: root.key, nameParts: root.name }
const responder = issueResponder(issuer, {
  notBefore: new Date('2020-01-01T00:00:00Z'),
  notAfter: new Date('2040-01-01T00:00:00Z'),
})
const answered = issue('Answered', { issuer: root, serial: 33, keyUsage: USAGE.digitalSignature })
const SERIAL = Uint8Array.of(33)

function answersAt(now: Date): { readonly what: string; readonly der: Uint8Array }[] {
  const hours = (count: number): Date => new Date(now.getTime() + count * 3_600_000)
  const current = {
    serial: SERIAL,
    thisUpdate: hours(-1),
    nextUpdate: hours(24),
    producedAt: hours(-1),
  }
  const delegate = responder
  const revoked = { reason: 1, revokedAt: hours(-5) }
  const answer = (what: string, options: object): { what: string; der: Uint8Array } => ({
    what,
    der: issueOcspResponse(issuer, { ...current, ...options }),
  })
  return [
    answer('a good answer', {}),
    answer('a good answer without an end', { nextUpdate: null }),
    answer('a good answer by a delegate', { delegate }),
    answer('a revoked one', { status: revoked }),
    answer('an unknown one', { status: 'unknown' }),
    answer('good and revoked', { statuses: ['good', revoked] }),
    answer('a good answer that has ended', { thisUpdate: hours(-9), nextUpdate: hours(-1) }),
    answer('a good answer of tomorrow', { thisUpdate: hours(24), nextUpdate: hours(48) }),
    answer('a good answer about another', { serial: Uint8Array.of(34) }),
  ]
}

const [{ authority: signingAuthority, target: holder } = { authority: root, target: root }] = PATHS

const signer = issue('Signer', {
  issuer: signingAuthority,
  key: holder.key,
  serial: 41,
  keyUsage: USAGE.digitalSignature,
})
const odd = (what: string, more: object): { what: string; signer: Entity } => ({
  what,
  signer: issue('Signer', {
    issuer: signingAuthority,
    key: signer.key,
    serial: 42,
    ...more,
  }),
})
const MESSAGES = [
  { what: 'a document', signer },
  odd('a document by a key for other things', { keyUsage: 0x20 }),
  odd('a document by a certificate that has ended', { notAfter: new Date('2021-01-01T00:00:00Z') }),
  odd('a document under a policy', { extensions: [policies('1.2.3')] }),
].flatMap(({ what, signer: by }) => {
  const certificates = [by.der, signingAuthority.der]
  const named = [signingCertificate([by.der])]
  return [
    { what, signer: by, der: buildCms(by, { certificates }) },
    { what: `${what}, by key`, signer: by, der: buildCms(by, { certificates, byKeyId: true }) },
    {
      what: `${what}, with its certificate named`,
      signer: by,
      der: buildCms(by, { certificates, bend: (own) => [...own, ...named] }),
    },
  ]
})
