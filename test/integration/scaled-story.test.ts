import { Client } from 'pg'
import { describe, expect, test } from 'vitest'
import { tellStory, type Told } from '../../services/cli/demo/story.ts'
import { startInstance } from '../support/instance.ts'
import { castAt, closeCast } from '../support/players.ts'
import { freshDatabase, freshPrefix, realServer } from '../support/servers.ts'
import { expectWholeStory } from '../support/story-expectations.ts'

const kafka = await realServer('kafka')
const postgres = await realServer('postgres')

describe.skipIf(!kafka.available || !postgres.available)('on Kafka and PostgreSQL', () => {
  test('the whole story comes out as on embedded defaults', { timeout: 120_000 }, async () => {
    const url = await freshDatabase(postgres.available ? postgres.address : '')
    await using instance = await startInstance({
      env: {
        KAFKA_BROKERS: kafka.available ? kafka.address : '',
        KAFKA_PREFIX: freshPrefix(),
        DATABASE_URL: url,
      },
    })
    const cast = castAt(instance)
    try {
      const told: Told[] = []
      for await (const step of tellStory(cast)) told.push(step)
      expectWholeStory(told)
    } finally {
      closeCast(cast)
    }
    const client = new Client({ connectionString: url })
    await client.connect()
    const { rows } = await client.query('select consumer from eventlog_parked_event')
    await client.end()
    expect(rows).toEqual([])
    expect(await instance.stop()).toBe(0)
  })
})
