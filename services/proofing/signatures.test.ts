import { describe, expect, test } from 'vitest'
import { SignatureIssued, SignatureRefused } from '../../proto/gen/watashi/identity/v1/identity.ts'
import {
  authorities,
  openProofingBench,
  person,
  prove,
  signDocument,
  subjectOf,
  tap,
  type Bench,
} from '../../test/pki/proofing-bench.ts'
import { issueCertificate } from '../../test/pki/issue.ts'
import { proofMessage } from '../card/proof-message.ts'
import { fromBase64Url, toHex, utf8 } from '../kernel/bytes.ts'
import { sha256 } from '../kernel/digest.ts'
import type { RequestSignature } from './ports.ts'
import { monthOf } from './check-use.ts'
import { MAX_SUBMISSIONS } from './session.ts'
import { SIGNATURE_KEPT, SIGNATURE_LIFETIME } from './signature.ts'
import { SignatureStore } from './signature-store.ts'
import { ProofingStore } from './store.ts'

const TEXT = utf8('第1条　見本の契約\n2 行目\n')
const DOCUMENT: RequestSignature['document'] = {
  title: '口座開設の契約書',
  mediaType: 'text/plain',
  digest: sha256(TEXT),
  text: TEXT,
}

async function enrolled(at: Bench) {
  const card = person(at)
  const subjectRef = await subjectOf(at, await prove(at, card))
  return { card, subjectRef }
}

async function asked(at: Bench, subjectRef: string, bent: Partial<RequestSignature> = {}) {
  const { signatures } = at.proofing
  const command = { rpId: 'bank', document: DOCUMENT, onlyBy: null, ...bent }
  const { signatureId } = await signatures.request(command)
  const { agentUrl } = await signatures.open(signatureId, {
    subjectRef,
    returnPath: '/authorize/x',
  })
  return { signatureId, agentUrl }
}

async function ticketFor(at: Bench) {
  const { card, subjectRef } = await enrolled(at)
  return { card, subjectRef, ...(await asked(at, subjectRef)) }
}

async function lastEvent(at: Bench) {
  return (await at.events()).findLast(({ type }) => type.includes('.Signature'))
}

describe('a signature on a document', () => {
  test('is verified, kept sealed for its relying party, told, and counted', async () => {
    await using at = await openProofingBench()
    const { card, subjectRef, signatureId, agentUrl } = await ticketFor(at)
    const answer = await at.proofing.submitSignature(await signDocument(at, agentUrl, card))
    const ticket = new URL(agentUrl).searchParams.get('ticket') ?? ''
    const returnUrl = `http://localhost:8080/authorize/x?ticket=${ticket}`
    expect(answer).toEqual({ outcome: 'passed', reason: null, returnUrl })
    const { signatures } = at.proofing
    expect(await signatures.result(signatureId)).toEqual({ status: 'signed', subjectRef })
    const issued = await signatures.collect(signatureId)
    expect(Buffer.from(issued?.certificate ?? [])).toEqual(Buffer.from(card.der))
    expect(issued?.report).toMatchObject({
      indication: 'PASSED',
      subIndication: '',
      revocation: { status: 'good', source: 'crl' },
    })
    expect(issued?.report.checks.at(-1)).toEqual({ id: 'revocation-status', outcome: 'passed' })
    expect(issued?.report.validatedAt).toEqual(at.core.clock.now())

    const event = await lastEvent(at)
    expect(event?.key).toBe(subjectRef)
    const told = SignatureIssued.decode(event?.value ?? new Uint8Array())
    expect(told).toMatchObject({ signatureId, subjectRef, rpId: 'bank' })
    expect(told.documentRef).toHaveLength(32)
    for (const bytes of [event?.value, ...at.logged.map(utf8)]) {
      for (const secret of [utf8(DOCUMENT.title), DOCUMENT.digest, utf8(toHex(DOCUMENT.digest))]) {
        expect(Buffer.from(bytes ?? []).includes(Buffer.from(secret))).toBe(false)
      }
    }
    const { database, clock } = at.core
    const counts = await database.read((tx) =>
      new ProofingStore(database).checksIn(tx, monthOf(clock.now())),
    )
    expect(counts).toContainEqual(
      expect.objectContaining({ use: 'document', kind: 'signature', rpId: 'bank', count: 1 }),
    )
  })

  test('is shown by the ticket with who asks, title and text', async () => {
    await using at = await openProofingBench()
    const { agentUrl } = await ticketFor(at)
    const ticket = new URL(agentUrl).searchParams.get('ticket') ?? ''
    const session = await at.proofing.agentSession(ticket)
    expect(session).toMatchObject({
      purpose: 'document',
      rpName: 'Sample Bank',
      document: { title: DOCUMENT.title, text: Buffer.from(TEXT).toString() },
    })
    if (!('document' in session)) throw new Error('a document')
    expect(fromBase64Url(session.document.digest)).toEqual(DOCUMENT.digest)
  })

  test('given once more after a lost answer, gets the answer that it had, and one event', async () => {
    await using at = await openProofingBench()
    const { card, agentUrl } = await ticketFor(at)
    const request = await signDocument(at, agentUrl, card)
    const first = await at.proofing.submitSignature(request)
    expect(await at.proofing.submitSignature(request)).toEqual(first)
    expect((await at.names()).filter((name) => name === 'SignatureIssued')).toHaveLength(1)
  })

  test('by a renewed card that linkage knows for the same person is taken', async () => {
    await using at = await openProofingBench()
    const { agentUrl } = await ticketFor(at)
    const renewed = person(at, 'signature', { serial: Uint8Array.of(0x55) })
    const answer = await at.proofing.submitSignature(await signDocument(at, agentUrl, renewed))
    expect(answer.outcome).toBe('passed')
  })
})

