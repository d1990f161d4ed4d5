import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { LiveSession } from '../authenticator/ports.ts'
import { createLog } from '../kernel/log.ts'
import { createHttpServer, type HttpServer } from '../rpc/http-server.ts'
import type { LedgerReply, OverviewReply, TicketReply } from './api.ts'
import { registerWalletRoutes } from './http.ts'
import { LIQUOR, openTemporaryWallet, type TemporaryWallet } from './temporary-wallet.ts'

const ORIGIN = 'http://localhost:8080'
const PERSON = 'subject-1'
let wallet: TemporaryWallet
let app: HttpServer
let authenticatedAt: Date

beforeEach(async () => {
  wallet = await openTemporaryWallet()
  await wallet.register(LIQUOR)
  await wallet.enrol(PERSON)
  await wallet.enrol('subject-2')
  authenticatedAt = wallet.clock.now()
  const log = createLog('silent')
  app = await createHttpServer({ origin: () => ORIGIN, log, requestsPerMinute: 1000 })
  const current = async (cookie: string | undefined): Promise<LiveSession | undefined> =>
    cookie === 'watashi_session=valid'
      ? {
          sessionId: 's',
          subjectRef: PERSON,
          authenticatorId: 'a',
          authenticatedAt,
          lastActiveAt: authenticatedAt,
          expiresAt: new Date(authenticatedAt.getTime() + 3_600_000),
          auth: {},
        }
      : undefined
  registerWalletRoutes(app, { person: wallet.person, sessions: { current }, clock: wallet.clock })
})
afterEach(async () => {
  await app.close()
  await wallet[Symbol.asyncDispose]()
})

const call = (method: 'GET' | 'PUT' | 'POST', path: string, payload?: object, cookie = 'valid') =>
  app.inject({
    method,
    url: `/api/wallet${path}`,
    headers: { origin: ORIGIN, cookie: `watashi_session=${cookie}` },
    ...(payload ? { payload } : {}),
  })
const overview = async () => (await call('GET', '/overview')).json<OverviewReply>()

describe('without a session', () => {
  test.each([
    ['GET', '/overview', undefined],
    ['PUT', '/personas/x', {}],
    ['GET', '/ledger', undefined],
    ['POST', '/releases/x/revoke', {}],
    ['POST', '/erasure', { confirm: true }],
    ['POST', '/tickets', { releaseId: 'x' }],
  ] as const)('%s %s is refused', async (method, path, payload) => {
    const reply = await call(method, path, payload, 'other')
    expect(reply.statusCode).toBe(401)
    expect(reply.json()).toMatchObject({ error: { code: 'UNAUTHENTICATED' } })
  })
})

describe('the overview', () => {
  test('shows the person’s own values, levels and personas', async () => {
    const validUntil = new Date('2027-01-01T00:00:00Z')
    wallet.levels.push({
      framework: 'nist-800-63A-4',
      axis: 'ial',
      level: 'IAL2',
      lowest: false,
      validUntil,
    })
    const reply = await overview()
    expect(reply.levels).toEqual([
      {
        framework: 'nist-800-63A-4',
        axis: 'ial',
        level: 'IAL2',
        lowest: false,
        validUntil: validUntil.toISOString(),
      },
    ])
    expect(reply.personas.map(({ kind }) => kind)).toEqual(['gov', 'biz', 'priv'])
    expect(reply.attributes[0]).toEqual({
      name: 'name',
      label: { ja: '氏名', en: 'Name' },
      value: '見本　花子',
      asOf: '2025-05-01',
      stale: false,
      quality: 'exact',
    })
  })
})

describe('a persona', () => {
  test('is renamed and gives less', async () => {
    const [gov] = (await overview()).personas
    const reply = await call('PUT', `/personas/${gov?.personaId}`, {
      label: ' 役所 ',
      allowance: [{ claim: 'address', decision: 'never' }],
    })
    expect([reply.statusCode, reply.json()]).toEqual([200, {}])
    const [changed] = (await overview()).personas
    expect(changed?.label).toBe('役所')
    const decisions = new Map(changed?.allowance.map(({ claim, decision }) => [claim, decision]))
    expect(decisions.get('address')).toBe('never')
    expect(decisions.get('name')).toBe('ask')
  })
  test.each<[object, string]>([
    [{ label: '' }, 'body/label'],
    [{ label: ' ' }, 'label'],
    [{ label: 'a\u202eb' }, 'label'],
    [{ label: 'x'.repeat(41) }, 'label'],
    [{ allowance: [{ claim: 'individual_number', decision: 'ask' }] }, 'allowance/0/claim'],
    [{ allowance: [{ claim: 'name', decision: 'always' }] }, 'body/allowance/0/decision'],
    [{ allowance: 'all' }, 'body/allowance'],
    [{ other: 1 }, 'body'],
  ])('is not changed by %j', async (payload, path) => {
    const [gov] = (await overview()).personas
    const reply = await call('PUT', `/personas/${gov?.personaId}`, payload)
    expect(reply.statusCode).toBe(400)
    expect(reply.json()).toMatchObject({ error: { code: 'INVALID_INPUT', path } })
    expect((await overview()).personas[0]).toEqual(gov)
  })
  test('of another person is not there', async () => {
    const other = await wallet.personaId('subject-2', 'gov')
    expect((await call('PUT', `/personas/${other}`, { label: 'x' })).statusCode).toBe(404)
  })
})

