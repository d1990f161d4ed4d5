import { Metadata, status, type ClientReadableStream } from '@grpc/grpc-js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  RequestSignatureRequest,
  SignatureRefusalReason,
  type AwaitSignatureResponse,
} from '../../proto/gen/watashi/assurance/v1/signature.ts'
import { toHex } from '../kernel/bytes.ts'
import { sha256 } from '../kernel/digest.ts'
import type { SignatureResult } from '../proofing/ports.ts'
import { bankAssertion, bearerClients, call, openStand, soon, type Stand } from './stand-grpc.ts'

let stand: Stand
beforeAll(async () => {
  stand = await openStand()
})
afterAll(() => stand[Symbol.asyncDispose]())

const TEXT = Buffer.from('A contract.')
type Asker = 'liquor' | 'library' | 'bank'

function requestOf(rpId: Asker, bent: Partial<RequestSignatureRequest> = {}) {
  return RequestSignatureRequest.fromPartial({
    digest: Buffer.from(sha256(TEXT)),
    title: 'Contract',
    mediaType: 'text/plain',
    content: TEXT,
    returnUri: `http://${rpId}.localhost:8101/return`,
    ...bent,
  })
}

async function ask(rpId: Asker, bent: Partial<RequestSignatureRequest> = {}) {
  const { signature } = stand.clients(rpId)
  return call<{ requestId: string; interactionUrl: string; expiresAt: Date | undefined }>((done) =>
    signature.requestSignature(requestOf(rpId, bent), new Metadata(), soon(), done),
  )
}

function lastOf(
  stream: ClientReadableStream<AwaitSignatureResponse>,
): Promise<NonNullable<AwaitSignatureResponse['status']>> {
  return new Promise((resolve, reject) => {
    stream.on('data', ({ status: told }: AwaitSignatureResponse) => {
      if (told !== undefined && told.$case !== 'pending') resolve(told)
    })
    stream.on('error', reject)
  })
}

const outcome = (rpId: Asker, requestId: string) =>
  lastOf(stand.clients(rpId).signature.awaitSignature({ requestId }, soon()))

const refusedFor = (reason: SignatureRefusalReason) => ({ $case: 'refused', refused: { reason } })

let people = 0
/** A browser with a person who may sign. */
function someone(subjectRef = `signer-${people++}`) {
  stand.policy.identity.set(subjectRef, 'IAL2')
  return { subjectRef, browser: stand.browser(stand.sessions.logIn(subjectRef)) }
}

/** Up to the page that shows the document. */
async function atDocument(requestId: string, browser: ReturnType<Stand['browser']>) {
  const { interactions } = stand.federation
  const view = await interactions.view(requestId, browser)
  return view.stage === 'persona'
    ? interactions.choosePersona(requestId, browser, 'persona-priv')
    : view
}

function newest(): string {
  return [...stand.signatures.kept.keys()].at(-1) ?? ''
}

async function signed(rpId: Asker, who = someone(), bent: Partial<RequestSignatureRequest> = {}) {
  const { requestId } = await ask(rpId, bent)
  const { interactions } = stand.federation
  await atDocument(requestId, who.browser)
  await interactions.sign(requestId, who.browser)
  stand.signatures.sign(newest())
  const done = await interactions.view(requestId, who.browser)
  return { requestId, done, ...who }
}

async function endedBy(result: SignatureResult) {
  const { requestId } = await ask('liquor')
  const { browser } = someone()
  await atDocument(requestId, browser)
  await stand.federation.interactions.sign(requestId, browser)
  const kept = stand.signatures.kept.get(newest())
  if (kept === undefined) throw new Error('a signature')
  kept.result = result
  const view = await stand.federation.interactions.view(requestId, browser)
  return { view, told: await outcome('liquor', requestId) }
}

