import { asc } from 'drizzle-orm'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import * as postgresColumns from '../../services/database/columns-postgres.ts'
import * as sqliteColumns from '../../services/database/columns-sqlite.ts'
import type { Database } from '../../services/database/database.ts'
import { tablesFor } from '../../services/database/tables.ts'
import type { ConsumerDefinition } from '../../services/eventlog/consumer.ts'
import type { EventLog } from '../../services/eventlog/event-log.ts'
import { inspectParkedKey, replayParkedKey } from '../../services/eventlog/parked-events.ts'
import { runConsumer } from '../../services/eventlog/run-consumer.ts'
import {
  assembleEventCore,
  type TemporaryEventCore,
} from '../../services/eventlog/temporary-event-core.ts'
import { utf8 } from '../../services/kernel/bytes.ts'
import { FrozenClock } from '../../services/kernel/clock.ts'
import { InvalidInput } from '../../services/kernel/errors.ts'
import { TOPICS, type OutgoingEvent } from '../../services/kernel/event.ts'
import { createLog } from '../../services/kernel/log.ts'
import { ChaosEventLog, seeded } from './chaos.ts'

/** The projection of these tests: one row per effect, and no key that would hide a second one. */
export const DDL = {
  sqlite:
    'create table contract_effect (seq integer primary key autoincrement, consumer text not null, subject text not null, body text not null)',
  postgres:
    'create table contract_effect (seq bigserial primary key, consumer text not null, subject text not null, body text not null)',
}
const sqlite = {
  effect: sqliteColumns.table('contract_effect', {
    seq: sqliteColumns.sequence('seq'),
    consumer: sqliteColumns.text('consumer').notNull(),
    subject: sqliteColumns.text('subject').notNull(),
    body: sqliteColumns.text('body').notNull(),
  }),
}
const postgres = {
  effect: postgresColumns.table('contract_effect', {
    seq: postgresColumns.sequence('seq'),
    consumer: postgresColumns.text('consumer').notNull(),
    subject: postgresColumns.text('subject').notNull(),
    body: postgresColumns.text('body').notNull(),
  }),
}

export interface EventCoreParts {
  /** With the schema of `eventlog` and the table of `DDL`. */
  readonly database: Database
  readonly eventLog: EventLog
  close(): Promise<void>
}