describe('the ledger', () => {
  const release = async () => {
    const personaId = await wallet.personaId(PERSON, 'priv')
    return wallet.release(wallet.request(PERSON, LIQUOR, 'age_over_20'), personaId)
  }
  const entries = async () => (await call('GET', '/ledger')).json<LedgerReply>()

  test('shows what was given to whom, without a value', async () => {
    await release()
    const reply = await entries()
    expect(reply).toMatchObject({
      intact: true,
      entries: [
        {
          at: '2026-11-26T03:20:00.000Z',
          status: 'released',
          rp: { rpId: 'liquor', name: { ja: 'liquorの名' } },
          purpose: { retentionDays: 30, legalBasis: 'consent' },
          persona: { kind: 'priv', label: 'プライベート' },
          claims: [{ name: 'age_over_20', label: { en: 'Whether aged 20 or over' } }],
          canRevoke: true,
          deletionContact: 'mailto:privacy@rp.example',
        },
      ],
    })
    expect(JSON.stringify(reply)).not.toMatch(/ceremony|digest|:true,"value"/)
  })
  test('is where a release is revoked', async () => {
    const { releaseId } = await release()
    expect((await call('POST', `/releases/${releaseId}/revoke`, {})).statusCode).toBe(200)
    expect((await call('POST', `/releases/${releaseId}/revoke`, {})).statusCode).toBe(200)
    expect((await entries()).entries.map(({ status }) => status)).toEqual(['revoked', 'released'])
    expect((await call('POST', '/releases/unknown/revoke', {})).statusCode).toBe(404)
  })
  test('shows an unregistered party as unknown', async () => {
    const request = { ...wallet.request(PERSON, LIQUOR, 'name'), rpId: 'gone' }
    await wallet.port.refuse(request, undefined, 'UNSATISFIABLE', wallet.clock.now())
    expect((await entries()).entries[0]).toMatchObject({
      status: 'failed',
      rp: { name: { en: 'unknown' } },
      persona: null,
    })
  })
  test('leads to a reception ticket', async () => {
    const { releaseId } = await release()
    const reply = await call('POST', '/tickets', { releaseId })
    const { ticket, expiresAt } = reply.json<TicketReply>()
    expect(expiresAt).toBe('2026-11-26T03:21:00.000Z')
    const redeemed = await wallet.port.redeemTicket(ticket, 'liquor', wallet.clock.now())
    expect(redeemed?.releaseId).toBe(releaseId)
    expect((await call('POST', '/tickets', { releaseId: 'x' })).statusCode).toBe(404)
    expect((await call('POST', '/tickets', {})).statusCode).toBe(400)
  })
})

describe('erasure', () => {
  test('needs a login of the last five minutes', async () => {
    wallet.clock.advance(5 * 60_000 + 1)
    const reply = await call('POST', '/erasure', { confirm: true })
    expect(reply.statusCode).toBe(403)
    expect(reply.json()).toMatchObject({ error: { code: 'FRESH_LOGIN_REQUIRED' } })
    expect((await overview()).personas).toHaveLength(3)
  })
  test.each([{}, { confirm: false }, { confirm: 'true' }])(
    'needs a clear word, not %j',
    async (body) => {
      expect((await call('POST', '/erasure', body)).statusCode).toBe(400)
      expect((await overview()).personas).toHaveLength(3)
    },
  )
  test('leaves nothing to see', async () => {
    wallet.clock.advance(5 * 60_000)
    expect((await call('POST', '/erasure', { confirm: true })).statusCode).toBe(200)
    expect(await overview()).toEqual({ levels: [], personas: [], attributes: [] })
    expect((await call('POST', '/erasure', { confirm: true })).statusCode).toBe(200)
  })
})