describe('a relying party that may ask for signatures', () => {
  test('gets one under the code of the browser that the person signed in', async () => {
    const { requestId } = await ask('liquor')
    const { browser } = someone()
    const view = await atDocument(requestId, browser)
    expect(view).toMatchObject({
      kind: 'signature',
      stage: 'sign',
      document: {
        title: 'Contract',
        mediaType: 'text/plain',
        text: 'A contract.',
        sha256: toHex(sha256(TEXT)),
        purpose: { ja: '契約', en: 'a contract' },
      },
    })
    const waiting = outcome('liquor', requestId)
    const agentUrl = await stand.federation.interactions.sign(requestId, browser)
    expect(agentUrl).toContain('ticket=')
    stand.signatures.sign(newest())
    const { returnUrl, stage } = await stand.federation.interactions.view(requestId, browser)
    expect(stage).toBe('done')
    const code = new URL(returnUrl ?? '').searchParams.get('code') ?? ''
    const told = await waiting
    if (told.$case !== 'signed') throw new Error(told.$case)
    expect(Buffer.from(told.signed.codeSha256)).toEqual(Buffer.from(sha256(code)))
    expect(Buffer.from(told.signed.cms).toString()).toBe('cms')
    expect(told.signed.pairwiseSubject).toHaveLength(43)
    expect(told.signed.levels).toMatchObject([{ level: 'IAL2' }, { level: 'AAL2' }])
  })

  test('gets the report only where it is registered for it', async () => {
    const { requestId } = await signed('liquor')
    expect(await outcome('liquor', requestId)).toMatchObject({
      signed: { certificate: Buffer.from('certificate'), report: undefined },
    })
    const { signature } = bearerClients(stand.keys, stand.servers.bearerPort)
    const metadata = await bankAssertion(stand)
    const asked = await call<{ requestId: string }>((done) =>
      signature.requestSignature(requestOf('bank'), metadata, soon(), done),
    )
    const { browser } = someone()
    await atDocument(asked.requestId, browser)
    await stand.federation.interactions.sign(asked.requestId, browser)
    stand.signatures.sign(newest())
    const fresh = await bankAssertion(stand)
    const told = await lastOf(signature.awaitSignature(asked, fresh, soon()))
    expect(told).toMatchObject({
      signed: {
        report: {
          indication: 'PASSED',
          checks: [{ id: 'message-digest', outcome: 'passed' }],
          revocationSource: 'crl',
        },
      },
    })
  })

  test('can have it again until it says that it has it', async () => {
    const { requestId } = await signed('liquor')
    for (let i = 0; i < 2; i++) {
      expect((await outcome('liquor', requestId)).$case).toBe('signed')
    }
    const { signature } = stand.clients('liquor')
    const acknowledge = () =>
      call((done) => signature.acknowledgeSignature({ requestId }, new Metadata(), soon(), done))
    await acknowledge()
    await acknowledge()
    const { SIGNATURE_REFUSAL_REASON_EXPIRED: EXPIRED } = SignatureRefusalReason
    expect(await outcome('liquor', requestId)).toMatchObject(refusedFor(EXPIRED))
  })

  test('gets one that the card made although the browser never came back', async () => {
    const { requestId } = await ask('liquor')
    const { browser } = someone()
    await atDocument(requestId, browser)
    await stand.federation.interactions.sign(requestId, browser)
    stand.signatures.sign(newest())
    expect((await outcome('liquor', requestId)).$case).toBe('signed')
  })

  test('may name the one person that it knows, and nobody else signs', async () => {
    const known = someone()
    const first = await signed('liquor', known)
    const told = await outcome('liquor', first.requestId)
    if (told.$case !== 'signed') throw new Error(told.$case)
    const { pairwiseSubject } = told.signed
    const { requestId } = await ask('liquor', { pairwiseSubject })
    const { interactions } = stand.federation
    const other = someone()
    const view = await interactions.view(requestId, other.browser)
    expect(view).toMatchObject({
      stage: 'failed',
      failure: 'SIGNATURE_OF_OTHER_PERSON',
      document: null,
    })
    await expect(interactions.sign(requestId, other.browser)).rejects.toMatchObject({
      code: 'CONFLICT',
    })
    const own = { ...other.browser, cookieHeader: known.browser.cookieHeader }
    expect((await interactions.view(requestId, own)).stage).toBe('sign')
  })
})

