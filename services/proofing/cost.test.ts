import { describe, expect, test } from 'vitest'
import {
  openProofingBench,
  person,
  prove,
  subjectOf,
  type Bench,
} from '../../test/pki/proofing-bench.ts'
import { encodeAuthenticatorEvent } from '../authenticator/events.ts'
import type { Json } from '../kernel/canonical-json.ts'
import { releaseIssued } from '../wallet/events.ts'
import { costReport } from './cost-report.ts'
import { ProofingStore } from './store.ts'
import { createProofingConsumers } from './worker.ts'

async function counts(at: Bench, month = '2026-06') {
  const store = new ProofingStore(at.core.database)
  return at.core.database.read((tx) => store.checksIn(tx, month))
}

describe('a revocation check', () => {
  test('of a tap is counted by purpose, kind and relying party, whatever came out', async () => {
    await using at = await openProofingBench()
    const card = person(at)
    await prove(at, card)
    await prove(at, card, { purpose: 'transaction', rpId: 'bank' })
    at.world.crl = 'down'
    await prove(at, card, { purpose: 'transaction', rpId: 'bank' })
    const month = '2026-06'
    expect(await counts(at)).toEqual([
      { month, use: 'enrol', kind: 'signature', rpId: '', count: 1 },
      { month, use: 'transaction', kind: 'signature', rpId: 'bank', count: 2 },
    ])
    expect(await counts(at, '2026-05')).toEqual([])
  })

  test('that was not made is not counted', async () => {
    await using at = await openProofingBench()
    await prove(at, person(at, 'signature', { notAfter: new Date('2026-05-31T14:59:59Z') }))
    expect(await counts(at)).toEqual([])
  })

  test('of the monitor is a re-check on behalf of nobody', async () => {
    await using at = await openProofingBench()
    await prove(at, person(at))
    await prove(at, person(at, 'authentication', { serial: Uint8Array.of(0x77) }), {
      keyUse: 'authentication',
    })
    await at.proofing.checkNow()
    await at.proofing.checkNow()
    const rechecks = (await counts(at)).filter(({ use }) => use === 'recheck')
    expect(rechecks).toMatchObject([
      { kind: 'authentication', rpId: '', count: 2 },
      { kind: 'signature', rpId: '', count: 2 },
    ])
  })
})

test('what is done without the card is a check that was saved; a tap of the card is not', async () => {
  await using at = await openProofingBench()
  for (const consumer of createProofingConsumers(at.proofing)) at.core.consume(consumer)
  const subjectRef = await subjectOf(at, await prove(at, person(at)))
  const now = at.core.clock.now()
  const performed = (facts: Json) =>
    encodeAuthenticatorEvent({
      type: 'AuthenticationPerformed',
      sessionId: 's',
      subjectRef,
      authenticatorId: 'a',
      environment: 'simulator',
      facts,
      at: now,
    })
  const passkey = { at: now.toISOString(), factors: [{ type: 'mf_crypto', authenticator: 'a' }] }
  const card = { ...passkey, factors: [{ ...passkey.factors[0], form: 'ic_card' }] }
  await at.core.database.run(async (tx) => {
    await at.core.publisher('authenticator').publish(tx, performed(passkey))
    await at.core.publisher('authenticator').publish(tx, performed(passkey))
    await at.core.publisher('authenticator').publish(tx, performed(card))
    await at.core.publisher('wallet').publish(
      tx,
      releaseIssued({
        releaseId: 'r',
        subjectRef,
        rpId: 'liquor',
        purposeId: 'p',
        claims: ['age_over_20'],
        consentDigest: new Uint8Array(32),
        issuedAt: now,
        expiresAt: now,
      }),
    )
  })
  await at.core.settle()
  const report = costReport(await counts(at))
  expect(report).toMatchObject({ made: 1, saved: 2 })
  expect(report.lines).toEqual([
    {
      relying_party: '',
      use: 'cardless-login',
      certificate: 'authentication',
      made: false,
      count: 2,
    },
    { relying_party: '', use: 'enrol', certificate: 'signature', made: true, count: 1 },
    {
      relying_party: 'liquor',
      use: 'cardless-release',
      certificate: 'signature',
      made: false,
      count: 1,
    },
  ])
  expect(JSON.stringify(report)).not.toContain(subjectRef)
})
