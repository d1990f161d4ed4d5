import { afterAll, beforeAll, expect, test } from 'vitest'
import { createLog } from '../../kernel/log.ts'
import { createHttpServer, type HttpServer } from '../../rpc/http-server.ts'
import { registerTrustmarkRoutes } from '../trustmark-http.ts'
import { changedDocument, openPolicyStand, publish, type PolicyStand } from './stand-releases.ts'

const PLACE = 'trustmarks/watashi.yaml'
/** A value that nobody has in the tests beside the trustmark. */
const HIGHEST = `  Cz:
    title: { ja: 最も高い, en: the highest of all }
    cites: [SP 800-63B-4 §2.3]
    axes:
      - { framework: nist-800-63A-4, axis: IAL, level: IAL3 }
      - { framework: nist-800-63B-4, axis: AAL, level: AAL3 }
    flags: [device_bound, phishing_resistant]
`
let stand: PolicyStand
let app: HttpServer

/** The trustmark that was installed, and two releases with others: one more value, and the same in better words. */
beforeAll(async () => {
  stand = await openPolicyStand()
  const { policy } = stand
  const more = (text: string) => text.replace('  C3:\n', `${HIGHEST}  C3:\n`)
  await publish(policy, changedDocument(policy, PLACE, '1.1.0', more))
  const better = (text: string) => text.replace('Watashi vectors of trust', 'What vectors mean')
  await publish(policy, changedDocument(policy, PLACE, '1.2.0', better))
  app = await createHttpServer({
    ...{ origin: () => 'http://localhost', log: createLog('silent'), requestsPerMinute: 1000 },
  })
  registerTrustmarkRoutes(app, { policy })
})
afterAll(async () => {
  await app.close()
  await stand[Symbol.asyncDispose]()
})

async function read(version: string) {
  const reply = await app.inject({ method: 'GET', url: `/trustmarks/watashi/${version}` })
  return { status: reply.statusCode, body: reply.json<Body>() }
}

interface Body {
  readonly version: string
  readonly title: { readonly en: string }
  readonly values: readonly {
    readonly value: string
    readonly minimum: { readonly flags: object }
  }[]
}

test.each([
  ['1.0.0', 'Watashi vectors of trust', false],
  ['1.1.0', 'Watashi vectors of trust', true],
  ['1.2.0', 'What vectors mean', true],
])('version %s says what it said while it was in force', async (version, title, more) => {
  const { status, body } = await read(version)
  expect([status, body.version, body.title.en]).toEqual([200, version, title])
  const values = body.values.map(({ value }) => value)
  expect([values.includes('C3'), values.includes('Cz')]).toEqual([true, more])
})

test.each(['0.9.0', '1.3.0', 'x'.repeat(100), '..%2F1.0.0'])(
  'version %s was never in force',
  async (version) => {
    expect((await read(version)).status).toBe(404)
  },
)

test('another process serves what was published elsewhere, to many at once', async () => {
  const other = stand.open()
  await other.activate()
  const asked = { id: 'watashi', version: '1.1.0' }
  const found = await Promise.all(Array.from({ length: 20 }, () => other.trustmarkOf(asked)))
  expect(new Set(found)).toHaveLength(1)
  expect(found[0]).toMatchObject(asked)
  expect(await other.trustmarkOf({ id: 'other', version: '1.1.0' })).toBeUndefined()
})

test('a trustmark that was only proposed is not served', async () => {
  const { policy } = stand
  const { policyDigest: basePolicyDigest } = policy.releases.current()
  const changes = changedDocument(policy, PLACE, '1.9.0', (text) => text)
  await policy.proposals.propose('subject-anna', { basePolicyDigest, changes, note: 'not yet' })
  expect((await read('1.9.0')).status).toBe(404)
})
