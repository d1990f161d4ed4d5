import { describe, expect, test } from 'vitest'
import { openPolicyStand } from '../../services/policy/release/stand-releases.ts'
import { PolicyDatabase } from '../../services/policy/store.ts'
import { cardTap } from '../policy/card-tap.ts'
import { openAtOnce } from '../support/open-at-once.ts'
import { openPostgresCore } from '../support/postgres-core.ts'
import { realServer } from '../support/servers.ts'

const SUBJECT = 'subject-clo'
const DAYS = 2
const tier = await realServer('postgres')

describe.skipIf(!tier.available)('a person on PostgreSQL who is due to be scored again', () => {
  if (!tier.available) return

  test.each([
    ['has no level when erased meanwhile', true, []],
    ['has a new decision on each axis when not', false, ['3', 'IAL2']],
  ])('%s', async (_what, isErased, expected) => {
    await using stand = await openPolicyStand({}, (now) =>
      openPostgresCore(tier.address, ['policy'], now),
    )
    const { core, open } = stand
    const { database, clock } = core
    const store = new PolicyDatabase(database)
    const facts = cardTap(clock.now(), DAYS, 'good')
    const fact = { kind: 'proofing', proofingId: 'p2', facts } as const
    const subjectRef = SUBJECT
    await database.run((tx) => stand.policy.apply(tx, { kind: 'fact', subjectRef, fact }, 'e-2'))
    const race = openAtOnce(database, (tx) => store.person(tx, SUBJECT))
    const scoring = open({ database: isErased ? race.second : database })
    await scoring.activate()
    while ((await scoring.rescoreDue(clock.now())) > 0);

    clock.set(new Date(clock.now().getTime() + (DAYS + 1) * 86_400_000).toISOString())
    race.begin()
    const erase = () =>
      race.first.run((tx) => stand.policy.apply(tx, { kind: 'erased', subjectRef }, 'gone'))
    await Promise.all([scoring.rescoreDue(clock.now()), ...(isErased ? [erase()] : [])])
    const levels = await database.read((tx) => store.levels(tx, SUBJECT))
    expect(levels.map(({ level }) => level)).toEqual(expected)
    expect(levels.every(({ decidedAt }) => decidedAt.getTime() === clock.now().getTime())).toBe(
      true,
    )
  })
})
