import { expect, test } from 'vitest'
import { IdentityProofed, ProofPurpose } from '../../proto/gen/watashi/identity/v1/identity.ts'
import { openTemporaryEventCore } from '../eventlog/temporary-event-core.ts'
import { TOPICS } from '../kernel/event.ts'
import { HANAKO, LIQUOR, openTemporaryWallet } from './temporary-wallet.ts'
import { createConsumers } from './worker.ts'

const PERSON = '0b9f3e0c-6a57-4a52-8d0b-0e7f3c1d2a45'

function proofed(proofingId: string, purpose: ProofPurpose) {
  const message = IdentityProofed.fromPartial({ proofingId, subjectRef: PERSON, purpose })
  return {
    topic: TOPICS.subject,
    key: PERSON,
    type: 'watashi.identity.v1.IdentityProofed',
    value: IdentityProofed.encode(message).finish(),
    occurredAt: new Date('2026-04-01T00:00:00Z'),
  }
}

test('a person enrols, is asked, and is erased through the log, and the log can be replayed', async () => {
  await using core = await openTemporaryEventCore({ services: ['wallet'] })
  const wallet = await openTemporaryWallet({
    database: core.database,
    publisher: core.publisher('wallet'),
    clock: core.clock,
  })
  const publish = (proofingId: string, purpose: ProofPurpose) =>
    core.database.run((tx) => core.publisher('proofing').publish(tx, proofed(proofingId, purpose)))
  for (const consumer of wallet.consumers) core.consume(consumer)
  await wallet.register(LIQUOR)

  await wallet.vault.deposit('p1', await wallet.sealDeposit('p1', HANAKO))
  await publish('p1', ProofPurpose.PROOF_PURPOSE_ENROL)
  await core.settle()
  const personaId = await wallet.personaId(PERSON, 'priv')
  await wallet.release(wallet.request(PERSON, LIQUOR, 'age_over_20'), personaId)
  await wallet.person.erase(PERSON, core.clock.now())
  await publish('p2', ProofPurpose.PROOF_PURPOSE_REPROOF)
  await core.settle()

  const events = await core.events(TOPICS.subject)
  expect(events.map(({ type }) => type.split('.').at(-1))).toEqual([
    'IdentityProofed',
    'ReleaseIssued',
    'ReleaseRevoked',
    'SubjectErased',
    'IdentityProofed',
  ])
  expect(new Set(events.map(({ key }) => key))).toEqual(new Set([PERSON]))
  expect(await wallet.port.personas(PERSON)).toEqual([])

  for (const consumer of createConsumers(wallet.parts)) {
    core.consume({ ...consumer, name: `${consumer.name}.again` })
  }
  await core.settle()
  expect(await wallet.port.personas(PERSON)).toEqual([])
})
