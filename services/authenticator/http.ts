import type { FastifyReply, FastifyRequest } from 'fastify'
import { AccessDenied, NotFound, ServiceError } from '../kernel/errors.ts'
import type { HttpServer } from '../rpc/http-server.ts'
import * as api from './api.ts'
import type { AuthenticatorService } from './authenticator.ts'
import type { Change } from './life-cycle.ts'
import type { Authenticator, Session } from './model.ts'
import { CEREMONY_COOKIE, readCookie, SESSION_COOKIE } from './session-cookie.ts'

/** A ceremony that was refused, as HTTP answers it: 422 with the reason. */
class CeremonyRefused extends ServiceError {
  readonly code = 'CEREMONY_REFUSED'
  readonly reason: string

  constructor(reason: string) {
    super('this ceremony was refused')
    this.reason = reason
  }
}

/** A change of an authenticator that the rules do not allow: 422 with the reason. */
class ChangeRefused extends ServiceError {
  readonly code = 'CHANGE_REFUSED'
  readonly reason: string

  constructor(reason: string) {
    super('this authenticator cannot be changed like that now')
    this.reason = reason
  }
}

const BASE = '/api/authenticator'

/** The routes of `api.ts` under `/api/authenticator`. */
export function registerAuthenticatorRoutes(
  app: HttpServer,
  authenticator: AuthenticatorService,
): void {
  registerSessionRoutes(app, authenticator)
  registerRegistrationRoutes(app, authenticator)
  registerLoginRoutes(app, authenticator)
  registerCardLoginRoutes(app, authenticator)
  registerReproofRoutes(app, authenticator)
  registerAuthenticatorListRoutes(app, authenticator)
}

function registerSessionRoutes(app: HttpServer, authenticator: AuthenticatorService): void {
  app.get(
    `${BASE}/session`,
    { schema: { response: { 200: api.SessionAnswer } } },
    async (request) => {
      const session = await authenticator.currentSession(request.headers.cookie)
      return { session: session ? sessionView(session) : null }
    },
  )

  app.post(
    `${BASE}/logout`,
    { schema: { body: api.NoInput, response: { 200: api.Empty } } },
    async (request, reply) => {
      await authenticator.logOut(request.headers.cookie)
      void reply.clearCookie(SESSION_COOKIE, { path: '/' })
      return {}
    },
  )
}

function registerRegistrationRoutes(app: HttpServer, authenticator: AuthenticatorService): void {
  app.post(
    `${BASE}/registrations`,
    { schema: { body: api.NoInput, response: { 200: api.RegistrationStarted } } },
    async (request, reply) => {
      const browser = browserOf(request, reply, authenticator)
      const session = await authenticator.currentSession(request.headers.cookie)
      const begun = await authenticator.beginRegistration(browser, session)
      if (begun.outcome === 'refused') throw new CeremonyRefused(begun.reason)
      return { registrationId: begun.registrationId, options: membersOf(begun.options) }
    },
  )

  app.post(
    `${BASE}/registrations/:id/response`,
    {
      schema: {
        params: api.RegistrationParams,
        body: api.CompleteRegistration,
        response: { 200: api.TapOpened },
      },
    },
    async (request) => {
      const completed = await authenticator.completeRegistration({
        registrationId: request.params.id,
        browser: knownBrowser(request),
        response: request.body.response,
        keyUse: request.body.keyUse ?? 'signature',
      })
      if (completed.outcome === 'refused') throw new CeremonyRefused(completed.reason)
      return { agentUrl: completed.agentUrl, expiresAt: completed.expiresAt.toISOString() }
    },
  )

  app.get(
    `${BASE}/registrations/by-ticket/:ticket`,
    { schema: { params: api.TicketParams, response: { 200: api.RegistrationStatus } } },
    async (request) =>
      authenticator.registrationState(request.params.ticket, knownBrowser(request)),
  )
}

function registerLoginRoutes(app: HttpServer, authenticator: AuthenticatorService): void {
  app.post(
    `${BASE}/login`,
    { schema: { body: api.StartLogin, response: { 200: api.CeremonyStarted } } },
    async (request, reply) => {
      const browser = browserOf(request, reply, authenticator)
      const begun = await authenticator.beginLogin(browser, request.body?.registrationId)
      return { ceremonyId: begun.ceremonyId, options: membersOf(begun.options) }
    },
  )

  app.post(
    `${BASE}/login/:ceremonyId`,
    {
      schema: {
        params: api.CeremonyParams,
        body: api.CompleteLogin,
        response: { 200: api.LoggedIn },
      },
    },
    async (request, reply) => {
      const result = await authenticator.completeLogin({
        ceremonyId: request.params.ceremonyId,
        browser: knownBrowser(request),
        response: request.body.response,
        previousToken: readCookie(request.headers.cookie, SESSION_COOKIE),
      })
      if (result.outcome === 'refused') throw new CeremonyRefused(result.reason)
      setSessionCookie(reply, authenticator, result.session, result.token)
      return { session: sessionView(result.session) }
    },
  )
}

