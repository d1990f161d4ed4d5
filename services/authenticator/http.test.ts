import { expect, onTestFinished, test } from 'vitest'
import { openTemporaryEventCore } from '../eventlog/temporary-event-core.ts'
import { fromBase64Url } from '../kernel/bytes.ts'
import { NotFound } from '../kernel/errors.ts'
import { createFactsValidator } from '../kernel/facts-check.ts'
import { createLog } from '../kernel/log.ts'
import { systemRandom } from '../kernel/random.ts'
import { PolicyStore } from '../policy/policy-store.ts'
import type { OpenProofing, ProofingPort, ProofingResult } from '../proofing/ports.ts'
import { createHttpServer } from '../rpc/http-server.ts'
import {
  assertionResponse,
  createCredential,
  FLAGS,
  registrationResponse,
} from '../simulator/software-authenticator.ts'
import type {
  AuthenticatorList,
  CeremonyStarted,
  LoggedIn,
  RegistrationStarted,
  TapOpened,
} from './api.ts'
import { createAuthenticator } from './authenticator.ts'
import { registerAuthenticatorRoutes } from './http.ts'

const ORIGIN = 'http://localhost:8080'
const TICKET = 'a-ticket-of-the-card-agent-0000'

async function openFace() {
  const core = await openTemporaryEventCore({ services: ['authenticator'] })
  let opened: OpenProofing | undefined
  let result: ProofingResult = { status: 'open', expiresAt: core.clock.now() }
  const proofing: Pick<ProofingPort, 'open' | 'result'> = {
    open: async (command) => {
      opened = command
      return {
        sessionId: 'proofing-session',
        ticket: TICKET,
        agentUrl: `http://card.localhost:8090/?ticket=${TICKET}`,
        expiresAt: new Date(core.clock.now().getTime() + 300_000),
      }
    },
    result: async (id) => {
      if (id !== 'proofing-session') throw new NotFound('no such session')
      return result
    },
  }
  const authenticator = createAuthenticator({
    database: core.database,
    publisher: core.publisher('authenticator'),
    facts: createFactsValidator(new PolicyStore().factsSchema()),
    proofing,
    clock: core.clock,
    random: systemRandom,
    log: createLog('silent'),
    environment: 'simulator',
    rpId: 'localhost',
    rpName: 'Watashi',
    origin: () => ORIGIN,
  })
  const app = await createHttpServer({
    origin: () => ORIGIN,
    log: createLog('silent'),
    requestsPerMinute: 1000,
  })
  registerAuthenticatorRoutes(app, authenticator)
  onTestFinished(async () => {
    await app.close()
    await core[Symbol.asyncDispose]()
  })

  const pass = (): void => {
    if (opened === undefined) throw new Error('nothing was opened')
    result = {
      status: 'passed',
      proofingId: 'proofing-1',
      subjectRef: 'subject-a',
      purpose: opened.purpose,
      keyUse: opened.keyUse,
      bindingHash: opened.bindingHash,
      verifiedAt: core.clock.now(),
    }
  }
  const newBrowser = () => {
    const jar = new Map<string, string>()
    return {
      jar,
      call: async (
        method: 'GET' | 'POST',
        path: string,
        body?: object,
        headers: Record<string, string> = { origin: ORIGIN },
      ) => {
        const response = await app.inject({
          method,
          url: `/api/authenticator${path}`,
          headers: {
            ...headers,
            ...(jar.size > 0 ? { cookie: [...jar].map(([k, v]) => `${k}=${v}`).join('; ') } : {}),
          },
          ...(body === undefined ? {} : { payload: body }),
        })
        for (const { name, value } of response.cookies) {
          if (value === '') jar.delete(name)
          else jar.set(name, value)
        }
        return { status: response.statusCode, body: response.json<unknown>(), raw: response }
      },
    }
  }
  return { pass, newBrowser, openedProofing: () => opened }
}

type Face = Awaited<ReturnType<typeof openFace>>
type Browser = ReturnType<Face['newBrowser']>

