import type { LiveSession, SessionPort } from '../authenticator/ports.ts'
import { AccessDenied } from '../kernel/errors.ts'
import type { Clock } from '../kernel/clock.ts'
import type { HttpServer } from '../rpc/http-server.ts'
import {
  changePersonaBody,
  emptyBody,
  emptyReply,
  erasureBody,
  errorReply,
  ledgerReply,
  overviewReply,
  personaParams,
  releaseParams,
  ticketBody,
  ticketReply,
  type LedgerReply,
  type OverviewReply,
} from './api.ts'
import type { LedgerView, Overview } from './person-pages.ts'
import type { PersonUseCases } from './wallet.ts'

const FRESH_LOGIN_MILLISECONDS = 5 * 60 * 1000

export interface WalletRouteDependencies {
  readonly person: PersonUseCases
  readonly sessions: Pick<SessionPort, 'current'>
  readonly clock: Clock
}

/** The person's own pages, `/api/wallet/…`. Every route needs a session and acts for its person alone. */
export function registerWalletRoutes(app: HttpServer, dependencies: WalletRouteDependencies): void {
  const { person, sessions, clock } = dependencies
  const session = async (cookie: string | undefined): Promise<LiveSession> => {
    const current = await sessions.current(cookie)
    if (!current) throw new AccessDenied('UNAUTHENTICATED', 'expected a person who is logged in')
    return current
  }

  app.get(
    '/api/wallet/overview',
    { schema: { response: { 200: overviewReply } } },
    async ({ headers }) => {
      const { subjectRef } = await session(headers.cookie)
      return toOverviewReply(await person.overview(subjectRef, clock.now()))
    },
  )

  app.put(
    '/api/wallet/personas/:id',
    { schema: { params: personaParams, body: changePersonaBody, response: { 200: emptyReply } } },
    async ({ headers, params, body }) => {
      const { subjectRef } = await session(headers.cookie)
      await person.changePersona(subjectRef, params.id, body)
      return {}
    },
  )

  app.get(
    '/api/wallet/ledger',
    { schema: { response: { 200: ledgerReply } } },
    async ({ headers }) => {
      const { subjectRef } = await session(headers.cookie)
      return toLedgerReply(await person.ledger(subjectRef))
    },
  )

  app.post(
    '/api/wallet/releases/:id/revoke',
    { schema: { params: releaseParams, body: emptyBody, response: { 200: emptyReply } } },
    async ({ headers, params }) => {
      const { subjectRef } = await session(headers.cookie)
      await person.revoke(subjectRef, params.id, clock.now())
      return {}
    },
  )

  app.post(
    '/api/wallet/erasure',
    { schema: { body: erasureBody, response: { 200: emptyReply, 403: errorReply } } },
    async ({ headers }, reply) => {
      const { subjectRef, authenticatedAt } = await session(headers.cookie)
      const now = clock.now()
      if (now.getTime() - authenticatedAt.getTime() > FRESH_LOGIN_MILLISECONDS) {
        const message = 'expected a login in the last 5 minutes'
        return reply.status(403).send({ error: { code: 'FRESH_LOGIN_REQUIRED', message } })
      }
      await person.erase(subjectRef, now)
      return reply.send({})
    },
  )

  app.post(
    '/api/wallet/tickets',
    { schema: { body: ticketBody, response: { 200: ticketReply } } },
    async ({ headers, body }) => {
      const { subjectRef } = await session(headers.cookie)
      const { ticket, url, expiresAt } = await person.createTicket(
        subjectRef,
        body.releaseId,
        clock.now(),
      )
      return { ticket, url, expiresAt: expiresAt.toISOString() }
    },
  )
}

function toOverviewReply({ levels, personas, attributes }: Overview): OverviewReply {
  return {
    levels: levels.map(({ framework, axis, level, lowest, validUntil }) => ({
      framework,
      axis,
      level,
      lowest,
      validUntil: validUntil?.toISOString() ?? null,
    })),
    personas: personas.map((persona) => ({ ...persona, allowance: [...persona.allowance] })),
    attributes: [...attributes],
  }
}

const UNKNOWN = { ja: '不明', en: 'unknown' }

function toLedgerReply({ entries, intact }: LedgerView): LedgerReply {
  return {
    intact,
    entries: entries.map((entry) => ({
      ...entry,
      // A party that has never been registered with us has no name to show.
      rp: entry.rp ?? { rpId: '', name: UNKNOWN, controller: UNKNOWN },
      purpose: entry.purpose ?? { title: UNKNOWN, retentionDays: 0, legalBasis: '' },
      claims: [...entry.claims],
      levels: [...entry.levels],
    })),
  }
}