describe('no signature', () => {
  test.each<[string, string, (at: Bench) => ReturnType<typeof person>]>([
    [
      'of another person',
      'CARD_OF_ANOTHER_PERSON',
      (at) => person(at, 'signature', { serial: Uint8Array.of(0x66) }, 'person-2'),
    ],
    [
      'of somebody whom nobody here knows',
      'NOT_ENROLLED',
      (at) => person(at, 'signature', { serial: Uint8Array.of(0x67) }, 'person-3'),
    ],
    ['of the other certificate', 'WRONG_CERTIFICATE_KIND', (at) => person(at, 'authentication')],
    [
      'of a card that linkage does not know yet',
      'LINKAGE_UNAVAILABLE',
      () => issueCertificate(authorities.signature, { serial: Uint8Array.of(0x68) }),
    ],
  ])('%s', async (_what, reason, cardOf) => {
    await using at = await openProofingBench()
    const { signatureId, agentUrl, subjectRef } = await ticketFor(at)
    if (reason === 'CARD_OF_ANOTHER_PERSON') {
      await prove(at, cardOf(at))
    }
    const answer = await at.proofing.submitSignature(await signDocument(at, agentUrl, cardOf(at)))
    expect(answer.reason).toBe(reason)
    expect(await at.proofing.signatures.collect(signatureId)).toBeUndefined()
    const event = await lastEvent(at)
    expect(event?.type).toBe('watashi.identity.v1.SignatureRefused')
    const told = SignatureRefused.decode(event?.value ?? new Uint8Array())
    expect(told).toMatchObject({ signatureId, subjectRef, rpId: 'bank', reason })
  })

  test.each<[string, string, (at: Bench) => void]>([
    [
      'CERTIFICATE_REVOKED',
      'refused',
      (at) => {
        const serial = Uint8Array.of(0x12, 0x34, 0x56, 0x78)
        at.world.crl = { revoked: [{ serial, reason: 1 }] }
      },
    ],
    [
      'REVOCATION_UNKNOWN',
      'indeterminate',
      (at) => {
        at.world.crl = 'down'
        at.world.ocsp = 'down'
      },
    ],
  ])('of a card whose status is %s', async (reason, outcome, bend) => {
    await using at = await openProofingBench()
    const { card, signatureId, agentUrl } = await ticketFor(at)
    bend(at)
    const request = await signDocument(at, agentUrl, card)
    expect(await at.proofing.submitSignature(request)).toMatchObject({ outcome, reason })
    expect(await at.proofing.signatures.result(signatureId)).toEqual({ status: outcome, reason })
    expect(await at.proofing.signatures.collect(signatureId)).toBeUndefined()
  })

  test('over anything but the message that holds the digest asked for', async () => {
    await using at = await openProofingBench()
    const { card, agentUrl } = await ticketFor(at)
    const raw = await signDocument(at, agentUrl, card, TEXT)
    expect(await at.proofing.submitSignature(raw)).toMatchObject({ reason: 'SIGNATURE_INVALID' })
  })

  test('by a ticket that was used, or was made before the last one', async () => {
    await using at = await openProofingBench()
    const { card, subjectRef, signatureId, agentUrl } = await ticketFor(at)
    const { signatures } = at.proofing
    const again = await signatures.open(signatureId, { subjectRef, returnPath: '/authorize/x' })
    await expect(signDocument(at, agentUrl, card)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    const request = await signDocument(at, again.agentUrl, card)
    await at.proofing.submitSignature(request)
    const other = { ...request, signature: Buffer.alloc(256).toString('base64') }
    expect(await at.proofing.submitSignature(other)).toMatchObject({ reason: 'CHALLENGE_REPLAYED' })
    expect(await signatures.collect(signatureId)).toBeDefined()
    for (let i = 2; i < MAX_SUBMISSIONS; i++) await at.proofing.submitSignature(other)
    await expect(at.proofing.submitSignature(other)).rejects.toMatchObject({
      code: 'TOO_MANY_REQUESTS',
    })
  })

  test('after ten minutes', async () => {
    await using at = await openProofingBench()
    const { card, signatureId, agentUrl } = await ticketFor(at)
    const request = await signDocument(at, agentUrl, card)
    at.core.clock.advance(SIGNATURE_LIFETIME)
    expect(await at.proofing.submitSignature(request)).toMatchObject({
      reason: 'CHALLENGE_EXPIRED',
    })
    expect(await at.proofing.signatures.result(signatureId)).toMatchObject({ status: 'refused' })
  })

  test('of another person than the one who was asked', async () => {
    await using at = await openProofingBench()
    const { subjectRef } = await enrolled(at)
    const other = { onlyBy: 'somebody-else' }
    await expect(asked(at, subjectRef, other)).rejects.toMatchObject({ code: 'PERMISSION_DENIED' })
  })
})

describe('the two things that one key signs', () => {
  test('a digest of a proof that a relying party asks for is never signed as such', async () => {
    await using at = await openProofingBench()
    const { card, subjectRef } = await enrolled(at)
    const victim = await at.proofing.open({
      purpose: 'enrol',
      rpId: '',
      bindingHash: new Uint8Array(32).fill(6),
      keyUse: 'signature',
      returnPath: '/enrol/done',
    })
    const session = await at.proofing.agentSession(victim.ticket)
    if (!('nonce' in session)) throw new Error('a proof')
    const message = proofMessage({
      environment: 'simulator',
      sessionId: session.sessionId,
      purpose: 'enrol',
      rpId: '',
      nonce: fromBase64Url(session.nonce),
      bindingHash: fromBase64Url(session.bindingHash),
    })
    const document = { ...DOCUMENT, digest: sha256(message), text: null }
    const { agentUrl } = await asked(at, subjectRef, { document })
    const signed = await signDocument(at, agentUrl, card)
    // What the person signed for the document does not stand for the proof.
    const { certificate, signature } = signed
    const stolen = { ticket: victim.ticket, certificate, signature, tokenType: 'card' as const }
    expect(await at.proofing.submitEvidence(stolen)).toMatchObject({ reason: 'SIGNATURE_INVALID' })
    expect((await at.proofing.submitSignature(signed)).outcome).toBe('passed')
  })

  test('a proof is never taken for a signature on a document', async () => {
    await using at = await openProofingBench()
    const { card, subjectRef } = await enrolled(at)
    const opened = await at.proofing.open({
      purpose: 'reproof',
      rpId: '',
      bindingHash: new Uint8Array(),
      keyUse: 'signature',
      returnPath: '/enrol/done',
    })
    const { certificate, signature } = await tap(at, opened, card)
    const { agentUrl } = await asked(at, subjectRef)
    const ticket = new URL(agentUrl).searchParams.get('ticket') ?? ''
    const stolen = { ticket, certificate, signature }
    expect(await at.proofing.submitSignature(stolen)).toMatchObject({ reason: 'SIGNATURE_INVALID' })
    // Nor does the ticket of one thing open the other.
    await expect(
      at.proofing.submitEvidence({ ...stolen, tokenType: 'card' }),
    ).rejects.toMatchObject({ code: 'NOT_FOUND' })
    await expect(
      at.proofing.submitSignature({ ...stolen, ticket: opened.ticket }),
    ).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })
})

describe('a signature is forgotten', () => {
  test('when its relying party has it', async () => {
    await using at = await openProofingBench()
    const { card, signatureId, agentUrl } = await ticketFor(at)
    await at.proofing.submitSignature(await signDocument(at, agentUrl, card))
    const { signatures } = at.proofing
    await signatures.forget(signatureId)
    await signatures.forget(signatureId)
    expect(await signatures.collect(signatureId)).toBeUndefined()
    await expect(signatures.result(signatureId)).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })

  test('within the hour, document and all, also without a sweep', async () => {
    await using at = await openProofingBench()
    const { card, signatureId, agentUrl } = await ticketFor(at)
    await at.proofing.submitSignature(await signDocument(at, agentUrl, card))
    const { signatures } = at.proofing
    at.core.clock.advance(SIGNATURE_KEPT - 1)
    await at.proofing.sweep(at.core.clock.now())
    expect(await signatures.collect(signatureId)).toBeDefined()
    at.core.clock.advance(1)
    expect(await signatures.collect(signatureId)).toBeUndefined()
    await expect(signatures.document(signatureId)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    at.core.clock.advance(1)
    await at.proofing.sweep(at.core.clock.now())
    const store = new SignatureStore(at.core.database)
    expect(await at.core.database.read((tx) => store.find(tx, signatureId))).toBeUndefined()
  })

  test('with its person', async () => {
    await using at = await openProofingBench()
    const { subjectRef, signatureId } = await ticketFor(at)
    const { signatureId: named } = await at.proofing.signatures.request({
      ...{ rpId: 'bank', document: DOCUMENT, onlyBy: subjectRef },
    })
    await at.core.database.run((tx) => at.proofing.eraseSubject(tx, subjectRef))
    for (const id of [signatureId, named]) {
      await expect(at.proofing.signatures.result(id)).rejects.toMatchObject({ code: 'NOT_FOUND' })
    }
  })
})

describe('a request that comes to nothing', () => {
  test('is told once, with the reason, and can be signed no more', async () => {
    await using at = await openProofingBench()
    const { card, subjectRef, signatureId, agentUrl } = await ticketFor(at)
    const request = await signDocument(at, agentUrl, card)
    const { signatures } = at.proofing
    for (let i = 0; i < 2; i++) {
      await signatures.withdraw(signatureId, subjectRef, 'REFUSED_BY_PERSON')
    }
    const refused = (await at.names()).filter((name) => name === 'SignatureRefused')
    expect(refused).toHaveLength(1)
    const answer = await at.proofing.submitSignature(request)
    expect(answer.outcome).toBe('refused')
    expect(await signatures.collect(signatureId)).toBeUndefined()
  })

  test('of nobody is nobody’s event', async () => {
    await using at = await openProofingBench()
    const { signatureId } = await at.proofing.signatures.request({
      ...{ rpId: 'bank', document: DOCUMENT, onlyBy: null },
    })
    await at.proofing.signatures.withdraw(signatureId, null, 'EXPIRED')
    expect(await at.names()).toEqual([])
  })

  test('cannot be taken back once it is signed', async () => {
    await using at = await openProofingBench()
    const { card, subjectRef, signatureId, agentUrl } = await ticketFor(at)
    await at.proofing.submitSignature(await signDocument(at, agentUrl, card))
    const { signatures } = at.proofing
    await expect(
      signatures.withdraw(signatureId, subjectRef, 'REFUSED_BY_PERSON'),
    ).rejects.toMatchObject({ code: 'CONFLICT' })
    await expect(
      signatures.open(signatureId, { subjectRef, returnPath: '/authorize/x' }),
    ).rejects.toMatchObject({ code: 'CONFLICT' })
  })
})

test.each<[string, Partial<RequestSignature['document']>]>([
  ['digest', { digest: new Uint8Array(31), text: null }],
  ['digest', { digest: new Uint8Array(64), text: null }],
  ['title', { title: '' }],
  ['title', { title: ' contract' }],
  ['title', { title: 'a\u202econtract' }],
  ['title', { title: 'two\nlines' }],
  ['title', { title: 'x'.repeat(201) }],
  ['media_type', { mediaType: 'text/plain; charset=utf-8' }],
  ['media_type', { mediaType: 'TEXT/PLAIN' }],
  ['content', { mediaType: 'text/html' }],
  ['content', { text: utf8('another text') }],
  ['content', textOf('a\u2066b')],
  ['content', textOf('\ufeffcontract')],
  ['content', textOf(Uint8Array.of(0xff, 0xfe))],
  ['content', textOf('x'.repeat(16_385))],
])('a document is refused for its %s: %j', async (path, bent) => {
  await using at = await openProofingBench()
  const document = { ...DOCUMENT, ...bent }
  await expect(
    at.proofing.signatures.request({ rpId: 'bank', document, onlyBy: null }),
  ).rejects.toMatchObject({ code: 'INVALID_INPUT', path })
})

function textOf(content: string | Uint8Array): Partial<RequestSignature['document']> {
  const text = typeof content === 'string' ? utf8(content) : content
  return { text, digest: sha256(text) }
}