async function registerPasskey(browser: Browser) {
  const begun = (await browser.call('POST', '/registrations', {})).body as RegistrationStarted
  const options = begun.options as { challenge: string; user: { id: string } }
  const credential = createCredential(systemRandom, {
    rpId: 'localhost',
    userHandle: fromBase64Url(options.user.id),
  })
  const response = registrationResponse(credential, { ...options, origin: ORIGIN })
  const answer = await browser.call('POST', `/registrations/${begun.registrationId}/response`, {
    response,
  })
  return { credential, answer, registrationId: begun.registrationId }
}

async function logIn(
  browser: Browser,
  credential: Parameters<typeof assertionResponse>[0],
  flags: number = FLAGS.userPresent | FLAGS.userVerified,
) {
  const begun = (await browser.call('POST', '/login', {})).body as CeremonyStarted
  const { challenge } = begun.options as { challenge: string }
  const response = assertionResponse(credential, { challenge, origin: ORIGIN }, { flags })
  return browser.call('POST', `/login/${begun.ceremonyId}`, { response })
}

test('a person enrols, logs in, sees the passkey, and logs out', async () => {
  const face = await openFace()
  const browser = face.newBrowser()
  expect((await browser.call('GET', '/session')).body).toEqual({ session: null })

  const { credential, answer, registrationId } = await registerPasskey(browser)
  expect(answer.status).toBe(200)
  expect((answer.body as TapOpened).agentUrl).toContain(TICKET)
  expect(face.openedProofing()).toMatchObject({ purpose: 'enrol', keyUse: 'signature' })
  const byTicket = `/registrations/by-ticket/${TICKET}`
  expect((await browser.call('GET', byTicket)).body).toEqual({
    registrationId,
    state: 'pending',
    reason: null,
  })
  face.pass()
  expect((await browser.call('GET', byTicket)).body).toMatchObject({ state: 'active' })

  const loggedIn = await logIn(browser, credential)
  expect(loggedIn.status).toBe(200)
  const { session } = loggedIn.body as LoggedIn
  expect(session).toMatchObject({ method: 'passkey' })
  expect((await browser.call('GET', '/session')).body).toEqual({ session })
  const list = (await browser.call('GET', '/authenticators')).body as AuthenticatorList
  expect(list.authenticators).toMatchObject([
    { authenticatorId: session.authenticatorId, state: 'active', current: true, kind: 'device' },
  ])

  expect((await browser.call('POST', '/logout', {})).body).toEqual({})
  expect(browser.jar.has('watashi_session')).toBe(false)
  expect((await browser.call('GET', '/session')).body).toEqual({ session: null })
})

test('the cookies are host-only, out of reach of scripts, and lax', async () => {
  const face = await openFace()
  const browser = face.newBrowser()
  const { credential } = await registerPasskey(browser)
  face.pass()
  await browser.call('GET', `/registrations/by-ticket/${TICKET}`)
  const { raw } = await logIn(browser, credential)
  const [cookie] = raw.cookies
  expect(cookie).toMatchObject({
    name: 'watashi_session',
    httpOnly: true,
    sameSite: 'Lax',
    path: '/',
  })
  expect(cookie).not.toHaveProperty('domain')
  expect(cookie?.value).toMatch(/^[A-Za-z0-9_-]{43}$/)
})

test('a refused login says why, in one form, and starts no session', async () => {
  const face = await openFace()
  const browser = face.newBrowser()
  const { credential } = await registerPasskey(browser)
  face.pass()
  await browser.call('GET', `/registrations/by-ticket/${TICKET}`)
  const refused = await logIn(browser, credential, FLAGS.userPresent)
  expect(refused.status).toBe(422)
  expect(refused.body).toEqual({
    error: {
      code: 'CEREMONY_REFUSED',
      message: 'this ceremony was refused',
      reason: 'USER_NOT_VERIFIED',
    },
  })
  expect(browser.jar.has('watashi_session')).toBe(false)
})

test('a login by card starts a session in the browser that began it, and in no other', async () => {
  const face = await openFace()
  const browser = face.newBrowser()
  const opened = await browser.call('POST', '/card-login', { returnPath: '/login/return' })
  expect(opened.status).toBe(200)
  const byTicket = `/card-login/by-ticket/${TICKET}`
  expect((await browser.call('GET', byTicket)).body).toEqual({
    state: 'pending',
    session: null,
    reason: null,
  })
  face.pass()
  const thief = face.newBrowser()
  expect((await thief.call('GET', byTicket)).status).toBe(404)
  await thief.call('POST', '/login', {})
  expect((await thief.call('GET', byTicket)).status).toBe(404)
  expect((await browser.call('GET', byTicket)).body).toMatchObject({
    state: 'passed',
    session: { method: 'card', authenticatorId: 'card' },
  })
  expect((await browser.call('GET', '/session')).body).toMatchObject({
    session: { method: 'card' },
  })
})

