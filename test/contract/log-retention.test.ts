import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { Database } from '../../services/database/database.ts'
import { migrate, migrationsOf } from '../../services/database/migrate.ts'
import { openDatabase } from '../../services/database/open.ts'
import { openTemporaryDatabase } from '../../services/database/temporary-database.ts'
import { LogRetention } from '../../services/policy/log-retention.ts'
import { PolicyDatabase, type DecisionRow } from '../../services/policy/store.ts'
import { freshDatabase, realServer } from '../support/servers.ts'

interface Opened {
  readonly database: Database
  readonly close: () => Promise<void>
}

const NOW = new Date('2026-12-01T00:00:00Z')
const DAY = 86_400_000
const daysAgo = (days: number) => new Date(NOW.getTime() - days * DAY)

/** A decision as old as that; ids are ordered by time. */
function decision(days: number, given: Partial<DecisionRow> = {}): DecisionRow {
  const decidedAt = daysAgo(days)
  return {
    id: `${String(decidedAt.getTime())}-${given.subjectRef ?? 'anna'}-${given.axis ?? 'IAL'}-${given.occasion ?? 'change'}`,
    ...{ subjectRef: 'anna', framework: 'nist-800-63A-4', axis: 'IAL', level: 'IAL2' },
    ...{ firedRules: [], validUntil: null, policyDigest: 'p', factsDigest: 'f' },
    ...{ causeEventId: '', decidedAt, occasion: 'change', questionId: null, relyingParty: null },
    ...{ requested: null, satisfied: null, ceremony: null },
    ...given,
  }
}

function contract(name: string, open: () => Promise<Opened>): void {
  describe(`the decision log is kept for its time on ${name}`, () => {
    let opened: Opened
    let store: PolicyDatabase
    let retention: LogRetention
    beforeEach(async () => {
      opened = await open()
      const { database } = opened
      store = new PolicyDatabase(database)
      retention = new LogRetention({ database, store, days: 100 })
    })
    afterEach(() => opened.close())

    const keep = (...rows: readonly DecisionRow[]) =>
      opened.database.run((tx) => store.addDecisions(tx, rows))
    const level = (subjectRef: string, axis = 'IAL') =>
      opened.database.run((tx) =>
        store.saveLevel(tx, {
          ...{ subjectRef, framework: 'nist-800-63A-4', axis, level: 'IAL2', missing: [] },
          ...{ validUntil: null, dueAt: null, policyDigest: 'p', factsDigest: 'f', decidedAt: NOW },
        }),
      )
    const ages = async () => {
      const rows = await opened.database.read((tx) => store.decisionsAfter(tx, {}, '', 5000))
      return rows.map(({ decidedAt }) => (NOW.getTime() - decidedAt.getTime()) / DAY)
    }

    test('what is older goes, what is as old or younger stays', async () => {
      const check = { occasion: 'check', relyingParty: 'bank' } as const
      await keep(decision(101, check), decision(100, check), decision(99, check))
      expect(await retention.sweep(NOW)).toBe(1)
      expect(await ages()).toEqual([100, 99])
      expect(await retention.sweep(NOW)).toBe(0)
      expect(await retention.sweep(new Date(NOW.getTime() + DAY))).toBe(1)
      expect(await ages()).toEqual([99])
    })

    test('the change that a level of today comes from stays, and no other change', async () => {
      await level('anna')
      await keep(decision(400), decision(300, { level: 'none' }), decision(200))
      await keep(decision(250, { axis: 'no_ial' }), decision(260, { subjectRef: 'bo' }))
      await keep(decision(150, { occasion: 'check' }))
      await retention.sweep(NOW)
      expect(await ages()).toEqual([200])
    })

    test('an old change goes once a younger one stands behind the level', async () => {
      await level('anna')
      await keep(decision(200), decision(50, { level: 'none' }))
      await retention.sweep(NOW)
      expect(await ages()).toEqual([50])
    })

    test('a long log goes a page at a time, past what stays', async () => {
      const people = Array.from({ length: 600 }, (_, i) => `p${String(i).padStart(3, '0')}`)
      for (const subjectRef of people) await level(subjectRef)
      await keep(...people.map((subjectRef) => decision(900, { subjectRef })))
      for (let i = 0; i < 600; i += 100)
        await keep(
          ...people
            .slice(i, i + 100)
            .map((s, j) => decision(800 - i - j, { subjectRef: s, occasion: 'check' })),
        )
      expect(await retention.sweep(NOW)).toBe(500)
      expect(await ages()).toHaveLength(1200)
      expect(await retention.sweep(NOW)).toBe(500)
      expect(await ages()).toHaveLength(800)
      expect(await retention.sweep(NOW)).toBe(200)
      expect(await ages()).toEqual(people.map(() => 900))
      expect(await retention.sweep(NOW)).toBe(0)
    })
  })
}

contract('SQLite', async () => {
  const temporary = await openTemporaryDatabase('policy')
  return { database: temporary.database, close: () => temporary[Symbol.asyncDispose]() }
})

const tier = await realServer('postgres')
if (tier.available) {
  contract('PostgreSQL', async () => {
    const database = openDatabase({ kind: 'postgres', url: await freshDatabase(tier.address) })
    await migrate(database, [migrationsOf('policy')])
    return { database, close: () => database.close() }
  })
}