describe('no signature', () => {
  const { INVALID_ARGUMENT, NOT_FOUND, PERMISSION_DENIED } = status

  test('for a relying party that is not registered for it', async () => {
    await expect(ask('library')).rejects.toMatchObject({ code: PERMISSION_DENIED })
  })

  test.each<[string, Partial<RequestSignatureRequest>, number]>([
    ['return_uri', { returnUri: 'http://liquor.localhost:8101/elsewhere' }, INVALID_ARGUMENT],
    ['ui_locale', { uiLocale: 'fr' }, INVALID_ARGUMENT],
    ['pairwise_subject', { pairwiseSubject: 'short' }, INVALID_ARGUMENT],
    ['a person that it has not met', { pairwiseSubject: 'A'.repeat(43) }, NOT_FOUND],
  ])('for a request that is wrong in its %s', async (_what, bent, code) => {
    const before = stand.signatures.kept.size
    await expect(ask('liquor', bent)).rejects.toMatchObject({ code })
    expect(stand.signatures.kept.size).toBe(before)
  })

  test('for another relying party than the one that asked', async () => {
    const { requestId } = await signed('liquor')
    await expect(outcome('library', requestId)).rejects.toMatchObject({ code: NOT_FOUND })
    const { signature } = stand.clients('library')
    await expect(
      call((done) => signature.acknowledgeSignature({ requestId }, new Metadata(), soon(), done)),
    ).rejects.toMatchObject({ code: NOT_FOUND })
  })

  test('by what is no request for a signature', async () => {
    const { release } = stand.clients('liquor')
    const { requestId } = await call<{ requestId: string }>((done) =>
      release.requestRelease(
        {
          purposeId: 'age-check',
          claims: [{ name: 'age_over_20', essential: true }],
          minimum: undefined,
          returnUri: 'http://liquor.localhost:8101/return',
          uiLocale: '',
        },
        new Metadata(),
        soon(),
        done,
      ),
    )
    await expect(outcome('liquor', requestId)).rejects.toMatchObject({ code: INVALID_ARGUMENT })
  })

  test.each<[string, SignatureRefusalReason]>([
    ['CERTIFICATE_REVOKED', SignatureRefusalReason.SIGNATURE_REFUSAL_REASON_CERTIFICATE_INVALID],
    ['REVOCATION_UNKNOWN', SignatureRefusalReason.SIGNATURE_REFUSAL_REASON_STATUS_UNKNOWN],
    ['CARD_OF_ANOTHER_PERSON', SignatureRefusalReason.SIGNATURE_REFUSAL_REASON_OTHER_PERSON],
    ['CHALLENGE_EXPIRED', SignatureRefusalReason.SIGNATURE_REFUSAL_REASON_EXPIRED],
  ])('after %s, in words of its own for each side', async (reason, number) => {
    const { view, told } = await endedBy({ status: 'refused', reason })
    expect(told).toMatchObject(refusedFor(number))
    expect(view.failure).toBe(reason === 'CHALLENGE_EXPIRED' ? 'EXPIRED' : reason)
    expect(new URL(view.returnUrl ?? '').searchParams.get('error')).toBe('access_denied')
  })

  test('when the card signed for another person than the one who is logged in now', async () => {
    const { told } = await endedBy({ status: 'signed', subjectRef: 'somebody-else' })
    const { SIGNATURE_REFUSAL_REASON_OTHER_PERSON: OTHER } = SignatureRefusalReason
    expect(told).toMatchObject(refusedFor(OTHER))
  })

  test('when the person refuses, and the card can sign no more', async () => {
    const { requestId } = await ask('liquor')
    const { browser, subjectRef } = someone()
    await atDocument(requestId, browser)
    await stand.federation.interactions.refuse(requestId, browser)
    expect(stand.signatures.withdrawn.at(-1)).toEqual({ subjectRef, reason: 'REFUSED_BY_PERSON' })
    const { SIGNATURE_REFUSAL_REASON_REFUSED: REFUSED } = SignatureRefusalReason
    expect(await outcome('liquor', requestId)).toMatchObject(refusedFor(REFUSED))
  })

  test('when ten minutes have passed, not before', async () => {
    await using at = await openStand()
    const { signature } = at.clients('liquor')
    const { requestId } = await call<{ requestId: string }>((done) =>
      signature.requestSignature(requestOf('liquor'), new Metadata(), soon(), done),
    )
    at.clock.advance(599_000)
    const { interactions } = at.federation
    const browser = at.browser()
    expect((await interactions.view(requestId, browser)).stage).toBe('login')
    at.clock.advance(1000)
    expect((await interactions.view(requestId, browser)).stage).toBe('failed')
    expect(at.signatures.withdrawn).toEqual([{ subjectRef: null, reason: 'EXPIRED' }])
  })
})
