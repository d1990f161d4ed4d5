import kafkajs from 'kafkajs'
import { setTimeout as delay } from 'node:timers/promises'
import { describe, expect, test } from 'vitest'
import { KafkaEventLog } from '../../services/eventlog/kafka-event-log.ts'
import type { KafkaTiming } from '../../services/eventlog/kafka-group-member.ts'
import { createLog } from '../../services/kernel/log.ts'
import { freshPrefix, realServer } from '../support/servers.ts'
import { eventLogContract, type EventLogUnderTest } from './event-log.ts'

const tier = await realServer('kafka')

const TIMING: KafkaTiming = {
  sessionMilliseconds: 10_000,
  rebalanceMilliseconds: 10_000,
  heartbeatMilliseconds: 300, // a member learns of a rebalance by its heartbeat
  fetchWaitMilliseconds: 100,
}

async function open(address: string): Promise<EventLogUnderTest> {
  const brokers = address.split(',')
  const prefix = freshPrefix()
  const options = {
    connection: { brokers, clientId: 'contract' },
    log: createLog('silent'),
    prefix,
    timing: TIMING,
  }
  const log = new KafkaEventLog(options)
  return {
    log,
    reopen: async () => new KafkaEventLog(options),
    trim: async (topic, partition, before) => {
      const admin = new kafkajs.Kafka({ brokers, logLevel: kafkajs.logLevel.NOTHING }).admin()
      await admin.connect()
      await admin.fetchTopicOffsets(prefix + topic) // the library deletes only where it has loaded metadata
      await admin.deleteTopicRecords({
        topic: prefix + topic,
        partitions: [{ partition, offset: String(before) }],
      })
      await admin.disconnect()
    },
    close: () => log.close(),
  }
}

describe.skipIf(!tier.available)('on a real broker', () => {
  if (tier.available) eventLogContract(`Kafka (${tier.from})`, () => open(tier.address))

  test('a subscription that is stopped while it starts leaves no consumer behind', async () => {
    if (!tier.available) return
    const prefix = freshPrefix()
    const brokers = tier.address.split(',')
    const connection = { brokers, clientId: 'contract' }
    const log = new KafkaEventLog({ connection, log: createLog('silent'), prefix, timing: TIMING })
    await log.ensureTopic({ name: 'short', partitions: 2, cleanup: 'delete' })
    const groups = [0, 2, 5, 10, 20, 40, 80].map((milliseconds) => ({
      name: `stopped-after-${milliseconds}`,
      milliseconds,
    }))
    for (const { name, milliseconds } of groups) {
      const subscription = log.subscribe({
        group: name,
        topics: ['short'],
        maxBatch: 10,
        startAt: async () => 'earliest',
        onBatch: async () => undefined,
      })
      await delay(milliseconds) // the moment of the stop is what varies
      await subscription.stop()
    }
    const admin = new kafkajs.Kafka({ brokers, logLevel: kafkajs.logLevel.NOTHING }).admin()
    await admin.connect()
    for (let look = 0; look < 100; look += 1) {
      const described = await admin.describeGroups(groups.map(({ name }) => prefix + name))
      expect(described.groups.flatMap(({ members }) => members)).toEqual([])
    }
    await admin.disconnect()
    await log.close()
  })
})
