import { afterAll, beforeAll, describe, expect, test, vi } from 'vitest'
import {
  MAX_DOCUMENT_CHARACTERS,
  MAX_DRAFT,
  type DifferenceReply,
  type FindingsReply,
  type ImpactReply,
  type LiveImpactReply,
} from './api.ts'
import {
  ANNA,
  BO,
  HEADER,
  openPolicyPages,
  openPolicyStand,
  PERSON,
  propose,
  withoutEquivalence,
  type PolicyStand,
} from './release/stand-releases.ts'

const METI_RULES = 'meti-idtf-2016/proofing.rules.yaml'
const METI = { pack: 'meti-idtf-2016', axis: 'proofing' } as const
const DIGEST = 'a'.repeat(64)
const DRAFT = [{ path: 'meti-idtf-2016/notes.rules.yaml', text: 'language: 1\n' }]

interface Route {
  readonly method: 'GET' | 'POST'
  readonly path: string
  readonly body?: object
}

const read = (path: string): Route => ({ method: 'GET', path })
const send = (path: string, body: object): Route => ({ method: 'POST', path, body })

/** Every route for authors alone, with a body that its schema takes. */
const ROUTES: readonly Route[] = [
  read('current'),
  read('samples'),
  send('check', { changes: DRAFT }),
  read('proposals'),
  send('proposals', { basePolicyDigest: DIGEST, changes: DRAFT, note: 'why' }),
  read('proposals/nowhere'),
  send('proposals/nowhere/approve', { contentDigest: DIGEST }),
  send('proposals/nowhere/withdraw', {}),
  send('proposals/nowhere/refuse', { reason: 'why' }),
  read('releases'),
  read('releases/1'),
  send('rollback', { sequence: 1, note: 'why' }),
  send('impact', { changes: DRAFT }),
  send('impact/live', { changes: DRAFT }),
  send('analysis/findings', { changes: DRAFT, ...METI }),
  send('analysis/difference', { changes: DRAFT, ...METI }),
  read('decisions'),
  read('decisions/export'),
  read('decisions/nowhere'),
  send('decisions/replay', { changes: DRAFT }),
]
const WITH_CHANGES = ROUTES.filter(({ body }) => body !== undefined && 'changes' in body)

let stand: PolicyStand
let pages: Awaited<ReturnType<typeof openPolicyPages>>
beforeAll(async () => {
  stand = await openPolicyStand()
  pages = await openPolicyPages(stand)
})
afterAll(async () => {
  await pages[Symbol.asyncDispose]()
  await stand[Symbol.asyncDispose]()
})

async function refusal(who: string, { method, path, body }: Route, origin?: string) {
  const reply = await pages.call(who, method, path, body, origin)
  const { error } = reply.json<{
    readonly error?: { code: string; message: string; path?: string }
  }>()
  return { status: reply.statusCode, ...error }
}

async function answer<Reply>({ method, path, body }: Route): Promise<Reply> {
  const reply = await pages.call(ANNA, method, path, body)
  expect(reply.statusCode).toBe(200)
  return reply.json<Reply>()
}

describe.each(ROUTES)('$method $path', (route) => {
  test('is closed to strangers, to people without the role, and to authors with a weak login', async () => {
    expect(await refusal('', route)).toMatchObject({ status: 401, code: 'UNAUTHENTICATED' })
    for (const who of [PERSON, `weak:${ANNA}`])
      expect(await refusal(who, route)).toMatchObject({ status: 403, code: 'PERMISSION_DENIED' })
  })

  test('is open to an author', async () => {
    const { method, path, body } = route
    const { statusCode } = await pages.call(ANNA, method, path, body)
    expect([401, 403]).not.toContain(statusCode)
    expect(statusCode).toBeLessThan(500)
  })
})

test.each(ROUTES.filter(({ method }) => method === 'POST'))(
  '$method $path is refused to a page of another origin',
  async (route) => {
    expect(await refusal(ANNA, route, 'https://elsewhere.example')).toMatchObject({
      ...{ status: 403, code: 'CROSS_SITE_REQUEST' },
    })
  },
)

describe.each(WITH_CHANGES)('changes to $path', ({ path, body }) => {
  const of = (changes: unknown): Route => send(path, { ...body, changes })

  test.each<[string, unknown]>([
    ['more than 200', Array.from({ length: 201 }, (_, i) => ({ path: `a/a${i}.yaml`, text: '' }))],
    ['a place outside of the policies', [{ path: '../secrets.yaml', text: '' }]],
    ['a place that is no policy', [{ path: 'eidas/notes.txt', text: '' }]],
    ['a text that is too long', [{ path: HEADER, text: 'x'.repeat(MAX_DOCUMENT_CHARACTERS + 1) }]],
    ['a number for a text', [{ path: HEADER, text: 1 }]],
    ['a key that nobody knows', [{ path: HEADER, text: '', mode: 'force' }]],
    ['no list', 'everything'],
  ])('%s is refused, and not quoted', async (_, changes) => {
    const found = await refusal(ANNA, of(changes))
    expect(found).toMatchObject({ status: 400, code: 'INVALID_INPUT' })
    expect(found.message?.length).toBeLessThan(300)
    expect(found.message).not.toContain('xxx')
  })

  test('more octets than a draft may have are refused', async () => {
    const text = 'x'.repeat(MAX_DOCUMENT_CHARACTERS)
    const changes = Array.from({ length: 1 + MAX_DRAFT / MAX_DOCUMENT_CHARACTERS }, (_, i) => ({
      ...{ path: `a/a${i}.yaml`, text },
    }))
    expect((await refusal(ANNA, of(changes))).status).toBe(413)
  })
})

