import type { HttpServer } from '../rpc/http-server.ts'
import { Type } from 'typebox'
import {
  AgentDocument,
  AgentSession,
  AgentSessionRequest,
  EvidenceAnswer,
  EvidenceRequest,
  SignatureRequest,
} from './api.ts'
import type { Proofing } from './proofing.ts'

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
