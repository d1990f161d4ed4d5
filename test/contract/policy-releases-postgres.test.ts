import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { migrate, migrationsOf } from '../../services/database/migrate.ts'
import { openDatabase } from '../../services/database/open.ts'
import { openTemporaryDatabase } from '../../services/database/temporary-database.ts'
import type { UnitOfWork } from '../../services/database/unit-of-work.ts'
import { SqliteEventLog } from '../../services/eventlog/sqlite-event-log.ts'
import { assembleEventCore } from '../../services/eventlog/temporary-event-core.ts'
import { FrozenClock } from '../../services/kernel/clock.ts'
import { createLog } from '../../services/kernel/log.ts'
import type { Policy } from '../../services/policy/policy.ts'
import { ReleaseStore } from '../../services/policy/release/release-store.ts'
import { authorCode } from '../../services/policy/release/release.ts'
import {
  ANNA,
  BO,
  openPolicyStand,
  propose,
  publish,
  withoutEquivalence,
  type PolicyStand,
} from '../../services/policy/release/stand-releases.ts'
import { freshDatabase, realServer } from '../support/servers.ts'

const CLO = 'subject-clo'
const tier = await realServer('postgres')

/** State on PostgreSQL; the log of events, which has no part in this, in a file. */
async function openCore(address: string, now: string) {
  const url = await freshDatabase(address)
  const database = openDatabase({ kind: 'postgres', url })
  await migrate(database, ['eventlog', 'policy'].map(migrationsOf))
  const temporary = await openTemporaryDatabase('eventlog')
  const clock = new FrozenClock(now)
  const core = await assembleEventCore({
    ...{ database, clock, environment: 'simulator', log: createLog('silent') },
    eventLog: new SqliteEventLog({ database: temporary.database, clock }),
  })
  return {
    ...core,
    async [Symbol.asyncDispose]() {
      await core[Symbol.asyncDispose]()
      await temporary[Symbol.asyncDispose]()
      await database.close()
    },
  }
}

/**
 * Two processes whose next transactions are open at once: the second one has its view of the database, without what the first
 * one wrote, before the first is committed.
 */
async function racing({ core, open }: PolicyStand): Promise<readonly [Policy, Policy]> {
  const { database } = core
  const store = new ReleaseStore(database)
  const [firstWrote, secondLooked] = [Promise.withResolvers<void>(), Promise.withResolvers<void>()]
  let begun = false
  const through = (run: UnitOfWork['run']): UnitOfWork => ({
    dialect: database.dialect,
    read: (query) => database.read(query),
    run: (work) => (begun ? run(work) : database.run(work)),
    close: () => database.close(),
  })
  const first = through((work) =>
    database.run(async (tx) => {
      const result = await work(tx)
      firstWrote.resolve()
      await secondLooked.promise
      return result
    }),
  )
  const second = through(async (work) => {
    await firstWrote.promise
    return database.run(async (tx) => {
      await store.head(tx)
      secondLooked.resolve()
      return work(tx)
    })
  })
  const processes = [open({ database: first }), open({ database: second })] as const
  for (const one of processes) await one.activate()
  begun = true
  return processes
}

const CONFLICT = {
  status: 'rejected',
  reason: expect.objectContaining({ code: 'CONFLICT' }) as unknown,
}

describe.skipIf(!tier.available)('of two who decide at once on PostgreSQL', () => {
  if (!tier.available) return
  let stand: PolicyStand
  let version = 0

  beforeAll(async () => {
    stand = await openPolicyStand({}, (now) => openCore(tier.address, now))
    await stand.policy.authors.askForRole(CLO)
    await stand.policy.authors.grantRole(authorCode(CLO), true)
  })
  afterAll(() => stand[Symbol.asyncDispose]())

  const proposed = async (by: Policy) => {
    version += 1
    return (await propose(by, withoutEquivalence(by, `1.${version}.0`))).row
  }
  const stateOf = async (id: string) => (await stand.policy.proposals.one(id)).row.state
  const released = async () => (await stand.policy.releases.releases()).length

  test('on one proposal, the first publishes it and the other is refused', async () => {
    const row = await proposed(stand.policy)
    const [one, other] = await racing(stand)
    const [first, second] = await Promise.allSettled([
      one.releases.approve(BO, row.id, row.contentDigest),
      other.releases.approve(CLO, row.id, row.contentDigest),
    ])
    expect([first.status, second]).toEqual(['fulfilled', CONFLICT])
    expect([await stateOf(row.id), await released()]).toEqual(['published', 1])
  })

  test('on two proposals, one is published and the other stays open', async () => {
    await stand.policy.releases.refresh()
    const rows = [await proposed(stand.policy), await proposed(stand.policy)] as const
    const [one, other] = await racing(stand)
    const [first, second] = await Promise.allSettled([
      one.releases.approve(BO, rows[0].id, rows[0].contentDigest),
      other.releases.approve(CLO, rows[1].id, rows[1].contentDigest),
    ])
    expect([first.status, second]).toEqual(['fulfilled', CONFLICT])
    expect([await stateOf(rows[0].id), await stateOf(rows[1].id)]).toEqual(['published', 'open'])
    expect(await released()).toBe(2)
  })

  test('the author who withdraws is believed before the other who approves', async () => {
    await stand.policy.releases.refresh()
    const row = await proposed(stand.policy)
    const [one, other] = await racing(stand)
    const [first, second] = await Promise.allSettled([
      one.proposals.withdraw(ANNA, row.id),
      other.releases.approve(BO, row.id, row.contentDigest),
    ])
    expect([first.status, second]).toEqual(['fulfilled', CONFLICT])
    expect([await stateOf(row.id), await released()]).toEqual(['withdrawn', 2])
  })

  test('both publish where one comes after the other', async () => {
    const [one, other] = [stand.open(), stand.open()]
    await one.activate()
    await publish(one, withoutEquivalence(one, '1.8.0'))
    await other.activate()
    await publish(other, withoutEquivalence(other, '1.9.0'))
    expect(await released()).toBe(4)
  })
})
