import { expect, test } from 'vitest'
import { missingForKafka, startLocalKafka } from '../../deploy/kafka-local/kafka.ts'
import { openTemporaryDatabase } from '../../services/database/temporary-database.ts'
import { KafkaEventLog } from '../../services/eventlog/kafka-event-log.ts'
import { assembleEventCore } from '../../services/eventlog/temporary-event-core.ts'
import { utf8 } from '../../services/kernel/bytes.ts'
import { FrozenClock } from '../../services/kernel/clock.ts'
import { TOPICS } from '../../services/kernel/event.ts'
import { createLog } from '../../services/kernel/log.ts'

const missing = missingForKafka()
if (missing !== undefined) {
  if (process.env['CI'] === 'true') throw new Error(`no broker to kill: ${missing}`)
  console.warn(`SKIPPED: killing a broker: ${missing}`)
}

test.skipIf(missing !== undefined)(
  'what is published while the broker is dead takes effect once, in order, when it is back',
  async () => {
    const kafka = await startLocalKafka()
    await using temporary = await openTemporaryDatabase('eventlog')
    const { database } = temporary
    const seen: string[] = []
    const core = await assembleEventCore({
      database,
      eventLog: new KafkaEventLog({
        connection: { brokers: [kafka.brokers], clientId: 'restart' },
        log: createLog('silent'),
        timing: {
          sessionMilliseconds: 6000,
          rebalanceMilliseconds: 6000,
          heartbeatMilliseconds: 500,
          fetchWaitMilliseconds: 200,
        },
      }),
      clock: new FrozenClock('2026-04-01T00:00:00Z'),
      environment: 'simulator',
      log: createLog('silent'),
    })
    try {
      core.consume({
        name: 'test.restart',
        topics: [TOPICS.subject],
        apply: async (_tx, event) => {
          seen.push(Buffer.from(event.value).toString())
        },
      })
      const publish = (text: string): Promise<string> =>
        database.run((tx) =>
          core.publisher('proofing').publish(tx, {
            topic: TOPICS.subject,
            key: 'one',
            type: 'watashi.identity.v1.IdentityProofed',
            value: utf8(text),
            occurredAt: core.clock.now(),
          }),
        )
      await publish('before')
      await core.settle()
      await kafka.kill()
      await publish('while dead 1')
      await publish('while dead 2')
      expect(await core.relay.pending()).toBeGreaterThan(0)
      await kafka.start()
      await publish('after')
      await expect.poll(() => seen.length, { timeout: 60_000, interval: 50 }).toBe(4)
      expect(seen).toEqual(['before', 'while dead 1', 'while dead 2', 'after'])
    } finally {
      await core[Symbol.asyncDispose]()
      await kafka.stop()
    }
  },
  150_000,
)
