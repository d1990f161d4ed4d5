import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { openTemporaryDatabase } from '../../database/temporary-database.ts'
import { ReleaseChain } from './release-chain.ts'
import { ReleaseStore } from './release-store.ts'
import { signRelease, type Release, type ReleaseContent, type ReleaseKey } from './release.ts'
import { asSuccessor, type SuccessorKey } from './trusted-keys.ts'

const [K1, K2, K3, OTHER] = [newKey(), newKey(), newKey(), newKey()]

function newKey(): ReleaseKey {
  return generateKeyPairSync('ed25519')
}

function to({ publicKey }: ReleaseKey): SuccessorKey {
  return asSuccessor(publicKey)
}

interface Link {
  readonly by: ReleaseKey
  readonly successor?: SuccessorKey
  /** What somebody writes over the row. */
  readonly forged?: Partial<ReleaseContent>
}

function contentOf(sequence: number, previous: string | null): ReleaseContent {
  return {
    ...{ sequence, previous, pack: 'watashi-default', policyDigest: '0'.repeat(64), versions: [] },
    documents: new Map([['a/framework.yaml', 'language: 1\n']]),
    ...{ author: 'a', approver: 'b', note: 'as the table says', intent: 'any' },
    ...{ rolledBackTo: null, successor: null, publishedAt: new Date('2026-06-01T00:00:00Z') },
  }
}

/** Releases in a database, each signed over the one before it as it stands there. */
function chainOf(links: readonly Link[]): readonly Release[] {
  const releases: Release[] = []
  for (const { by, successor = null, forged } of links) {
    const content = contentOf(releases.length + 1, releases.at(-1)?.digest ?? null)
    const signed = signRelease({ ...content, successor }, by)
    releases.push({ ...signed, content: { ...signed.content, ...forged } })
  }
  return releases
}

async function refusalOf(
  releases: readonly Release[],
  pinned = K1,
): Promise<{ readonly sequence: number; readonly flaw: string } | null | undefined> {
  await using temporary = await openTemporaryDatabase('policy')
  const { database } = temporary
  const store = new ReleaseStore(database)
  for (const release of releases) await database.run((tx) => store.addRelease(tx, release))
  const chain = new ReleaseChain(store, pinned.publicKey)
  return (await database.read((tx) => chain.newest(tx)))?.refused
}

test('a release that hands nothing over is signed over the same bytes as before it could', () => {
  const { digest } = signRelease(contentOf(1, null), K1)
  expect(digest).toBe('3fcf49b48f759163eeac852f484414209b3c6a0b334e401adfa324131d40aa4d')
})

test.each([
  ['no release', [], undefined],
  ['one key', [{ by: K1 }, { by: K1 }], null],
  ['a release that hands over, signed with the key before', [{ by: K1, successor: to(K2) }], null],
  ['its successor', [{ by: K1 }, { by: K1, successor: to(K2) }, { by: K2 }, { by: K2 }], null],
  [
    'two that follow one another',
    [{ by: K1, successor: to(K2) }, { by: K2 }, { by: K2, successor: to(K3) }, { by: K3 }],
    null,
  ],
  [
    'two, each of which signs no more than the next one’s name',
    [{ by: K1, successor: to(K2) }, { by: K2, successor: to(K3) }, { by: K3 }],
    null,
  ],
])('%s is believed', async (_what, links, expected) => {
  expect(await refusalOf(chainOf(links))).toBe(expected)
})