test('a person who is logged in confirms again with the card, in this browser alone', async () => {
  const face = await openFace()
  const browser = face.newBrowser()
  const { credential, registrationId } = await registerPasskey(browser)
  const start = { returnPath: '/reproof/return', purpose: 'reproof' }
  expect((await browser.call('POST', '/reproof', start)).status).toBe(401)
  face.pass()
  await browser.call('GET', `/registrations/by-ticket/${TICKET}`)
  const named = await browser.call('POST', '/login', { registrationId })
  expect(named.body).toMatchObject({ options: { allowCredentials: [{ type: 'public-key' }] } })
  await logIn(browser, credential)

  const opened = await browser.call('POST', '/reproof', start)
  expect(opened.status).toBe(200)
  expect((opened.body as TapOpened).agentUrl).toContain(TICKET)
  expect(face.openedProofing()).toMatchObject({ purpose: 'reproof', keyUse: 'signature' })
  face.pass()
  const byTicket = `/reproof/by-ticket/${TICKET}`
  expect((await browser.call('GET', byTicket)).body).toEqual({ state: 'passed', reason: null })
  expect((await face.newBrowser().call('GET', byTicket)).status).toBe(401)
})

test('the rules about the last passkey are told with their reason', async () => {
  const face = await openFace()
  const browser = face.newBrowser()
  const { credential } = await registerPasskey(browser)
  face.pass()
  await browser.call('GET', `/registrations/by-ticket/${TICKET}`)
  const { session } = (await logIn(browser, credential)).body as LoggedIn
  const change = (verb: string) =>
    browser.call('POST', `/authenticators/${session.authenticatorId}/${verb}`, {})
  expect(await change('revoke')).toMatchObject({
    status: 422,
    body: { error: { code: 'CHANGE_REFUSED', reason: 'LAST_AUTHENTICATOR' } },
  })
  expect((await change('suspend')).body).toEqual({})
  expect((await browser.call('GET', '/session')).body).toEqual({ session: null })
  expect(await change('resume')).toMatchObject({ status: 401 })
})

test.each([
  ['//evil.example/x'],
  ['https://evil.example/'],
  ['/login/return?next=//evil.example'],
  ['/\\evil.example'],
  ['login'],
  ['/'],
  [''],
])('refuses %j as a path of ours to come back to', async (returnPath) => {
  const { newBrowser } = await openFace()
  const { status, body } = await newBrowser().call('POST', '/card-login', { returnPath })
  expect(status).toBe(400)
  expect(body).toMatchObject({ error: { code: 'INVALID_INPUT', path: 'body/returnPath' } })
})

test.each([
  ['GET', '/authenticators', undefined, 401],
  ['POST', '/authenticators/x/suspend', {}, 401],
  ['GET', '/registrations/by-ticket/0123456789abcdef0123', undefined, 404],
  ['GET', '/registrations/by-ticket/short', undefined, 400],
  ['POST', '/login/0123456789abcdef0123', {}, 400],
  ['POST', '/registrations', { user: 'me' }, 400],
] as const)(
  '%s %s without what it needs is answered with its code',
  async (method, path, body, status) => {
    const { newBrowser } = await openFace()
    const answer = await newBrowser().call(method, path, body)
    expect(answer.status).toBe(status)
    expect(answer.body).toHaveProperty('error.code')
  },
)

test('a body may be left out where nothing is asked', async () => {
  const { newBrowser } = await openFace()
  const browser = newBrowser()
  expect((await browser.call('POST', '/login')).status).toBe(200)
  expect((await browser.call('POST', '/logout')).body).toEqual({})
})

test('a page of another origin starts nothing', async () => {
  const { newBrowser } = await openFace()
  const { status } = await newBrowser().call(
    'POST',
    '/login',
    {},
    {
      origin: 'http://library.localhost:8101',
    },
  )
  expect(status).toBe(403)
})
