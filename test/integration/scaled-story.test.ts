import { Client } from 'pg'
import { describe, expect, test } from 'vitest'
import { tellStory, type Told } from '../../services/cli/demo/story.ts'
import { startInstance } from '../support/instance.ts'
import { chosenPorts } from '../support/killable-instance.ts'
import { castAt, closeCast } from '../support/players.ts'
import { freshDatabase, freshPrefix, realServer } from '../support/servers.ts'
import { storedRows } from '../support/stored-state.ts'
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

  test(
    'several that start at once on an empty database and broker all become ready',
    { timeout: 120_000 },
    async () => {
      const places = await chosenPorts()
      await using samples = await startInstance({ env: places })
      const { AGENT_PORT = '', SIMULATOR_PORT = '', SAMPLE_RP_PORT = '' } = places
      const env = {
        KAFKA_BROKERS: kafka.available ? kafka.address : '',
        KAFKA_PREFIX: freshPrefix(),
        DATABASE_URL: await freshDatabase(postgres.available ? postgres.address : ''),
        ...{ SAMPLES: '0', AGENT_PORT, SIMULATOR_PORT, SAMPLE_RP_PORT },
      }
      const { dataDir } = samples
      const starting = Array.from({ length: 3 }, () => startInstance({ dataDir, env }))
      const started = await Promise.all(starting)
      expect(await Promise.all(started.map((one) => one.stop()))).toEqual([0, 0, 0])
      const all = await storedRows({ databaseUrl: env.DATABASE_URL }, SEEDED)
      expect(all).toEqual([{ packs: 1, registrations: 3 }])
    },
  )
})

const SEEDED = `select
  (select count(*)::int from policy_activation) as packs,
  (select count(*)::int from federation_relying_party where version = 1) as registrations`