describe('a question about a draft', () => {
  const faulty = [
    { path: METI_RULES, text: 'language: 1\nframework: meti-idtf-2016\ngrantz: []\n' },
  ]

  // Until everybody is read, a draft is not looked at.
  beforeAll(async () => {
    await vi.waitFor(async () => {
      const changes = withoutEquivalence(stand.policy)
      const { state } = await answer<LiveImpactReply>(send('impact/live', { changes }))
      expect(state).toBe('counted')
    }, 20_000)
  })

  test.each(WITH_CHANGES.filter(({ path }) => /^(impact|analysis|decisions)/.test(path)))(
    '$path is refused while there are faults, which are named where the page has not found them',
    async ({ path, body }) => {
      const { status, message } = await refusal(ANNA, send(path, { ...body, changes: faulty }))
      expect([400, 422]).toContain(status)
      expect(message).toContain(path === 'impact/live' ? 'without faults' : 'unknown key `grantz`')
    },
  )

  test('counts everybody, out of the store and out of what is held alike', async () => {
    const changes = withoutEquivalence(stand.policy)
    const stored = await answer<ImpactReply>(send('impact', { changes }))
    expect(stored).toMatchObject({ subjects: 1 })
    expect(stored.axes.find(({ axis }) => axis === 'proofing')).toMatchObject({
      lowered: 1,
      raised: 0,
    })
    await expect
      .poll(() => answer<LiveImpactReply>(send('impact/live', { changes })), {
        timeout: 20_000,
      })
      .toEqual({ state: 'counted', complete: true, impact: stored })
  })

  test('is analysed by axis, against what is in force', async () => {
    const text = (stand.policy.releases.current().documents.get(METI_RULES) ?? '').replace(
      "proofing: '3'",
      "proofing: '4'",
    )
    const body = { changes: [{ path: METI_RULES, text }], ...METI }
    const { findings, unproved } = await answer<FindingsReply>(send('analysis/findings', body))
    expect(unproved).toBeNull()
    expect(findings.map(({ kind }) => kind)).not.toContain('dead-rule')
    const difference = await answer<DifferenceReply>(send('analysis/difference', body))
    expect(difference).toMatchObject({ axis: 'proofing', change: 'only-raises', lowered: null })
    expect(difference.raised?.facts).toBeTypeOf('object')
    const same = await answer<DifferenceReply>(
      send('analysis/difference', { changes: [], ...METI }),
    )
    expect(same).toMatchObject({ change: 'equivalent', raised: null, lowered: null })
  })

  test.each([
    ['axis', { changes: [], pack: 'meti-idtf-2016', axis: 'nothing' }],
    ['framework', { changes: [], pack: 'nothing', axis: 'proofing' }],
  ])('about an unknown %s is not found', async (_, body) => {
    for (const path of ['analysis/findings', 'analysis/difference'])
      expect(await refusal(ANNA, send(path, body))).toMatchObject({
        ...{ status: 404, code: 'NOT_FOUND' },
      })
  })
})

describe('releases', () => {
  test.each(['0', '-1', '01', 'latest', '9999999999'])(
    '`%s` is no number of one',
    async (number) => {
      expect(await refusal(ANNA, read(`releases/${number}`))).toMatchObject({ status: 400 })
    },
  )

  test('are compared by their documents; one that is not there is not found', async () => {
    await using own = await openPolicyStand()
    await using other = await openPolicyPages(own)
    const before = own.policy.releases.current().documents.get(HEADER)
    const { row } = await propose(own.policy)
    const approved = await other.call(BO, 'POST', `proposals/${row.id}/approve`, {
      contentDigest: row.contentDigest,
    })
    expect(approved.statusCode).toBe(200)
    const first = await other.call(BO, 'GET', 'releases/1')
    const { documents } = first.json<{ documents: { path: string; text: string }[] }>()
    const header = documents.find(({ path }) => path === HEADER)?.text
    expect(header).toBe(
      before?.replace('1.0.0', '1.1.0').replace('equivalence: true', 'equivalence: false'),
    )
    expect((await other.call(BO, 'GET', 'releases/2')).statusCode).toBe(404)
    const own403 = await other.call(ANNA, 'POST', `proposals/${row.id}/approve`, {
      contentDigest: row.contentDigest,
    })
    expect(own403.statusCode).toBeGreaterThanOrEqual(400)
  })
})

describe('decisions', () => {
  test.each([
    'subject=',
    `subject=${'x'.repeat(101)}`,
    'from=2026-06-01',
    'until=now',
    'occasion=guess',
    'satisfied=true',
    'after=',
    'limit=1000000',
    'rule=A&rule=B',
  ])('a search by `%s` is refused', async (query) => {
    expect(await refusal(ANNA, read(`decisions?${query}`))).toMatchObject({
      ...{ status: 400, code: 'INVALID_INPUT' },
    })
  })

  test('one that is not there is not found, and its id is not repeated', async () => {
    const found = await refusal(ANNA, read('decisions/id-canary'))
    expect(found).toMatchObject({ status: 404, code: 'NOT_FOUND' })
    expect(found.message).not.toContain('id-canary')
  })
})
