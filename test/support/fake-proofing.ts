import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'
import { toBase64Url } from '../../services/kernel/bytes.ts'

/** The part of proofing that the card client talks to, over HTTP; each test changes what it is about. */
export interface FakeProofing {
  readonly issuer: string
  session: Record<string, unknown>
  sessionStatus: number
  evidenceStatus: number
  verdict: { outcome: string; reason: string | null }
  /** What was handed over. */
  readonly evidence: Record<string, string>[]
  /** How often a session was asked for. */
  sessions: number
  /** Back to an enrolment with the signature key that passes. */
  reset(): void
  close(): void
}

export async function startFakeProofing(): Promise<FakeProofing> {
  const server = createServer((request, response) => {
    void readBody(request).then((body) => {
      const [status, answer] = answerOf(fake, request.url ?? '', JSON.parse(body) as never)
      response.writeHead(status, { 'content-type': 'application/json' })
      response.end(JSON.stringify(answer))
    })
  })
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve))
  const issuer = `http://127.0.0.1:${(server.address() as AddressInfo).port}`
  const fresh = () => ({
    session: {
      sessionId: 'session-1',
      environment: 'simulator',
      purpose: 'enrol',
      rpId: '',
      rpName: '',
      keyUse: 'signature',
      nonce: toBase64Url(new Uint8Array(32).fill(7)),
      bindingHash: toBase64Url(new Uint8Array(32).fill(9)),
      expiresAt: '2026-11-26T00:10:00.000Z',
      returnUrl: `${issuer}/enrol/back`,
    },
    sessionStatus: 200,
    evidenceStatus: 200,
    verdict: { outcome: 'passed', reason: null },
    sessions: 0,
  })
  const fake: FakeProofing = {
    issuer,
    ...fresh(),
    evidence: [],
    reset: () => {
      Object.assign(fake, fresh())
      fake.evidence.length = 0
    },
    close: () => void server.close(),
  }
  return fake
}

function answerOf(
  fake: FakeProofing,
  url: string,
  body: Record<string, string>,
): [number, unknown] {
  const refused = (status: number) => ({ error: { code: `CODE_${status}`, message: 'refused' } })
  if (url === '/api/proofing/agent/session') {
    fake.sessions++
    const status = fake.sessionStatus
    return status === 200 ? [200, fake.session] : [status, refused(status)]
  }
  const takes = fake.session['purpose'] === 'document' ? 'signature' : 'evidence'
  if (url !== `/api/proofing/agent/${takes}`) return [404, refused(404)]
  const status = fake.evidenceStatus
  if (status !== 200) return [status, refused(status)]
  fake.evidence.push(body)
  return [200, { ...fake.verdict, returnUrl: `${fake.issuer}/enrol/back` }]
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = []
  for await (const chunk of request) chunks.push(chunk as Buffer)
  return Buffer.concat(chunks).toString()
}
