import { Type, type Static, type TSchema } from 'typebox'
import { Value } from 'typebox/value'
import { fromBase64Url, toBase64 } from '../kernel/bytes.ts'
import { ServiceError, Unavailable } from '../kernel/errors.ts'
import { TRUST_ENVIRONMENTS } from '../kernel/trust-environment.ts'
import { type AgentSession, type ProofingClient, TapRefused } from './agent.ts'
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
      return readSession(parsed(SESSION, answer))
    },
    submit: async ({ ticket, certificate, signature, tokenType }) => {
      const answer = await post(`${issuer}/api/proofing/agent/evidence`, {
        ticket,
        certificate: toBase64(certificate),
        signature: toBase64(signature),
        tokenType,
      })
      const { outcome, reason } = parsed(VERDICT, answer)
      return { outcome, reason }
    },
  }
}

function readSession(session: Static<typeof SESSION>): AgentSession {
  const expiresAt = new Date(session.expiresAt)
  if (Number.isNaN(expiresAt.getTime())) throw broken()
  return {
    ...session,
    nonce: bytes(session.nonce),
    bindingHash: bytes(session.bindingHash),
    expiresAt,
  }
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
