import { Type, type Static, type TSchema } from 'typebox'
import { Value } from 'typebox/value'
import { fromBase64Url, toBase64 } from '../kernel/bytes.ts'
import { ServiceError, Unavailable } from '../kernel/errors.ts'
import { TRUST_ENVIRONMENTS } from '../kernel/trust-environment.ts'
import {
  type DocumentSession,
  type ProofingClient,
  type ProofSession,
  TapRefused,
} from './agent.ts'
import { PROOF_PURPOSES } from './proof-message.ts'

const text = (maxLength: number) => Type.String({ maxLength })

const SESSION = Type.Object({
  sessionId: Type.String({ minLength: 1, maxLength: 200 }),
  environment: Type.Enum([...TRUST_ENVIRONMENTS]),
  purpose: Type.Enum([...PROOF_PURPOSES]),
  rpId: text(200),
  rpName: text(400),
  keyUse: Type.Enum(['signature', 'authentication']),
  nonce: Type.String({ minLength: 22, maxLength: 200 }),
  bindingHash: text(200),
  expiresAt: text(40),
  returnUrl: text(2000),
})
const DOCUMENT_SESSION = Type.Object({
  environment: Type.Enum([...TRUST_ENVIRONMENTS]),
  purpose: Type.Literal('document'),
  rpId: Type.String({ minLength: 1, maxLength: 200 }),
  rpName: Type.String({ minLength: 1, maxLength: 400 }),
  keyUse: Type.Literal('signature'),
  document: Type.Object({
    title: Type.String({ minLength: 1, maxLength: 400 }),
    mediaType: text(100),
    digest: Type.String({ minLength: 43, maxLength: 43 }),
    text: Type.Union([text(16 * 1024), Type.Null()]),
  }),
  signingTime: text(40),
  expiresAt: text(40),
  returnUrl: text(2000),
})
const VERDICT = Type.Object({
  outcome: Type.Enum(['passed', 'refused', 'indeterminate']),
  reason: Type.Union([text(80), Type.Null()]),
})
const REFUSAL = Type.Object({ error: Type.Object({ code: text(80) }) })
const TIMEOUT = 10_000

/** Proofing over its HTTP face at `issuer`. Refusals become `TapRefused`; no or a broken answer is `Unavailable`. */
export function proofingOverHttp(issuer: string): ProofingClient {
  return {
    session: async (ticket) => {
      const answer = await post(`${issuer}/api/proofing/agent/session`, { ticket })
      return Value.Check(DOCUMENT_SESSION, answer)
        ? readDocumentSession(answer)
        : readSession(parsed(SESSION, answer))
    },
    submit: async ({ purpose, ticket, tokenType, ...bytes }) => {
      const certificate = toBase64(bytes.certificate)
      const signature = toBase64(bytes.signature)
      const given = { ticket, certificate, signature }
      const answer = await (purpose === 'document'
        ? post(`${issuer}/api/proofing/agent/signature`, given)
        : post(`${issuer}/api/proofing/agent/evidence`, { ...given, tokenType }))
      const { outcome, reason } = parsed(VERDICT, answer)
      return { outcome, reason }
    },
  }
}

function readSession(session: Static<typeof SESSION>): ProofSession {
  return {
    ...session,
    nonce: bytes(session.nonce),
    bindingHash: bytes(session.bindingHash),
    expiresAt: time(session.expiresAt),
  }
}

function readDocumentSession(session: Static<typeof DOCUMENT_SESSION>): DocumentSession {
  return {
    ...session,
    document: { ...session.document, digest: bytes(session.document.digest) },
    signingTime: time(session.signingTime),
    expiresAt: time(session.expiresAt),
  }
}

function time(text: string): Date {
  const at = new Date(text)
  if (Number.isNaN(at.getTime())) throw broken()
  return at
}

async function post(url: string, body: object): Promise<unknown> {
  const { status, answer } = await exchange(url, body)
  if (status >= 200 && status < 300) return answer
  if (status >= 500 || status === 429) throw new Unavailable('proofing does not answer')
  const { code } = parsed(REFUSAL, answer).error
  throw new TapRefused(status === 404 ? 'TICKET_INVALID' : 'REFUSED', 'proofing refused', {
    cause: code,
  })
}

async function exchange(url: string, body: object): Promise<{ status: number; answer: unknown }> {
  try {
    const response = await fetch(url, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify(body),
      redirect: 'error',
      signal: AbortSignal.timeout(TIMEOUT),
    })
    return { status: response.status, answer: await response.json() }
  } catch (error) {
    if (error instanceof ServiceError) throw error
    throw new Unavailable('proofing does not answer', { cause: error })
  }
}

function parsed<Schema extends TSchema>(schema: Schema, answer: unknown): Static<Schema> {
  if (!Value.Check(schema, answer)) throw broken()
  return answer
}

function bytes(text: string): Uint8Array {
  try {
    return fromBase64Url(text)
  } catch (error) {
    throw broken(error)
  }
}

function broken(cause?: unknown): Unavailable {
  return new Unavailable('expected an answer of the documented form from proofing', { cause })
}