function registerCardLoginRoutes(app: HttpServer, authenticator: AuthenticatorService): void {
  app.post(
    `${BASE}/card-login`,
    { schema: { body: api.StartTap, response: { 200: api.TapOpened } } },
    async (request, reply) => {
      const browser = browserOf(request, reply, authenticator)
      const opened = await authenticator.beginCardLogin(browser, request.body.returnPath)
      return { agentUrl: opened.agentUrl, expiresAt: opened.expiresAt.toISOString() }
    },
  )

  app.get(
    `${BASE}/card-login/by-ticket/:ticket`,
    { schema: { params: api.TicketParams, response: { 200: api.CardLoginStatus } } },
    async (request, reply) => {
      const { state, session, reason, token } = await authenticator.cardLoginState({
        ticket: request.params.ticket,
        browser: knownBrowser(request),
        previousToken: readCookie(request.headers.cookie, SESSION_COOKIE),
      })
      if (session !== null && token !== undefined) {
        setSessionCookie(reply, authenticator, session, token)
      }
      return { state, session: session && sessionView(session), reason }
    },
  )
}

function registerReproofRoutes(app: HttpServer, authenticator: AuthenticatorService): void {
  app.post(
    `${BASE}/reproof`,
    { schema: { body: api.StartReproof, response: { 200: api.TapOpened } } },
    async (request, reply) => {
      const session = await requireSession(request, authenticator)
      const browser = browserOf(request, reply, authenticator)
      const opened = await authenticator.beginReproof(browser, session, request.body)
      return { agentUrl: opened.agentUrl, expiresAt: opened.expiresAt.toISOString() }
    },
  )

  app.get(
    `${BASE}/reproof/by-ticket/:ticket`,
    { schema: { params: api.TicketParams, response: { 200: api.ReproofStatus } } },
    async (request) => {
      const session = await requireSession(request, authenticator)
      const { ticket } = request.params
      return authenticator.reproofState({ ticket, browser: knownBrowser(request), session })
    },
  )
}

function registerAuthenticatorListRoutes(
  app: HttpServer,
  authenticator: AuthenticatorService,
): void {
  app.get(
    `${BASE}/authenticators`,
    { schema: { response: { 200: api.AuthenticatorList } } },
    async (request) => {
      const session = await requireSession(request, authenticator)
      const all = await authenticator.authenticatorsOf(session)
      return { authenticators: all.flatMap((one) => authenticatorView(one, session)) }
    },
  )

  const changes: readonly Change[] = ['suspend', 'resume', 'revoke']
  for (const change of changes) {
    app.post(
      `${BASE}/authenticators/:id/${change}`,
      {
        schema: {
          params: api.AuthenticatorParams,
          body: api.NoInput,
          response: { 200: api.Empty },
        },
      },
      async (request) => {
        const session = await requireSession(request, authenticator)
        const result = await authenticator.changeAuthenticator(session, request.params.id, change)
        if (result.outcome === 'refused') throw new ChangeRefused(result.reason)
        return {}
      },
    )
  }
}

async function requireSession(
  request: FastifyRequest,
  authenticator: AuthenticatorService,
): Promise<Session> {
  const session = await authenticator.currentSession(request.headers.cookie)
  if (session === undefined) throw new AccessDenied('UNAUTHENTICATED', 'expected a login')
  return session
}

/** The browser's ceremony token; given to it now when it has none. */
function browserOf(
  request: FastifyRequest,
  reply: FastifyReply,
  authenticator: AuthenticatorService,
): string {
  const known = readCookie(request.headers.cookie, CEREMONY_COOKIE)
  if (known !== undefined) return known
  const token = authenticator.newBrowserToken()
  void reply.setCookie(CEREMONY_COOKIE, token, { ...cookieOptions(authenticator), path: BASE })
  return token
}

function knownBrowser(request: FastifyRequest): string {
  const known = readCookie(request.headers.cookie, CEREMONY_COOKIE)
  if (known === undefined) throw new NotFound('no ceremony was begun in this browser')
  return known
}

function setSessionCookie(
  reply: FastifyReply,
  authenticator: AuthenticatorService,
  session: Session,
  token: string,
): void {
  void reply.setCookie(SESSION_COOKIE, token, {
    ...cookieOptions(authenticator),
    path: '/',
    expires: session.expiresAt,
  })
}

function cookieOptions(authenticator: AuthenticatorService) {
  // `lax`, not `strict`: the browser comes back from the card agent's origin. No `domain`: host-only.
  return {
    httpOnly: true,
    sameSite: 'lax',
    secure: authenticator.origin().startsWith('https:'),
  } as const
}

function sessionView(session: Session): api.Session {
  return {
    authenticatedAt: session.authenticatedAt.toISOString(),
    expiresAt: session.expiresAt.toISOString(),
    method: session.method,
    authenticatorId: session.authenticatorId,
  }
}

function authenticatorView(
  authenticator: Authenticator,
  session: Session,
): api.AuthenticatorList['authenticators'] {
  const { id, state, createdAt, lastUsedAt, backedUp, backupEligible } = authenticator
  if (state === 'pending') return []
  return [
    {
      authenticatorId: id,
      state,
      createdAt: createdAt.toISOString(),
      lastUsedAt: lastUsedAt?.toISOString() ?? null,
      backedUp,
      backupEligible,
      kind: kindOf(authenticator.transports),
      current: id === session.authenticatorId,
    },
  ]
}

/** WebAuthn L3 §5.8.4: `internal` is the device itself; `hybrid` alone is a phone seen from elsewhere. */
function kindOf(
  transports: readonly string[],
): api.AuthenticatorList['authenticators'][number]['kind'] {
  if (transports.includes('internal') || transports.includes('hybrid')) return 'device'
  return transports.some((one) => ['usb', 'nfc', 'ble'].includes(one)) ? 'security_key' : null
}

/** WebAuthn options are an object; the schema of the answer wants it said. */
function membersOf(options: unknown): Record<string, unknown> {
  return { ...(options as Record<string, unknown>) }
}
