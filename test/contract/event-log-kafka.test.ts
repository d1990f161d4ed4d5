import kafkajs from 'kafkajs'
import { describe } from 'vitest'
import { KafkaEventLog } from '../../services/eventlog/kafka-event-log.ts'
import type { KafkaTiming } from '../../services/eventlog/kafka-subscription.ts'
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
})
