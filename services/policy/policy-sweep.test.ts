import { expect, test } from 'vitest'
import { AssuranceChanged } from '../../proto/gen/watashi/policy/v1/policy.ts'
import { policiesWithTown } from '../../test/policy/town-policies.ts'
import { openTemporaryEventCore } from '../eventlog/temporary-event-core.ts'
import { TOPICS } from '../kernel/event.ts'
import { createLog } from '../kernel/log.ts'
import { systemRandom } from '../kernel/random.ts'
import { temporaryReleaseKeys } from '../rpc/temporary-key-series.ts'
import { createPolicy } from './policy.ts'
import { createGateDesk } from './release/gate-thread-pool.ts'
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

test('after a change of policy nobody is raised before all have fallen, and who stays is confirmed', async () => {
  await using core = await openTemporaryEventCore({ services: ['policy'], now: NOW })
  const { database, clock } = core
  const policyOf = async (kind: string) =>
    createPolicy({
      database,
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
  expect(await after.rescoreDue(clock.now())).toBe(5)
  expect(await changes()).toEqual(['b-falls shown → nothing', 'e-falls shown → nothing'])
  while ((await after.rescoreDue(clock.now())) > 0);
  expect(await changes()).toEqual([
    'a-rises nothing → shown',
    'b-falls shown → nothing',
    'd-rises nothing → shown',
    'e-falls shown → nothing',
  ])
  const store = new PolicyDatabase(database)
  for (const subjectRef of Object.keys(PERSONS)) {
    const [row] = await database.read((tx) => store.levels(tx, subjectRef))
    expect(row).toMatchObject({ policyDigest: after.digest, dueAt: null, decidedAt: clock.now() })
  }
})
