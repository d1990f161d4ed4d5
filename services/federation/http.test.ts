import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { createLog } from '../kernel/log.ts'
import { systemRandom } from '../kernel/random.ts'
import { createHttpServer, type HttpServer } from '../rpc/http-server.ts'
import { registerFederationRoutes } from './http.ts'
import { ISSUER, openStand, type Stand } from './stand-grpc.ts'

let stand: Stand
let app: HttpServer
beforeAll(async () => {
  stand = await openStand()
  const log = createLog('silent')
  app = await createHttpServer({ origin: () => ISSUER, log, requestsPerMinute: 1000 })
  registerFederationRoutes(app, {
    interactions: stand.federation.interactions,
    random: systemRandom,
  })
})
afterAll(async () => {
  await app.close()
  await stand[Symbol.asyncDispose]()
})

const login = { minimum: { axes: [], flags: [] }, uiLocale: 'en' }
const returnUri = 'http://library.localhost:8101/return'

async function begin(): Promise<string> {
  const request = { ...login, returnUri }
  const { interaction } = await stand.federation.requests.authenticate('library', request)
  return `/api/federation/interactions/${interaction.id}`
}

/** A browser: keeps the cookie it is given. */
function browser(session = '') {
  let jar = ''
  const send = async (method: 'GET' | 'POST', url: string, payload?: object) => {
    const cookie = [jar, session].filter(Boolean).join('; ')
    const headers = {
      ...(cookie !== '' && { cookie }),
      ...(method === 'POST' && { origin: ISSUER }),
    }
    const reply = await app.inject({ method, url, headers, ...(payload && { payload }) })
    const [set] = reply.cookies
    if (set !== undefined) jar = `${set.name}=${set.value}`
    return reply
  }
  return {
    get: (url: string) => send('GET', url),
    post: (url: string, payload: object = {}) => send('POST', url, payload),
  }
}

describe('the page of a request', () => {
  test('asks for a login, then the persona, then confirmation, and sends the browser back', async () => {
    const url = await begin()
    const page = browser(stand.sessions.logIn('visitor-1', 'AAL1'))
    expect((await browser().get(await begin())).json()).toMatchObject({
      stage: 'login',
      persona: null,
    })
    expect((await page.get(url)).json()).toMatchObject({
      stage: 'persona',
      rp: { name: { en: 'shop library' } },
      minimum: [{ axis: 'AAL', level: 'AAL1' }],
    })
    const chosen = await page.post(`${url}/persona`, { personaId: 'persona-priv' })
    expect(chosen.json()).toMatchObject({ stage: 'confirm', personaFixed: false })
    const { returnUrl } = (await page.post(`${url}/continue`)).json<{ returnUrl: string }>()
    expect(returnUrl).toMatch(
      /^http:\/\/library\.localhost:8101\/return\?request_id=.*&code=.{43}$/,
    )
    expect(stand.policy.recorded.at(-1)).toMatchObject({
      occasion: 'login',
      question: { subjectRef: 'visitor-1', rp: { id: 'library' } },
      assessment: { satisfied: true },
    })
    // Given again to the same browser, and to it alone.
    expect((await page.get(url)).json()).toMatchObject({ stage: 'done', returnUrl })
    expect((await page.post(`${url}/continue`)).json()).toEqual({ returnUrl })
  })
  test('a later visit keeps the persona and does not let it be changed', async () => {
    const url = await begin()
    const page = browser(stand.sessions.logIn('visitor-1', 'AAL1'))
    expect((await page.get(url)).json()).toMatchObject({ stage: 'confirm', personaFixed: true })
    const other = await page.post(`${url}/persona`, { personaId: 'persona-gov' })
    expect(other.statusCode).toBe(409)
  })
  test('says the level that the service is told, which may be more than it asked for', async () => {
    const page = browser(stand.sessions.logIn('visitor-3', 'AAL2'))
    expect((await page.get(await begin())).json()).toMatchObject({
      minimum: [{ axis: 'AAL', level: 'AAL1' }],
      levels: [{ axis: 'AAL', level: 'AAL2' }],
    })
    expect((await browser().get(await begin())).json()).toMatchObject({ levels: [] })
  })
  test('opens in the first browser alone', async () => {
    const url = await begin()
    await browser().get(url)
    const second = await browser(stand.sessions.logIn('visitor-2')).get(url)
    expect(second.statusCode).toBe(403)
    expect(second.json()).toMatchObject({ error: { code: 'PERMISSION_DENIED' } })
  })
  test('its cookie is for this host, not for scripts, and not for other sites', async () => {
    const reply = await browser().get(await begin())
    expect(reply.headers['set-cookie']).toMatch(
      /^watashi_interaction=[A-Za-z0-9_-]{43}; Path=\/; HttpOnly; SameSite=Lax$/,
    )
  })
  test('says what is lacking and which step brings it', async () => {
    const request = { ...login, returnUri: 'http://liquor.localhost:8101/return' }
    const { interaction } = await stand.federation.requests.authenticate('liquor', request)
    const page = browser(stand.sessions.logIn('visitor-3'))
    const view = await page.get(`/api/federation/interactions/${interaction.id}`)
    expect(view.json()).toMatchObject({
      stage: 'step_up',
      shortfalls: [
        { axis: 'IAL', scope: 'person', have: 'no_ial', need: 'IAL2', remedy: 'tap_card' },
      ],
    })
    const tried = await page.post(`/api/federation/interactions/${interaction.id}/continue`)
    expect(tried.statusCode).toBe(409)
  })
  test('forgets the persona of one person when another logs in', async () => {
    const url = await begin()
    let session = stand.sessions.logIn('visitor-4', 'AAL1')
    const secret = 'B'.repeat(43)
    const send = (method: 'GET' | 'POST', path: string, payload?: object) =>
      app.inject({
        ...{ method, url: path, ...(payload && { payload }) },
        headers: { cookie: `watashi_interaction=${secret}; ${session}`, origin: ISSUER },
      })
    await send('GET', url)
    await send('POST', `${url}/persona`, { personaId: 'persona-priv' })
    session = stand.sessions.logIn('visitor-5', 'AAL1')
    expect((await send('GET', url)).json()).toMatchObject({ stage: 'persona', persona: null })
  })
  test('a refusal sends the browser back with nothing but that', async () => {
    const url = await begin()
    const page = browser(stand.sessions.logIn('visitor-6', 'AAL1'))
    const { returnUrl } = (await page.post(`${url}/refuse`)).json<{ returnUrl: string }>()
    expect(new URL(returnUrl).search).toMatch(
      /^\?request_id=[A-Za-z0-9_-]{43}&error=access_denied$/,
    )
  })
  test('runs out after five minutes', async () => {
    const url = await begin()
    const page = browser(stand.sessions.logIn('visitor-7', 'AAL1'))
    await page.get(url)
    await page.post(`${url}/persona`, { personaId: 'persona-priv' })
    stand.clock.advance(5 * 60_000)
    expect((await page.post(`${url}/continue`)).statusCode).toBe(409)
    expect((await page.get(url)).json()).toMatchObject({ stage: 'failed', failure: 'EXPIRED' })
  })
  test.each([
    ['an unknown request', `/api/federation/interactions/${'A'.repeat(43)}`, 404],
    ['a malformed id', '/api/federation/interactions/1', 400],
  ])('%s is an error with its code', async (_title, url, statusCode) => {
    expect((await browser().get(url)).statusCode).toBe(statusCode)
  })
  test('takes no body of another form', async () => {
    const url = await begin()
    expect((await browser().post(`${url}/persona`, { persona: 'x' })).statusCode).toBe(400)
  })
})

