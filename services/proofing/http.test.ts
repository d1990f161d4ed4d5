import { expect, test } from 'vitest'
import { issueCertificate } from '../../test/pki/issue.ts'
import {
  authorities,
  ENROL,
  openProofingBench,
  person,
  tap,
} from '../../test/pki/proofing-bench.ts'
import { createLog } from '../kernel/log.ts'
import { createHttpServer } from '../rpc/http-server.ts'
import { registerProofingRoutes } from './http.ts'
import type { Proofing } from './proofing.ts'

async function serverOf(proofing: Proofing) {
  const app = await createHttpServer({
    origin: () => 'http://localhost:8080',
    log: createLog('silent'),
    requestsPerMinute: 1000,
  })
  registerProofingRoutes(app, proofing)
  return (path: string, payload: object) =>
    app.inject({ method: 'POST', url: `/api/proofing/agent/${path}`, payload })
}

test('the agent gets the challenge and hands over the evidence', async () => {
  await using at = await openProofingBench()
  const post = await serverOf(at.proofing)
  const opened = await at.proofing.open(ENROL)
  const session = await post('session', { ticket: opened.ticket })
  expect(session.statusCode).toBe(200)
  expect(session.json()).toMatchObject({
    sessionId: opened.sessionId,
    environment: 'simulator',
    purpose: 'enrol',
    rpId: '',
    rpName: '',
    keyUse: 'signature',
    returnUrl: `http://localhost:8080/enrol/done?ticket=${opened.ticket}`,
  })
  const evidence = await post('evidence', await tap(at, opened, person(at)))
  expect(evidence.json()).toMatchObject({ outcome: 'passed', reason: null })
})

test('a refusal is an answer, not an error', async () => {
  await using at = await openProofingBench()
  const post = await serverOf(at.proofing)
  const opened = await at.proofing.open(ENROL)
  const card = issueCertificate(authorities.signature)
  const answer = await post('evidence', await tap(at, opened, card))
  expect(answer.statusCode).toBe(200)
  expect(answer.json()).toMatchObject({ outcome: 'indeterminate', reason: 'LINKAGE_UNAVAILABLE' })
})

const ticket = 'A'.repeat(43)
test.each([
  ['session', {}, 400, 'INVALID_INPUT'],
  ['session', { ticket: 'short' }, 400, 'INVALID_INPUT'],
  ['session', { ticket, more: 1 }, 400, 'INVALID_INPUT'],
  ['session', { ticket }, 404, 'NOT_FOUND'],
  ['evidence', { ticket }, 400, 'INVALID_INPUT'],
  [
    'evidence',
    { ticket, certificate: 'AAAA', signature: 'AAAA', tokenType: 'key' },
    400,
    'INVALID_INPUT',
  ],
  [
    'evidence',
    { ticket, certificate: 'AAAA', signature: 'AAAA', tokenType: 'card' },
    404,
    'NOT_FOUND',
  ],
])('%s with a bad body is a typed error', async (path, body, status, code) => {
  await using at = await openProofingBench()
  const post = await serverOf(at.proofing)
  const answer = await post(path, body)
  expect([answer.statusCode, answer.json<{ error: { code: string } }>().error.code]).toEqual([
    status,
    code,
  ])
})
