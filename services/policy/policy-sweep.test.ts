import { describe, expect, test } from 'vitest'
import { AssuranceChanged } from '../../proto/gen/watashi/policy/v1/policy.ts'
import { policiesWithTown } from '../../test/policy/town-policies.ts'
import type { UnitOfWork } from '../database/unit-of-work.ts'
import { openTemporaryEventCore } from '../eventlog/temporary-event-core.ts'
import { TOPICS } from '../kernel/event.ts'
import { createLog } from '../kernel/log.ts'
import { systemRandom } from '../kernel/random.ts'
import { temporaryReleaseKeys } from '../rpc/temporary-key-series.ts'
import { createPolicy } from './policy.ts'
import { createGateDesk } from './release/gate-thread-pool.ts'
import * as sqlite from './schema.sqlite.ts'
import { PolicyDatabase } from './store.ts'

const NOW = '2026-06-01T00:00:00Z'
const RELEASE_KEYS = temporaryReleaseKeys()
/** What each person has shown; in the order of their references those who rise come first. */
const PERSONS = {
  'a-rises': ['epassport'],
  'b-falls': ['jpki_sign_cert'],
  'c-stays': ['epassport', 'jpki_sign_cert'],
  'd-rises': ['epassport'],
  'e-falls': ['jpki_sign_cert'],
}
const FALLS = ['b-falls shown → nothing', 'e-falls shown → nothing']
const RISES = ['a-rises nothing → shown', 'd-rises nothing → shown']

/** Five persons who were scored while one kind of document counted; then the other one does. */
async function standWithChange() {
  const core = await openTemporaryEventCore({ services: ['policy'], now: NOW })
  const { database, clock } = core
  const policyOf = async (kind: string, on: UnitOfWork = database) =>
    createPolicy({
      database: on,
      publisher: core.publisher('policy'),
      clock,
      random: systemRandom,
      log: createLog('silent'),
      releaseKeys: RELEASE_KEYS,
      gates: createGateDesk(createLog('silent')),
      policies: await policiesWithTown(kind),
      pack: 'town-default',
    })
  const before = await policyOf('jpki_sign_cert')
  await before.activate()
  for (const [subjectRef, kinds] of Object.entries(PERSONS)) {
    const evidence = kinds.map((kind, i) => ({ id: `e${i}`, kind }))
    const fact = { kind: 'proofing', proofingId: `p-${subjectRef}`, facts: { evidence } } as const
    await database.run((tx) => before.apply(tx, { kind: 'fact', subjectRef, fact }, 'event'))
  }
  const changes = async () => {
    const events = await core.events(TOPICS.subject)
    return events
      .filter(({ type }) => type.endsWith('AssuranceChanged'))
      .map(({ value }) => AssuranceChanged.decode(value))
      .filter(({ from }) => from !== '')
      .map(({ subjectRef, from, to }) => `${subjectRef} ${from} → ${to}`)
      .sort()
  }
  clock.set('2026-06-02T00:00:00Z')
  const after = await policyOf('epassport')
  await after.activate()
  return { ...{ core, database, clock, before, after, changes, policyOf }, tables: sqlite }
}

test('after a change of policy nobody is raised before all have fallen, and who stays is confirmed', async () => {
  const { core, database, clock, after, changes } = await standWithChange()
  await using _ = core
  expect(await after.rescoreDue(clock.now())).toBe(5)
  expect(await changes()).toEqual(FALLS)
  while ((await after.rescoreDue(clock.now())) > 0);
  expect(await changes()).toEqual([...RISES, ...FALLS].sort())
  const store = new PolicyDatabase(database)
  for (const subjectRef of Object.keys(PERSONS)) {
    const [row] = await database.read((tx) => store.levels(tx, subjectRef))
    expect(row).toMatchObject({ policyDigest: after.digest, dueAt: null, decidedAt: clock.now() })
  }
})

test('who falls is told though another one could not be scored, who is scored at the next walk', async () => {
  const { core, database, clock, changes, policyOf } = await standWithChange()
  await using _ = core
  let runs = 0
  const after = await policyOf('epassport', {
    dialect: database.dialect,
    read: (query) => database.read(query),
    close: () => database.close(),
    async run(work) {
      runs += 1
      // The first one looks at everybody, the second one scores the first who falls.
      if (runs === 2) throw new TypeError('the disk is full')
      return database.run(work)
    },
  })
  await expect(after.rescoreDue(clock.now())).rejects.toThrow('the disk is full')
  expect(await changes()).toEqual(['e-falls shown → nothing'])
  expect(await after.rescoreDue(clock.now())).toBe(3)
  expect(await changes()).toEqual(FALLS)
  while ((await after.rescoreDue(clock.now())) > 0);
  expect(await changes()).toEqual([...RISES, ...FALLS].sort())
})

describe('persons as they were coded', () => {
  const wordsOf = async ({ database, tables }: Awaited<ReturnType<typeof standWithChange>>) =>
    database.read(async (tx) => tx.select().from(tables.coded).orderBy(tables.coded.subjectRef))

  test('are kept with the facts that they were made of, and forgotten with the person', async () => {
    const stand = await standWithChange()
    await using _ = stand.core
    const store = new PolicyDatabase(stand.database)
    for (const { subjectRef, factsDigest } of await wordsOf(stand)) {
      const [level] = await stand.database.read((tx) => store.levels(tx, subjectRef))
      expect(factsDigest).toBe(level?.factsDigest)
    }
    const subjectRef = 'c-stays'
    await stand.database.run((tx) => stand.after.apply(tx, { kind: 'erased', subjectRef }, 'gone'))
    expect((await wordsOf(stand)).map((row) => row.subjectRef)).toEqual(
      Object.keys(PERSONS).filter((ref) => ref !== subjectRef),
    )
  })

  test('are what the walk looks at: no fact is read', async () => {
    const stand = await standWithChange()
    await using _ = stand.core
    const { database, tables, after, clock, changes } = stand
    await database.run(async (tx) => tx.delete(tables.facts))
    expect(await after.rescoreDue(clock.now())).toBe(5)
    // Of no facts, who stays would fall too.
    expect(await changes()).toEqual(FALLS)
  })

  test.each([
    ['of other facts', { factsDigest: 'of other facts' }],
    ['of another coding', { coding: 'another one' }],
  ])('are made again where they are %s', async (_what, other) => {
    const stand = await standWithChange()
    await using _ = stand.core
    const { database, tables, after, clock, changes } = stand
    const kept = await wordsOf(stand)
    const [anyone] = kept
    await database.run(async (tx) =>
      tx.update(tables.coded).set({ ...other, words: anyone?.words ?? new Uint8Array() }),
    )
    while ((await after.rescoreDue(clock.now())) > 0);
    expect(await changes()).toEqual([...RISES, ...FALLS].sort())
    expect(await wordsOf(stand)).toEqual(kept)
  })
})