test('a release issued at the last moment is delivered although time ran out', async () => {
  stand.policy.identity.set('visitor-9', 'IAL2')
  const { interaction } = await stand.federation.requests.requestRelease('liquor', {
    ...login,
    returnUri: 'http://liquor.localhost:8101/return',
    purposeId: 'age-check',
    claims: [{ name: 'age_over_20', essential: true }],
  })
  const url = `/api/federation/interactions/${interaction.id}`
  const page = browser(stand.sessions.logIn('visitor-9'))
  await page.get(url)
  await page.post(`${url}/persona`, { personaId: 'persona-priv' })
  await page.post(`${url}/consent/options`, { declined: [] })
  const [releaseId = ''] = [...stand.wallet.releases.keys()].slice(-1)
  const evidence = { ceremonyId: '', assertionDigest: Buffer.of(), challenge: Buffer.of() }
  await stand.wallet.issue(releaseId, evidence)
  stand.clock.advance(6 * 60_000)
  await stand.federation.sweep()
  const closed = await stand.federation.requests.outcome('liquor', interaction.id)
  expect(closed).toMatchObject({ status: 'completed', result: { releaseId } })
  expect(stand.wallet.refusals).toEqual([])
})

test('what is overdue is closed by the sweep, and the person finds it in the ledger', async () => {
  stand.policy.identity.set('visitor-8', 'IAL2')
  const { interaction } = await stand.federation.requests.requestRelease('liquor', {
    ...login,
    returnUri: 'http://liquor.localhost:8101/return',
    purposeId: 'age-check',
    claims: [{ name: 'age_over_20', essential: true }],
  })
  const page = browser(stand.sessions.logIn('visitor-8'))
  await page.get(`/api/federation/interactions/${interaction.id}`)
  stand.clock.advance(6 * 60_000)
  await stand.federation.sweep()
  expect(stand.wallet.refusals).toEqual([{ reason: 'EXPIRED', rpId: 'liquor' }])
  const closed = await stand.federation.requests.outcome('liquor', interaction.id)
  expect(closed).toMatchObject({ status: 'failed', failure: 'expired' })
  stand.clock.advance(2 * 3_600_000)
  await stand.federation.sweep()
  await expect(stand.federation.requests.outcome('liquor', interaction.id)).rejects.toMatchObject({
    code: 'NOT_FOUND',
  })
})