describe('refuses', () => {
  test.each<readonly [string, readonly Link[], string, number]>([
    ['a key that nothing vouches for', [{ by: OTHER }], 'KEY_UNKNOWN', 1],
    ['a key that no release named', [{ by: K1 }, { by: K2 }], 'KEY_UNKNOWN', 2],
    [
      'a key after another was named',
      [{ by: K1, successor: to(K2) }, { by: K3 }],
      'KEY_UNKNOWN',
      2,
    ],
    ['a key that names itself', [{ by: K2, successor: to(K2) }], 'KEY_UNKNOWN', 1],
    [
      'the old key once the new one was named',
      [{ by: K1, successor: to(K2) }, { by: K1 }],
      'KEY_RETIRED',
      2,
    ],
    [
      'the old key once the new one has signed',
      [{ by: K1, successor: to(K2) }, { by: K2 }, { by: K1 }],
      'KEY_RETIRED',
      3,
    ],
    [
      'an old key that hands over once more',
      [{ by: K1, successor: to(K2) }, { by: K2 }, { by: K1, successor: to(OTHER) }, { by: OTHER }],
      'KEY_RETIRED',
      3,
    ],
    [
      'a successor that was changed after it was signed',
      [{ by: K1, successor: to(K2), forged: { successor: to(OTHER) } }, { by: OTHER }],
      'DIGEST_MISMATCH',
      1,
    ],
    [
      'a successor that was put into a release that named none',
      [{ by: K1 }, { by: K1, forged: { successor: to(OTHER) } }, { by: OTHER }],
      'DIGEST_MISMATCH',
      2,
    ],
    [
      'a successor that was taken out',
      [{ by: K1, successor: to(K2), forged: { successor: null } }, { by: K1 }],
      'CHAIN_BROKEN',
      2,
    ],
    [
      'the id of another key',
      [{ by: K1, successor: { ...to(K2), kid: to(K3).kid } }],
      'SUCCESSOR_INVALID',
      1,
    ],
    [
      'a successor that is no key',
      [{ by: K1, successor: { kid: 'k', publicKey: '' } }],
      'SUCCESSOR_INVALID',
      1,
    ],
    ['itself as successor', [{ by: K1, successor: to(K1) }], 'SUCCESSOR_INVALID', 1],
    [
      'a successor that was given up before',
      [{ by: K1, successor: to(K2) }, { by: K2, successor: to(K1) }, { by: K1 }],
      'SUCCESSOR_INVALID',
      2,
    ],
  ])('%s', async (_what, links, flaw, sequence) => {
    expect(await refusalOf(chainOf(links))).toEqual({ sequence, flaw })
  })

  test('a release that hands over and does not follow the one before it', async () => {
    const [, second, third] = chainOf([{ by: K1 }, { by: K1, successor: to(K2) }, { by: K2 }])
    const [another] = chainOf([{ by: K1, forged: { note: 'another one' } }])
    const first = another && signRelease(another.content, K1)
    const releases = [first, second, third].filter((one) => one !== undefined)
    expect(await refusalOf(releases)).toEqual({ sequence: 2, flaw: 'CHAIN_BROKEN' })
  })
})

describe('with the pin moved to the key that took over', () => {
  const links = [{ by: K1, successor: to(K2) }, { by: K2 }, { by: K2, successor: to(K3) }]

  test('the chain goes on, and so do later keys', async () => {
    expect(await refusalOf(chainOf(links), K2)).toBeNull()
    expect(await refusalOf(chainOf([...links, { by: K3 }]), K2)).toBeNull()
  })

  test('the key before it signs nothing more, also where everything after it was taken away', async () => {
    const flaw = 'KEY_UNKNOWN'
    expect(await refusalOf(chainOf([...links.slice(0, 2), { by: K1 }]), K2)).toMatchObject({ flaw })
    expect(await refusalOf(chainOf([{ by: K1 }]), K2)).toMatchObject({ flaw })
    expect(await refusalOf(chainOf([{ by: K1 }]), K1)).toBeNull()
  })

  test('a row that names it later does not make the keys between forgotten', async () => {
    const again = [...links, { by: OTHER, successor: to(K2) }, { by: K2 }]
    expect(await refusalOf(chainOf(again), K2)).toEqual({ sequence: 4, flaw: 'KEY_UNKNOWN' })
  })
})
