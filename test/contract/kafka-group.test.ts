import { expect, test } from 'vitest'
import { createKafkaClient } from '../../services/eventlog/kafka-client-transport.ts'
import { takePart, type MemberOptions } from '../../services/eventlog/kafka-group-member.ts'
import { createLog } from '../../services/kernel/log.ts'
import { freshPrefix, realServer } from '../support/servers.ts'

const kafka = await realServer('kafka')

/** As a process that was killed leaves it: a member that the group still counts on. */
async function leaveDeadMember(options: MemberOptions, brokers: string): Promise<void> {
  const { kafka: client, hangUp } = createKafkaClient(
    { brokers: [brokers], clientId: 'dead' },
    createLog('silent'),
  )
  const consumer = client.consumer({
    groupId: options.groupId,
    sessionTimeout: options.timing.sessionMilliseconds,
    rebalanceTimeout: options.timing.rebalanceMilliseconds,
  })
  await consumer.connect()
  await consumer.subscribe({ topics: [...options.topics] })
  const joined = Promise.withResolvers<void>()
  consumer.on(consumer.events.GROUP_JOIN, () => joined.resolve())
  await consumer.run({ eachMessage: async () => undefined })
  await joined.promise
  hangUp()
}

test.skipIf(!kafka.available)(
  'a member that is stopped while it waits for a dead one ends at once, and does not come back to life',
  async () => {
    const brokers = kafka.available ? kafka.address : ''
    const prefix = freshPrefix()
    const outside = createKafkaClient(
      { brokers: [brokers], clientId: 'outside' },
      createLog('silent'),
    )
    const admin = outside.kafka.admin()
    await admin.connect()
    await admin.createTopics({ waitForLeaders: true, topics: [{ topic: `${prefix}t` }] })
    const membersOf = async (group: string): Promise<string[]> => {
      const { groups } = await admin.describeGroups([group])
      return (groups[0]?.members ?? []).map(({ clientId }) => clientId)
    }
    const options: MemberOptions = {
      groupId: `${prefix}g`,
      topics: [`${prefix}t`],
      timing: {
        sessionMilliseconds: 6000,
        rebalanceMilliseconds: 12_000,
        heartbeatMilliseconds: 500,
        fetchWaitMilliseconds: 200,
      },
      partitionsAtOnce: 1,
      onAssigned: () => undefined,
      onBatch: async () => undefined,
    }
    try {
      await leaveDeadMember(options, brokers)
      const stopping = new AbortController()
      const client = createKafkaClient(
        { brokers: [brokers], clientId: 'late' },
        createLog('silent'),
      )
      const part = takePart(client, options, stopping.signal)
      await expect.poll(() => membersOf(options.groupId), { timeout: 5000 }).toContain('late')
      const since = performance.now()
      stopping.abort()
      expect(await part).toBe('stopped')
      // The dead member is counted on for six seconds; the stop waits for none of them.
      expect(performance.now() - since).toBeLessThan(3000)
      await expect.poll(() => membersOf(options.groupId), { timeout: 40_000 }).toEqual([])
    } finally {
      await admin.disconnect()
      outside.hangUp()
    }
  },
)
