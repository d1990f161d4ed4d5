import { afterAll, beforeAll, describe, expect, test } from 'vitest'
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
import { openAtOnce } from '../support/open-at-once.ts'
import { openPostgresCore } from '../support/postgres-core.ts'
import { realServer } from '../support/servers.ts'

const CLO = 'subject-clo'
const tier = await realServer('postgres')

/** Two processes whose next transactions are open at once. */
async function racing({ core, open }: PolicyStand): Promise<readonly [Policy, Policy]> {
  const store = new ReleaseStore(core.database)
  const race = openAtOnce(core.database, (tx) => store.head(tx))
  const processes = [open({ database: race.first }), open({ database: race.second })] as const
  for (const one of processes) await one.activate()
  race.begin()
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
    stand = await openPolicyStand({}, (now) => openPostgresCore(tier.address, ['policy'], now))
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

  test('both publish where one comes after the other, the second with the key that the first handed over to', async () => {
    const [one, other] = [stand.open(), stand.open()]
    await one.activate()
    await one.releaseKeys.rotate()
    const first = await publish(one, withoutEquivalence(one, '1.8.0'))
    await other.activate()
    const second = await publish(other, withoutEquivalence(other, '1.9.0'))
    expect(second.kid).toBe(first.content.successor?.kid)
    expect(second.kid).not.toBe(first.kid)
    expect(await released()).toBe(4)
    const started = stand.open()
    await started.activate()
    expect(started.releases.current().sequence).toBe(4)
  })
})
