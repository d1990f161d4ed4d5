import type { FastifyReply, FastifyRequest } from 'fastify'
import type { Json } from '../kernel/canonical-json.ts'
import type { HttpServer } from '../rpc/http-server.ts'
import { randomToken, type Random } from '../kernel/random.ts'
import {
  ChoosePersonaBody,
  ConsentBody,
  ConsentOptionsBody,
  ConsentOptionsReply,
  EmptyBody,
  InteractionParams,
  InteractionView,
  ReturnReply,
  SignReply,
} from './api.ts'
import type { Browser, Interactions } from './interactions.ts'

export interface FederationRoutesDependencies {
  readonly interactions: Interactions
  readonly random: Random
  /** True behind TLS: then the cookie is sent over TLS alone. */
  readonly secureCookies?: boolean
}

const COOKIE = 'watashi_interaction'
const BASE = '/api/federation/interactions/:id'

/** Routes of the page on which a person answers a relying party's request. */
export function registerFederationRoutes(
  app: HttpServer,
  { interactions, random, secureCookies = false }: FederationRoutesDependencies,
): void {
  const browserOf = (request: FastifyRequest, reply: FastifyReply): Browser => {
    const kept = request.cookies[COOKIE]
    const secret = kept !== undefined && /^[A-Za-z0-9_-]{43}$/.test(kept) ? kept : undefined
    const fresh = secret ?? randomToken(random)
    if (secret === undefined) {
      // No Domain: this host alone. Lax, since the browser comes here from the relying party by a link.
      const attributes = {
        httpOnly: true,
        sameSite: 'lax',
        path: '/',
        secure: secureCookies,
      } as const
      void reply.setCookie(COOKIE, fresh, attributes)
    }
    return { secret: fresh, cookieHeader: request.headers.cookie }
  }

  app.get(
    BASE,
    { schema: { params: InteractionParams, response: { 200: InteractionView } } },
    async (request, reply) => interactions.view(request.params.id, browserOf(request, reply)),
  )
  app.post(
    `${BASE}/persona`,
    {
      schema: {
        params: InteractionParams,
        body: ChoosePersonaBody,
        response: { 200: InteractionView },
      },
    },
    async (request, reply) =>
      interactions.choosePersona(
        request.params.id,
        browserOf(request, reply),
        request.body.personaId,
      ),
  )
  app.post(
    `${BASE}/consent/options`,
    {
      schema: {
        params: InteractionParams,
        body: ConsentOptionsBody,
        response: { 200: ConsentOptionsReply },
      },
    },
    async (request, reply) =>
      interactions.consentOptions(
        request.params.id,
        browserOf(request, reply),
        request.body.declined,
      ),
  )
  app.post(
    `${BASE}/consent`,
    { schema: { params: InteractionParams, body: ConsentBody, response: { 200: ReturnReply } } },
    async (request, reply) => {
      const { ceremonyId, response } = request.body
      const browser = browserOf(request, reply)
      // A body that was parsed from JSON is JSON; its form is the ceremony's to check.
      const unverifiedResponse = response as Json
      return {
        returnUrl: await interactions.consent(
          request.params.id,
          browser,
          ceremonyId,
          unverifiedResponse,
        ),
      }
    },
  )
  app.post(
    `${BASE}/continue`,
    { schema: { params: InteractionParams, body: EmptyBody, response: { 200: ReturnReply } } },
    async (request, reply) => ({
      returnUrl: await interactions.confirm(request.params.id, browserOf(request, reply)),
    }),
  )
  app.post(
    `${BASE}/sign`,
    { schema: { params: InteractionParams, body: EmptyBody, response: { 200: SignReply } } },
    async (request, reply) => ({
      agentUrl: await interactions.sign(request.params.id, browserOf(request, reply)),
    }),
  )
  app.post(
    `${BASE}/refuse`,
    { schema: { params: InteractionParams, body: EmptyBody, response: { 200: ReturnReply } } },
    async (request, reply) => ({
      returnUrl: await interactions.refuse(request.params.id, browserOf(request, reply)),
    }),
  )
}
