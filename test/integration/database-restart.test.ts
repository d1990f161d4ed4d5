import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { castAt, closeCast, someone } from '../support/players.ts'
import { startEmbeddedPostgres, type LocalPostgres } from '../support/embedded-postgres.ts'
import { startInstance, type Instance } from '../support/instance.ts'
import { freshDatabase, freshPrefix, realServer } from '../support/servers.ts'

const kafka = await realServer('kafka')
const AGE = [{ name: 'age_over_20', essential: true }]
const PIN = 'ABC123'

describe.skipIf(!kafka.available)('a PostgreSQL that goes away and comes back', () => {
  let postgres: LocalPostgres
  let instance: Instance
  beforeAll(async () => {
    postgres = await startEmbeddedPostgres()
    instance = await startInstance({
      env: {
        KAFKA_BROKERS: kafka.available ? kafka.address : '',
        KAFKA_PREFIX: freshPrefix(),
        DATABASE_URL: await freshDatabase(postgres.url),
      },
    })
  })
  afterAll(async () => {
    await instance[Symbol.asyncDispose]()
    await postgres.stop()
  })

  test('is outlived by the process, which gives the release that is asked for afterwards', async () => {
    const cast = castAt(instance)
    const { person, liquor, returnUris } = cast
    await person.enrol('hanako-card', PIN)
    await person.logIn()
    await person.untilOverview(({ levels, personas }) => levels.length > 0 && personas.length > 0)

    await postgres.shutDown()
    const told = (code: string): boolean => instance.output().includes(`"msg":"${code}"`)
    await expect.poll(() => told('TIMER_RETRY'), { timeout: 20_000 }).toBe(true)
    await expect.poll(() => told('RELAY_RETRY'), { timeout: 20_000 }).toBe(true)
    await expect(person.overview()).rejects.toMatchObject({ status: 503, code: 'UNAVAILABLE' })
    await expect(liquor.requestRelease('age-check', AGE, returnUris.liquor)).rejects.toMatchObject({
      code: 14, // UNAVAILABLE
    })
    expect((await fetch(`${instance.ready.operator}/metrics`)).status).toBe(200)
    expect(instance.process.exitCode).toBeNull()

    await postgres.start()
    const request = await liquor.requestRelease('age-check', AGE, returnUris.liquor)
    const release = liquor.awaitRelease(request.requestId)
    await person.agree(request.interactionUrl, 'priv')
    expect((await release).claims).toMatchObject([{ name: 'age_over_20' }])
    // Binding a passkey is the work of consumers: they have gone on as well.
    await someone(instance).enrol('misaki-card', PIN)
    closeCast(cast)
    expect(await instance.stop()).toBe(0)
  })
})
