import { Type } from 'typebox'
import type { SessionPort } from '../authenticator/ports.ts'
import { AccessDenied } from '../kernel/errors.ts'
import type { HttpServer } from '../rpc/http-server.ts'
import {
  AgentDocument,
  AgentSession,
  AgentSessionRequest,
  EmptyBody,
  EmptyReply,
  EvidenceAnswer,
  EvidenceRequest,
  IdentityCheckReply,
  IdentityReply,
  SignatureRequest,
} from './api.ts'
import type { IdentityView } from './check-identity.ts'
import type { Proofing } from './proofing.ts'

export interface IdentityRouteDependencies {
  readonly proofing: Pick<Proofing, 'identity' | 'checkIdentity' | 'withdrawConsent'>
  readonly sessions: Pick<SessionPort, 'current'>
}

/** What persons do about their own certificates, without the card. Every route needs a session and acts for its person alone. */
export function registerIdentityRoutes(
  app: HttpServer,
  { proofing, sessions }: IdentityRouteDependencies,
): void {
  const subject = async (cookie: string | undefined): Promise<string> => {
    const current = await sessions.current(cookie)
    if (!current) throw new AccessDenied('UNAUTHENTICATED', 'expected a person who is logged in')
    return current.subjectRef
  }
  app.get(
    '/api/proofing/identity',
    { schema: { response: { 200: IdentityReply } } },
    async ({ headers }) => toReply(await proofing.identity(await subject(headers.cookie))),
  )
  app.post(
    '/api/proofing/identity/check',
    { schema: { body: EmptyBody, response: { 200: IdentityCheckReply } } },
    async ({ headers }) => {
      const check = await proofing.checkIdentity(await subject(headers.cookie))
      const { changed, unknown, attributes } = check
      return { ...toReply(check), changed, unknown, attributes }
    },
  )
  app.post(
    '/api/proofing/consent/withdrawal',
    { schema: { body: EmptyBody, response: { 200: EmptyReply } } },
    async ({ headers }) => {
      await proofing.withdrawConsent(await subject(headers.cookie))
      return {}
    },
  )
}

function toReply({ certificates, consent }: IdentityView): IdentityReply {
  return {
    certificates: certificates.map(({ kind, status, reason, lastGoodAt }) => ({
      kind,
      status,
      reason,
      lastGoodAt: lastGoodAt.toISOString(),
    })),
    consent: consent && { givenAt: consent.givenAt?.toISOString() ?? null },
  }
}

/** Routes of the card agent, which calls from its own server: no cookie, no CORS. */
export function registerProofingRoutes(
  app: HttpServer,
  proofing: Pick<Proofing, 'agentSession' | 'submitEvidence' | 'submitSignature'>,
): void {
  app.post(
    '/api/proofing/agent/session',
    {
      schema: {
        body: AgentSessionRequest,
        response: { 200: Type.Union([AgentDocument, AgentSession]) },
      },
    },
    async ({ body }) => proofing.agentSession(body.ticket),
  )
  app.post(
    '/api/proofing/agent/evidence',
    { schema: { body: EvidenceRequest, response: { 200: EvidenceAnswer } } },
    async ({ body }) => proofing.submitEvidence(body),
  )
  app.post(
    '/api/proofing/agent/signature',
    { schema: { body: SignatureRequest, response: { 200: EvidenceAnswer } } },
    async ({ body }) => proofing.submitSignature(body),
  )
}
