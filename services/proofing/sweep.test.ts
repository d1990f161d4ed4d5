import { describe, expect, test } from 'vitest'
import { IdentityStatusChanged } from '../../proto/gen/watashi/identity/v1/identity.ts'
import { NOW } from '../../test/pki/issue.ts'
import {
  ENROL,
  openProofingBench,
  person,
  prove,
  tap,
  type Bench,
} from '../../test/pki/proofing-bench.ts'
import { MAX_OPENED, SESSION_LIFETIME, type Session } from './session.ts'
import { ProofingStore } from './store.ts'

const HOUR = 3_600_000
const DAY = 24 * HOUR

async function sweepAfter(at: Bench, milliseconds: number): Promise<void> {
  at.core.clock.advance(milliseconds)
  await at.proofing.sweep(at.core.clock.now())
}

async function refused(at: Bench) {
  at.world.crl = { revoked: [{ serial: Uint8Array.of(0x77), reason: 1 }] }
  const { opened, outcome } = await prove(
    at,
    person(at, 'signature', { serial: Uint8Array.of(0x77), keyLabel: 'revoked' }, 'person-77'),
  )
  at.world.crl = {}
  expect(outcome).toBe('refused')
  return opened
}

describe('the sweep of proofing sessions', () => {
  test('deletes what was never used, and what was refused, a day after its end', async () => {
    await using at = await openProofingBench()
    const sessions = [await at.proofing.open(ENROL), await refused(at)]
    await sweepAfter(at, DAY)
    for (const { sessionId } of sessions) await at.proofing.result(sessionId)
    await sweepAfter(at, SESSION_LIFETIME + 1)
    for (const { sessionId, ticket } of sessions) {
      await expect(at.proofing.result(sessionId)).rejects.toMatchObject({ code: 'NOT_FOUND' })
      await expect(at.proofing.agentSession(ticket)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    }
  })

  test('leaves a session that waits for its card', async () => {
    await using at = await openProofingBench()
    const opened = await at.proofing.open(ENROL)
    await sweepAfter(at, SESSION_LIFETIME / 2)
    const card = await tap(at, opened, person(at))
    expect((await at.proofing.submitEvidence(card)).outcome).toBe('passed')
  })

  test('keeps a proofing as long as its certificate is watched', async () => {
    await using at = await openProofingBench()
    const { opened } = await prove(at, person(at))
    const result = await at.proofing.result(opened.sessionId)
    if (result.status !== 'passed') throw new Error(result.status)
    await sweepAfter(at, 30 * DAY)
    expect(await at.proofing.committed(result.proofingId)).toBe(true)
    const serial = Uint8Array.of(0x12, 0x34, 0x56, 0x78)
    at.world.crl = { revoked: [{ serial, reason: 1 }] }
    expect(await at.proofing.checkNow()).toMatchObject({ changed: 1 })
    const change = (await at.events()).find(({ type }) => type.endsWith('IdentityStatusChanged'))
    const { proofingIds } = IdentityStatusChanged.decode(change?.value ?? new Uint8Array())
    expect(proofingIds).toEqual([result.proofingId])
  })

  test('forgets a proofing a day after the end of its certificate', async () => {
    await using at = await openProofingBench()
    const notAfter = new Date(NOW.getTime() + 2 * HOUR)
    const { opened } = await prove(at, person(at, 'signature', { notAfter }))
    const result = await at.proofing.result(opened.sessionId)
    if (result.status !== 'passed') throw new Error(result.status)
    await sweepAfter(at, 2 * HOUR + DAY)
    expect(await at.proofing.committed(result.proofingId)).toBe(true)
    await sweepAfter(at, 1000)
    expect(await at.proofing.committed(result.proofingId)).toBe(false)
  })
})

describe('openings without a card', () => {
  test('are refused beyond a number in a minute, and taken again after it', async () => {
    await using at = await openProofingBench()
    await at.core.database.run(async (tx) => {
      const store = new ProofingStore(at.core.database)
      for (let i = 1; i < MAX_OPENED; i++) await store.addSession(tx, waiting(i))
    })
    const last = await at.proofing.open(ENROL)
    await expect(at.proofing.open(ENROL)).rejects.toMatchObject({
      code: 'TOO_MANY_REQUESTS',
      retryAfterSeconds: 60,
    })
    // One whose card came counts no more.
    await at.proofing.submitEvidence(await tap(at, last, person(at)))
    await at.proofing.open(ENROL)
    await expect(at.proofing.open(ENROL)).rejects.toMatchObject({ code: 'TOO_MANY_REQUESTS' })
    at.core.clock.advance(60_000)
    await at.proofing.open(ENROL)
  })
})

function waiting(i: number): Session {
  return {
    ...ENROL,
    sessionId: `session-${String(i)}`,
    ticketHash: `ticket-${String(i)}`,
    nonce: new Uint8Array(32),
    openedAt: NOW,
    expiresAt: new Date(NOW.getTime() + SESSION_LIFETIME),
    status: 'open',
    expectedSubjectRef: null,
    reason: null,
    evidenceDigest: null,
    tokenType: null,
    takenAt: null,
    proofingId: null,
    subjectRef: null,
    certificateRef: null,
  }
}