/** Outbox, relay, log and consumers together: P1–P3 of the promises, on a database and a log that belong together. */
export function eventCoreContract(name: string, open: () => Promise<EventCoreParts>): void {
  describe(`event core contract: ${name}`, () => {
    let parts: EventCoreParts
    let core: TemporaryEventCore
    let effect: (typeof sqlite)['effect']
    beforeAll(async () => {
      parts = await open()
      effect = tablesFor(parts.database.dialect, sqlite, postgres).effect
      core = await assembleEventCore({
        ...parts,
        eventLog: new ChaosEventLog(parts.eventLog, seeded(7)),
        clock: new FrozenClock('2026-04-01T00:00:00Z'),
        environment: 'simulator',
        log: createLog('silent'),
      })
    })
    afterAll(async () => {
      await core[Symbol.asyncDispose]()
      await parts.close()
    })

    const parkedOf = (consumer: string, key: string) =>
      inspectParkedKey(core.dependencies, consumer, TOPICS.subject, key)

    const projection = (
      consumer: string,
      refuse: (body: string) => boolean = () => false,
    ): ConsumerDefinition => ({
      name: consumer,
      topics: [TOPICS.subject],
      apply: async (tx, { key, value }) => {
        const body = Buffer.from(value).toString()
        await tx.insert(effect).values({ consumer, subject: key, body })
        if (refuse(body)) throw new InvalidInput('body', 'another text')
      },
    })

    const effects = async (consumer: string): Promise<Record<string, string[]>> => {
      const rows = await parts.database.read((tx) =>
        tx.select().from(effect).orderBy(asc(effect.seq)),
      )
      const found: Record<string, string[]> = {}
      for (const row of rows) {
        if (row.consumer === consumer) (found[row.subject] ??= []).push(row.body)
      }
      return found
    }

    test('gives each event one effect per consumer, in order per key, whatever the log repeats', async () => {
      core.consume(projection('contract.first'))
      core.consume(projection('contract.second'))
      const next = seeded(11)
      const expected: Record<string, string[]> = {}
      for (let round = 0; round < 20; round += 1) {
        const works = Array.from({ length: 20 }, (_, i) => {
          const key = `a-${Math.floor(next() * 40)}`
          const body = `${round}.${i}`
          const rollBack = next() < 0.1
          return { key, body, rollBack }
        })
        // One after the other per key, so that the order to expect is known.
        for (const group of Map.groupBy(works, (work) => work.key).values()) {
          for (const { key, body, rollBack } of group) {
            const done = core.database.run(async (tx) => {
              await core.publisher('wallet').publish(tx, event(key, body))
              if (rollBack) throw new RangeError('undo')
            })
            if (rollBack) await expect(done).rejects.toThrow(RangeError)
            else {
              await done
              ;(expected[key] ??= []).push(body)
            }
          }
        }
      }
      await core.settle()
      expect(await effects('contract.first')).toEqual(expected)
      expect(await effects('contract.second')).toEqual(expected)
    })

    test('keeps events of many writers, none lost and none twice', async () => {
      core.consume(projection('contract.writers'))
      const writers = Array.from({ length: 8 }, async (_, writer) => {
        for (let i = 0; i < 25; i += 1) {
          await core.database.run((tx) =>
            core.publisher('policy').publish(tx, event(`w-${writer}-${i % 5}`, `${i}`)),
          )
        }
      })
      const shared = Array.from({ length: 20 }, (_, i) =>
        core.database.run((tx) => core.publisher('policy').publish(tx, event('w-shared', `${i}`))),
      )
      await Promise.all([...writers, ...shared])
      await core.settle()
      const found = await effects('contract.writers')
      for (let writer = 0; writer < 8; writer += 1) {
        for (let k = 0; k < 5; k += 1) {
          expect(found[`w-${writer}-${k}`]).toEqual([k, k + 5, k + 10, k + 15, k + 20].map(String))
        }
      }
      expect(found['w-shared']?.toSorted()).toEqual(
        Array.from({ length: 20 }, (_, i) => String(i)).toSorted(),
      )
    })

    test('parks the key at fault with no trace of its effect, lets others pass, and replays it', async () => {
      let broken = true
      const definition = projection('contract.parking', (body) => broken && body === 'bad')
      core.consume(definition)
      await core.database.run(async (tx) => {
        for (const [key, body] of [
          ['p-1', 'before'],
          ['p-1', 'bad'],
          ['p-2', 'other'],
          ['p-1', 'after'],
        ] as const) {
          await core.publisher('proofing').publish(tx, event(key, body))
        }
      })
      await core.settle()
      const parked = await effects('contract.parking')
      expect([parked['p-1'], parked['p-2']]).toEqual([['before'], ['other']])
      const waiting = await inspectParkedKey(
        core.dependencies,
        'contract.parking',
        TOPICS.subject,
        'p-1',
      )
      // The log may repeat what waits, too.
      expect(waiting[0]).toMatchObject({ reason: 'INVALID_INPUT', first: true })
      expect(new Set(waiting.slice(1).map((one) => one.reason))).toEqual(
        new Set(['EVENT_KEY_PARKED']),
      )
      broken = false
      await replayParkedKey(core.dependencies, definition, TOPICS.subject, 'p-1')
      expect((await effects('contract.parking'))['p-1']).toEqual(['before', 'bad', 'after'])
    })

    test('replays a key while its consumer runs, and leaves nothing parked that came meanwhile', async () => {
      let broken = true
      const name = 'contract.replaying'
      const definition = projection(name, (body) => broken && body === 'bad')
      const publish = (body: string): Promise<unknown> =>
        core.database.run((tx) => core.publisher('proofing').publish(tx, event('r-1', body)))
      const before = runConsumer(definition, core.dependencies)
      await publish('bad')
      await expect.poll(() => parkedOf(name, 'r-1'), { timeout: 20_000 }).not.toEqual([])
      await before.stop()
      broken = false
      await publish('meanwhile')
      await expect.poll(() => core.relay.pending(), { timeout: 20_000 }).toBe(0)

      const inside = Promise.withResolvers<void>()
      const gate = Promise.withResolvers<void>()
      const slow: ConsumerDefinition = {
        ...definition,
        async apply(tx, received) {
          inside.resolve()
          await gate.promise
          await definition.apply(tx, received)
        },
      }
      const replayed = replayParkedKey(core.dependencies, slow, TOPICS.subject, 'r-1')
      await inside.promise
      const after = runConsumer(definition, {
        ...core.dependencies,
        onStep: (step) => void (step === 'after-fetch' && gate.resolve()),
      })
      await replayed
      await expect.poll(() => after.lag(), { timeout: 20_000 }).toBe(0)
      await after.stop()
      expect((await effects(name))['r-1']).toEqual(['bad', 'meanwhile'])
      expect(await parkedOf(name, 'r-1')).toEqual([])
    })

    test('gives one effect when two instances of a consumer come and go', async () => {
      const definition = projection('contract.scaled')
      const first = runConsumer(definition, core.dependencies)
      const expected: Record<string, string[]> = {}
      const publish = async (round: number): Promise<void> => {
        for (let i = 0; i < 10; i += 1) {
          const key = `s-${i}`
          await core.database.run((tx) =>
            core.publisher('federation').publish(tx, event(key, `${round}`)),
          )
          ;(expected[key] ??= []).push(`${round}`)
        }
      }
      await publish(0)
      const second = runConsumer(definition, core.dependencies)
      await publish(1)
      await expect.poll(() => second.lag(), { timeout: 20_000 }).toBe(0)
      await first.stop()
      await publish(2)
      await core.settle()
      await expect.poll(() => second.lag(), { timeout: 20_000 }).toBe(0)
      await second.stop()
      const found = await effects('contract.scaled')
      expect(Object.fromEntries(Object.keys(expected).map((key) => [key, found[key]]))).toEqual(
        expected,
      )
    })
  })
}

function event(key: string, body: string): OutgoingEvent {
  return {
    topic: TOPICS.subject,
    key,
    type: 'watashi.identity.v1.IdentityProofed',
    value: utf8(body),
    occurredAt: new Date('2026-04-01T00:00:00Z'),
  }
}
