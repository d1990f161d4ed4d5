import { Metadata, status, type ClientReadableStream } from '@grpc/grpc-js'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { BadRequest, ErrorInfo, RetryInfo } from '../../proto/gen/google/rpc/error_details.ts'
import { Status } from '../../proto/gen/google/rpc/status.ts'
import type {
  AuthenticateResponse,
  CheckResponse,
  ExplainResponse,
  WatchResponse,
} from '../../proto/gen/watashi/assurance/v1/assurance.ts'
import { SessionEnded } from '../../proto/gen/watashi/authenticator/v1/authenticator.ts'
import { AssuranceChanged } from '../../proto/gen/watashi/policy/v1/policy.ts'
import { ReleaseRevoked, SubjectErased } from '../../proto/gen/watashi/wallet/v1/wallet.ts'
import { sha256 } from '../kernel/digest.ts'
import { TOPICS, type ReceivedEvent } from '../kernel/event.ts'
import { ASSURANCE_CHANGED, RELEASE_REVOKED, SESSION_ENDED, SUBJECT_ERASED } from './events.ts'
import { FederationStore } from './store.ts'
import {
  bankAssertion,
  ISSUER,
  bearerClients,
  call,
  openStand,
  soon,
  type RelyingPartyName,
  type Stand,
} from './stand-grpc.ts'

let stand: Stand
beforeAll(async () => {
  stand = await openStand()
})
afterAll(() => stand[Symbol.asyncDispose]())

const AAL1 = { framework: 'nist-800-63B-4', axis: 'AAL', level: 'AAL1' }
const IAL2 = { framework: 'nist-800-63A-4', axis: 'IAL', level: 'IAL2' }
const minimum = (...axes: (typeof AAL1)[]) => ({
  axes,
  flags: [],
  maxAgeSeconds: 0,
  profile: '',
  vectors: [],
})
const nobody = 'A'.repeat(43)

/** Reads a stream message by message. */
function reader<Message>(stream: ClientReadableStream<Message>) {
  const messages: Message[] = []
  let wake = (): void => undefined
  let end: { readonly code: number } | undefined
  stream.on('data', (message: Message) => {
    messages.push(message)
    wake()
  })
  stream.on('error', (error: Error & { code: number }) => {
    end = error
    wake()
  })
  stream.on('end', () => {
    end ??= { code: status.OK }
    wake()
  })
  return {
    async next(): Promise<Message> {
      for (;;) {
        const message = messages.shift()
        if (message !== undefined) return message
        if (end !== undefined) throw new Error(`the stream ended with ${end.code}`)
        await new Promise<void>((resolve) => (wake = resolve))
      }
    },
    async end(): Promise<number> {
      while (end === undefined) await new Promise<void>((resolve) => (wake = resolve))
      return end.code
    },
    cancel: () => stream.cancel(),
  }
}

function check(rp: RelyingPartyName, pairwiseSubject: string, more: object = {}) {
  const request = { pairwiseSubject, minimum: minimum(AAL1), atLeastPosition: '', ...more }
  return call<CheckResponse>((done) =>
    stand.clients(rp).assurance.check(request, new Metadata(), soon(), done),
  )
}

function authenticate(rp: RelyingPartyName, more: object = {}) {
  const request = {
    minimum: undefined,
    returnUri: `http://${rp}.localhost:8101/return`,
    uiLocale: 'ja',
    ...more,
  }
  return reader<AuthenticateResponse>(stand.clients(rp).assurance.authenticate(request))
}

async function started(stream: ReturnType<typeof authenticate>) {
  const { status: first } = await stream.next()
  if (first?.$case !== 'started') throw new Error('expected `started` first')
  return first.started
}

/** Logs a person in at a relying party the whole way; gives the pseudonym. */
async function logInAt(
  rp: RelyingPartyName,
  subjectRef: string,
  more: object = {},
): Promise<string> {
  stand.policy.identity.set(subjectRef, 'IAL2')
  const stream = authenticate(rp, more)
  const { requestId } = await started(stream)
  const browser = stand.browser(stand.sessions.logIn(subjectRef))
  const { interactions } = stand.federation
  const view = await interactions.view(requestId, browser)
  if (view.stage === 'persona') {
    await interactions.choosePersona(requestId, browser, 'persona-priv')
  }
  await interactions.confirm(requestId, browser)
  for (;;) {
    const { status: last } = await stream.next()
    if (last?.$case === 'authenticated') return last.authenticated.pairwiseSubject
  }
}

function apply(type: string, value: Uint8Array) {
  const at = stand.clock.now()
  const event: ReceivedEvent = {
    ...{ id: 'event', key: 'key', keyVersion: 1, type, value },
    topic: TOPICS.subject,
    source: 'policy',
    environment: 'simulator',
    ...{ occurredAt: at, recordedAt: at },
  }
  return stand.unitOfWork.run((tx) => stand.federation.consumer.apply(tx, event))
}

function levelChanged(subjectRef: string, from: string, to: string, axis = 'IAL') {
  return apply(
    ASSURANCE_CHANGED,
    AssuranceChanged.encode({
      subjectRef,
      framework: 'nist-800-63A-4',
      ...{ axis, from, to, lowered: true, missing: [], firedRules: [] },
      ...{ policyDigest: '', factsDigest: '', causeEventId: '' },
      decidedAt: stand.clock.now(),
      validUntil: new Date('2027-03-01T11:22:33Z'),
    }).finish(),
  )
}

/** What is told when a suspended authenticator left the person without a live session at these. */
function loginLost(subjectRef: string, ...lostAtRpIds: string[]) {
  stand.sessions.end(subjectRef)
  const ended = { sessionId: 'session', subjectRef, reason: '', endedAt: stand.clock.now() }
  return apply(SESSION_ENDED, SessionEnded.encode({ ...ended, lostAtRpIds }).finish())
}

function explain(rp: RelyingPartyName, pairwiseSubject: string, more: object = {}) {
  const request = { pairwiseSubject, minimum: undefined, locale: 'en', ...more }
  return call<ExplainResponse>((done) =>
    stand.clients(rp).assurance.explain(request, new Metadata(), soon(), done),
  )
}

function detailsOf(error: unknown) {
  const { metadata } = error as { metadata: Metadata }
  const [bytes] = metadata.get('grpc-status-details-bin')
  if (!Buffer.isBuffer(bytes)) throw new Error('expected status details')
  return Status.decode(bytes).details
}

describe('who may call', () => {
  test('a registered relying party with its own certificate', async () => {
    const pairwise = await logInAt('library', 'person-of-the-library')
    const recorded = stand.policy.recorded.length
    expect((await check('library', pairwise)).satisfied).toBe(true)
    expect(stand.policy.recorded.slice(recorded)).toMatchObject([
      { occasion: 'check', question: { rp: { id: 'library' } } },
    ])
  })
  test('a certificate of ours for somebody who is not registered is refused', async () => {
    await expect(check('stranger', nobody)).rejects.toMatchObject({
      code: status.PERMISSION_DENIED,
    })
  })
  test('a relying party registered for assertions may not come with a certificate', async () => {
    await expect(check('bank', nobody)).rejects.toMatchObject({
      code: status.PERMISSION_DENIED,
      details: expect.stringContaining('`bank` is registered for `private_key_jwt`') as string,
    })
  })
  test('no certificate, no connection', async () => {
    const { assurance } = bearerClients(stand.keys, stand.servers.mtlsPort)
    const request = { pairwiseSubject: nobody, minimum: minimum(AAL1), atLeastPosition: '' }
    await expect(
      call((done) => assurance.check(request, new Metadata(), soon(), done)),
    ).rejects.toMatchObject({ code: status.UNAVAILABLE })
  })

  const checkByAssertion = (metadata: Metadata) => {
    const { assurance } = bearerClients(stand.keys, stand.servers.bearerPort)
    const request = { pairwiseSubject: nobody, minimum: minimum(AAL1), atLeastPosition: '' }
    return call((done) => assurance.check(request, metadata, soon(), done))
  }
  test('a fresh client assertion is taken once', async () => {
    const metadata = await bankAssertion(stand)
    await expect(checkByAssertion(metadata)).rejects.toMatchObject({ code: status.NOT_FOUND })
    await expect(checkByAssertion(metadata)).rejects.toMatchObject({ code: status.UNAUTHENTICATED })
  })
  test.each([
    ['without an assertion', undefined],
    ['for another audience', { audience: 'http://elsewhere.localhost' }],
    [
      'for several audiences',
      { audience: ['http://localhost:8080', 'http://elsewhere.localhost'] },
    ],
    ['about another subject', { subject: 'library' }],
    ['that lives longer than a minute', { life: 120 }],
    ['with a short id', { jti: 'x' }],
  ])('refuses a call %s', async (_title, claims) => {
    const metadata = claims === undefined ? new Metadata() : await bankAssertion(stand, claims)
    await expect(checkByAssertion(metadata)).rejects.toMatchObject({ code: status.UNAUTHENTICATED })
  })
  test('refuses an assertion that has run out', async () => {
    const issuedAt = new Date(stand.clock.now().getTime() - 120_000)
    const metadata = await bankAssertion(stand, { issuedAt })
    await expect(checkByAssertion(metadata)).rejects.toMatchObject({ code: status.UNAUTHENTICATED })
  })
})

describe('form of a call', () => {
  test('a unary call without a deadline is refused and told so', async () => {
    const { assurance } = stand.clients('library')
    const request = { pairwiseSubject: nobody, minimum: minimum(AAL1), atLeastPosition: '' }
    const error: unknown = await call((done) => assurance.check(request, done)).catch(
      (thrown: unknown) => thrown,
    )
    expect(error).toMatchObject({ code: status.INVALID_ARGUMENT })
    expect((error as Error).message).toContain('deadline')
  })
  test('an unknown flag is refused with the field it stands in', async () => {
    const flags = [7 as 1]
    const error: unknown = await check('library', nobody, {
      minimum: { axes: [], flags, maxAgeSeconds: 0, profile: '', vectors: [] },
    }).catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: status.INVALID_ARGUMENT })
    const [info, badRequest] = detailsOf(error)
    expect(ErrorInfo.decode(info?.value ?? Buffer.of())).toMatchObject({ reason: 'INVALID_INPUT' })
    expect(BadRequest.decode(badRequest?.value ?? Buffer.of()).fieldViolations[0]).toMatchObject({
      field: 'minimum.flags[0]',
    })
  })
  test('an unknown level is refused with the ones that exist', async () => {
    const unknown = minimum({ ...AAL1, level: 'AAL9' })
    await expect(check('library', nobody, { minimum: unknown })).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
      message: expect.stringContaining('AAL3') as string,
    })
  })
  test('a message over 64 KiB is refused', async () => {
    const atLeastPosition = 'x'.repeat(70_000)
    await expect(check('library', nobody, { atLeastPosition })).rejects.toMatchObject({
      code: status.RESOURCE_EXHAUSTED,
    })
  })
  test('a caller over its rate is told when to come back', async () => {
    await using busy = await openStand({ rateLimit: { perSecond: 1, burst: 1 } })
    const { assurance } = busy.clients('library')
    const request = { pairwiseSubject: nobody, minimum: minimum(AAL1), atLeastPosition: '' }
    const ask = () => call((done) => assurance.check(request, new Metadata(), soon(), done))
    await expect(ask()).rejects.toMatchObject({ code: status.NOT_FOUND })
    const error: unknown = await ask().catch((thrown: unknown) => thrown)
    expect(error).toMatchObject({ code: status.RESOURCE_EXHAUSTED })
    const retry = detailsOf(error).find(({ typeUrl }) => typeUrl.endsWith('RetryInfo'))
    expect(RetryInfo.decode(retry?.value ?? Buffer.of()).retryDelay?.seconds).toBe(1n)
  })
  test('a fault of ours is INTERNAL without a word about it', async () => {
    stand.policy.fault = new Error('canary-3c1d')
    const pairwise = await stand.wallet.pairwiseSubject('x', 'sector-library', 'persona-gov')
    await stand.unitOfWork.run(async (tx) => {
      await new FederationStore(stand.unitOfWork).addKnownSubject(tx, 'library', {
        pairwiseSubject: pairwise,
        subjectRef: 'x',
      })
    })
    const error: unknown = await check('library', pairwise).catch((thrown: unknown) => thrown)
    stand.policy.fault = undefined
    expect(error).toMatchObject({ code: status.INTERNAL, details: 'internal error' })
    expect(stand.lines.join('')).not.toContain('canary-3c1d')
  })
})

describe('logging in', () => {
  test('ends with a pseudonym and the digest of the code that the browser brings', async () => {
    stand.policy.identity.set('person-1', 'IAL2')
    const stream = authenticate('liquor')
    const { requestId, interactionUrl } = await started(stream)
    expect(interactionUrl).toBe(`http://localhost:8080/authorize/${requestId}?lang=ja`)
    expect((await stream.next()).status).toMatchObject({ $case: 'pending', pending: { stage: 1 } })
    const browser = stand.browser(stand.sessions.logIn('person-1'))
    const { interactions } = stand.federation
    expect(await interactions.view(requestId, browser)).toMatchObject({
      stage: 'persona',
      personas: [{ kind: 'gov' }, { kind: 'priv' }],
    })
    const chosen = await interactions.choosePersona(requestId, browser, 'persona-priv')
    expect(chosen).toMatchObject({ stage: 'confirm', persona: { kind: 'priv' } })
    const url = new URL(await interactions.confirm(requestId, browser))
    expect(url.origin + url.pathname).toBe('http://liquor.localhost:8101/return')
    const code = url.searchParams.get('code') ?? ''
    let last = (await stream.next()).status
    while (last?.$case === 'pending') last = (await stream.next()).status
    if (last?.$case !== 'authenticated') throw new Error('expected `authenticated`')
    expect(last.authenticated.codeSha256).toEqual(Buffer.from(sha256(code)))
    expect(last.authenticated.pairwiseSubject).toHaveLength(43)
    expect(last.authenticated.levels).toMatchObject([{ level: 'IAL2' }, { level: 'AAL2' }])
    // What a relying party keeps tells no minute.
    expect(last.authenticated.levels[0]?.validUntil).toEqual(new Date('2027-01-01T10:00:00Z'))
    expect(await stream.end()).toBe(status.OK)
  })
  test('the registered floor holds although the request asks for less', async () => {
    const stream = authenticate('liquor', { minimum: minimum(AAL1) })
    const { requestId } = await started(stream)
    const view = await stand.federation.interactions.view(requestId, stand.browser())
    expect(view.minimum).toEqual([IAL2, { ...AAL1, level: 'AAL2' }])
    stream.cancel()
  })
  test('a return URI that is not registered is refused', async () => {
    const stream = authenticate('library', { returnUri: 'http://library.localhost:8101/return?x' })
    expect(await stream.end()).toBe(status.INVALID_ARGUMENT)
  })
  test('an assurance that no step can bring is an answer', async () => {
    const stream = authenticate('liquor')
    const { requestId } = await started(stream)
    stand.policy.remedy = 'none'
    const browser = stand.browser(stand.sessions.logIn('person-without-card'))
    const view = await stand.federation.interactions.view(requestId, browser)
    expect(view).toMatchObject({ stage: 'failed', failure: 'ASSURANCE_UNMET', returnUrl: null })
    const back = await stand.federation.interactions.refuse(requestId, browser)
    stand.policy.remedy = 'tap_card'
    expect(new URL(back).searchParams.get('error')).toBe('access_denied')
    let last = (await stream.next()).status
    while (last?.$case === 'pending') last = (await stream.next()).status
    expect(last).toMatchObject({
      $case: 'failed',
      failed: { reason: 3, shortfalls: [{ axis: 'IAL', have: 'no_ial', need: 'IAL2', remedy: 5 }] },
    })
  })
  test('a caller that goes away ends the request', async () => {
    const stream = authenticate('library')
    const { requestId } = await started(stream)
    stream.cancel()
    await expect
      .poll(async () => (await stand.federation.requests.outcome('library', requestId)).status)
      .toBe('failed')
    const browser = stand.browser(stand.sessions.logIn('person-late'))
    const view = await stand.federation.interactions.view(requestId, browser)
    expect(view).toMatchObject({ stage: 'failed', failure: 'EXPIRED' })
  })
})

describe('persons of others', () => {
  test('cannot be told from persons that do not exist', async () => {
    const foreign = await logInAt('liquor', 'person-2')
    const answers = await Promise.all(
      [foreign, nobody].map((subject) =>
        check('library', subject).catch((error: Error & { code: number; metadata: Metadata }) => ({
          code: error.code,
          message: error.message,
          details: detailsOf(error),
        })),
      ),
    )
    expect(answers[0]).toMatchObject({ code: status.NOT_FOUND })
    expect(answers[0]).toEqual(answers[1])
  })
  test('cannot be watched', async () => {
    const foreign = await logInAt('liquor', 'person-2')
    const { assurance } = stand.clients('library')
    const stream = reader(assurance.watch({ pairwiseSubjects: [foreign], fromPosition: '' }))
    expect(await stream.end()).toBe(status.NOT_FOUND)
  })
  test('have other pseudonyms', async () => {
    const [a, b] = [await logInAt('liquor', 'person-3'), await logInAt('library', 'person-3')]
    expect(a).not.toBe(b)
  })
})

describe('Check', () => {
  test('says what is missing and the step that would bring it', async () => {
    const pairwise = await logInAt('liquor', 'person-4')
    stand.policy.identity.set('person-4', 'no_ial')
    const answer = await check('liquor', pairwise, { minimum: minimum(IAL2) })
    expect(answer).toMatchObject({
      satisfied: false,
      shortfalls: [{ axis: 'IAL', have: 'no_ial', need: 'IAL2', remedy: 3 }],
    })
  })
  test('takes its own position back, and refuses one of another relying party', async () => {
    const pairwise = await logInAt('library', 'person-5')
    const { position } = await check('library', pairwise)
    expect((await check('library', pairwise, { atLeastPosition: position })).satisfied).toBe(true)
    const other = await logInAt('liquor', 'person-5')
    await expect(check('liquor', other, { atLeastPosition: position })).rejects.toMatchObject({
      code: status.INVALID_ARGUMENT,
    })
  })
  test('two positions of one state have nothing in common', async () => {
    const pairwise = await logInAt('library', 'person-5')
    const [a, b] = [await check('library', pairwise), await check('library', pairwise)]
    expect(a.position).toHaveLength(80)
    expect(a.position.slice(0, 12)).not.toBe(b.position.slice(0, 12))
  })
  test('does not answer from a state older than the position', async () => {
    const pairwise = await logInAt('library', 'person-6')
    stand.policy.factsVersion = 9
    const { position } = await check('library', pairwise)
    stand.policy.factsVersion = 8
    const late = setInterval(() => stand.clock.advance(300), 20)
    const error: unknown = await check('library', pairwise, { atLeastPosition: position }).catch(
      (thrown: unknown) => thrown,
    )
    clearInterval(late)
    stand.policy.factsVersion = 9
    expect(error).toMatchObject({ code: status.UNAVAILABLE })
    expect((await check('library', pairwise, { atLeastPosition: position })).satisfied).toBe(true)
  })
})

test('Explain gives the reasons in the language asked for', async () => {
  const pairwise = await logInAt('liquor', 'person-7')
  const reasonsIn = async (locale: string) =>
    (await explain('liquor', pairwise, { locale })).explanations[0]?.reasons
  expect(await reasonsIn('ja')).toEqual(['署名が確かめられた'])
  expect(await reasonsIn('en')).toEqual(['the signature was verified'])
  await expect(reasonsIn('fr')).rejects.toMatchObject({ code: status.INVALID_ARGUMENT })
})

describe('an axis that the registration does not name', () => {
  const beyond = { minimum: minimum(AAL1, IAL2) }

  test('may not be asked about, and the refusal says which may', async () => {
    const pairwise = await logInAt('library', 'person-30')
    for (const ask of [check, explain]) {
      const error: unknown = await ask('library', pairwise, beyond).catch(
        (thrown: unknown) => thrown,
      )
      expect(error).toMatchObject({ code: status.PERMISSION_DENIED })
      expect((error as Error).message).toContain('minimum.axes[1]')
      expect((error as Error).message).toMatch(/: nist-800-63B-4\/AAL$/)
      const [info] = detailsOf(error)
      expect(ErrorInfo.decode(info?.value ?? Buffer.of()).reason).toBe('PERMISSION_DENIED')
    }
    expect((await check('library', pairwise)).levels).toMatchObject([{ axis: 'AAL' }])
    expect((await explain('library', pairwise)).explanations).toHaveLength(1)
  })
  test('does not tell persons of others from persons that do not exist', async () => {
    const foreign = await logInAt('liquor', 'person-31')
    for (const subject of [foreign, nobody]) {
      await expect(check('library', subject, beyond)).rejects.toMatchObject({
        code: status.NOT_FOUND,
      })
    }
  })
  test('may be asked about of whom it was told, when the person was shown it, and of nobody else', async () => {
    const shown = await logInAt('library', 'person-32', { minimum: minimum(IAL2) })
    const other = await logInAt('library', 'person-33')
    expect((await check('library', shown, beyond)).levels).toMatchObject([
      { axis: 'AAL' },
      { axis: 'IAL', level: 'IAL2' },
    ])
    expect((await explain('library', shown, beyond)).explanations).toHaveLength(2)
    await expect(check('library', other, beyond)).rejects.toMatchObject({
      code: status.PERMISSION_DENIED,
    })

    const { assurance } = stand.clients('library')
    const stream = reader<WatchResponse>(
      assurance.watch({ pairwiseSubjects: [shown, other], fromPosition: '' }),
    )
    const state: unknown[] = []
    for (;;) {
      const { event } = await stream.next()
      if (event?.$case !== 'levelChanged') break
      const { pairwiseSubject, level } = event.levelChanged
      state.push([pairwiseSubject, level?.axis])
    }
    const known = [
      [shown, 'IAL'],
      [shown, 'AAL'],
      [other, 'AAL'],
    ]
    expect(state).toHaveLength(known.length)
    expect(state).toEqual(expect.arrayContaining(known))
    await levelChanged('person-33', 'IAL2', 'no_ial')
    await levelChanged('person-32', 'IAL2', 'no_ial')
    expect((await stream.next()).event).toMatchObject({
      levelChanged: { pairwiseSubject: shown, level: { axis: 'IAL', level: 'no_ial' } },
    })
    stream.cancel()
  })
  test('that was asked for and not told stays unknown', async () => {
    const pairwise = await logInAt('library', 'person-34')
    const stream = authenticate('library', { minimum: minimum(IAL2) })
    const { requestId } = await started(stream)
    const browser = stand.browser(stand.sessions.logIn('person-34'))
    await stand.federation.interactions.view(requestId, browser)
    await stand.federation.interactions.refuse(requestId, browser)
    await expect(check('library', pairwise, beyond)).rejects.toMatchObject({
      code: status.PERMISSION_DENIED,
    })
  })
  test('is asked about no more when the person has withdrawn, until it is told again', async () => {
    const pairwise = await logInAt('library', 'person-35', { minimum: minimum(IAL2) })
    const withdrawn = { releaseId: 'r', subjectRef: 'person-35', rpId: 'library' }
    const value = { ...withdrawn, reason: 'BY_PERSON', revokedAt: stand.clock.now() }
    await apply(RELEASE_REVOKED, ReleaseRevoked.encode(value).finish())
    expect(await logInAt('library', 'person-35')).toBe(pairwise)
    await expect(check('library', pairwise, beyond)).rejects.toMatchObject({
      code: status.PERMISSION_DENIED,
    })
  })
})

describe('Watch', () => {
  const watch = (pairwise: string[], fromPosition = '') =>
    reader<WatchResponse>(
      stand.clients('liquor').assurance.watch({ pairwiseSubjects: pairwise, fromPosition }),
    )

  test('gives the state, then changes, and resumes without a gap', async () => {
    const pairwise = await logInAt('liquor', 'person-8')
    const first = watch([pairwise])
    const initial = await first.next()
    expect(initial.event).toMatchObject({
      $case: 'levelChanged',
      levelChanged: {
        pairwiseSubject: pairwise,
        level: { axis: 'IAL', level: 'IAL2' },
        initial: true,
      },
    })
    expect((await first.next()).event).toMatchObject({
      levelChanged: { level: { axis: 'AAL', level: 'AAL2' }, initial: true },
    })
    const begun = await first.next()
    expect(begun.event).toMatchObject({ $case: 'heartbeat' })
    first.cancel()
    await first.end()

    await levelChanged('person-8', 'IAL2', 'indeterminate')
    await levelChanged('person-8', 'indeterminate', 'no_ial')
    const second = watch([pairwise], begun.position)
    const change = await second.next()
    expect(change.event).toMatchObject({
      levelChanged: {
        level: { level: 'indeterminate', validUntil: new Date('2027-03-01T11:00:00Z') },
        previousLevel: 'IAL2',
        ...{ lowered: true, initial: false },
      },
    })
    second.cancel()
    await second.end()
    const third = watch([pairwise], change.position)
    expect((await third.next()).event).toMatchObject({
      levelChanged: { level: { level: 'no_ial' } },
    })
    await levelChanged('person-8', 'no_ial', 'IAL2')
    expect((await third.next()).event).toMatchObject({ levelChanged: { level: { level: 'IAL2' } } })
    third.cancel()
  })
  test('tells nothing of axes that the registration does not name', async () => {
    const pairwise = await logInAt('liquor', 'person-9')
    const stream = watch([pairwise])
    for (const axis of ['IAL', 'AAL']) {
      expect((await stream.next()).event).toMatchObject({ levelChanged: { level: { axis } } })
    }
    expect((await stream.next()).event).toMatchObject({ $case: 'heartbeat' })
    await levelChanged('person-9', 'a', 'b', 'identity')
    await levelChanged('person-9', 'IAL2', 'no_ial')
    expect((await stream.next()).event).toMatchObject({ levelChanged: { level: { axis: 'IAL' } } })
    stream.cancel()
  })
  test('tells once that a login lost its authenticator, where it was used, and what the next one reaches', async () => {
    const pairwise = await logInAt('liquor', 'person-12')
    const before = (await check('liquor', pairwise)).position
    const elsewhere = await logInAt('library', 'person-12')
    const atLibrary = (await check('library', elsewhere)).position
    const { assurance: feeds } = stand.federation
    const told = await feeds.feedLength('library')
    await loginLost('person-12', 'liquor')
    await loginLost('person-12', 'liquor')
    expect(await feeds.feedLength('library')).toBe(told)
    const stream = watch([pairwise], before)
    expect((await stream.next()).event).toMatchObject({
      levelChanged: {
        level: { axis: 'AAL', level: 'none', validUntil: undefined },
        previousLevel: 'AAL2',
        ...{ lowered: true, initial: false },
      },
    })
    await logInAt('liquor', 'person-12')
    expect((await stream.next()).event).toMatchObject({
      levelChanged: { level: { level: 'AAL2' }, previousLevel: 'none', lowered: false },
    })
    stream.cancel()

    const { assurance } = stand.clients('library')
    const other = reader<WatchResponse>(
      assurance.watch({ pairwiseSubjects: [elsewhere], fromPosition: atLibrary }),
    )
    await loginLost('person-12', 'library')
    expect((await other.next()).event).toMatchObject({ levelChanged: { previousLevel: 'AAL2' } })
    await logInAt('library', 'person-12')
    expect((await other.next()).event).toMatchObject({ levelChanged: { level: { level: 'AAL2' } } })
    other.cancel()
  })
  test('tells nothing of a login that ended in any other way, and lists it no more', async () => {
    const pairwise = await logInAt('liquor', 'person-13')
    const before = (await check('liquor', pairwise)).position
    await loginLost('person-13')
    const stream = watch([pairwise])
    expect((await stream.next()).event).toMatchObject({ levelChanged: { level: { axis: 'IAL' } } })
    expect((await stream.next()).event).toMatchObject({ $case: 'heartbeat' })
    stream.cancel()
    await levelChanged('person-13', 'IAL2', 'no_ial')
    const changes = watch([pairwise], before)
    expect((await changes.next()).event).toMatchObject({ levelChanged: { level: { axis: 'IAL' } } })
    changes.cancel()
  })
  test('takes back a login whose authenticator was suspended before it was written', async () => {
    const { sessions } = stand
    const noteUse = sessions.noteUse.bind(sessions)
    sessions.noteUse = async (sessionId, rpId) => {
      await noteUse(sessionId, rpId)
      await loginLost('person-14', 'liquor') // nothing was told yet
    }
    const { position } = await check('liquor', await logInAt('liquor', 'person-15'))
    const pairwise = await logInAt('liquor', 'person-14')
    sessions.noteUse = noteUse
    const stream = watch([pairwise], position)
    expect((await stream.next()).event).toMatchObject({
      levelChanged: { level: { level: 'none' }, previousLevel: 'AAL2', lowered: true },
    })
    stream.cancel()
  })
  test('tells that a person withdrew or erased the account, and nothing after that', async () => {
    const [a, b] = [await logInAt('liquor', 'person-10'), await logInAt('liquor', 'person-11')]
    const stream = watch([a, b])
    while ((await stream.next()).event?.$case !== 'heartbeat');
    const revokedAt = stand.clock.now()
    const revoked = { releaseId: 'r', subjectRef: 'person-10', rpId: 'liquor', revokedAt }
    await apply(
      RELEASE_REVOKED,
      ReleaseRevoked.encode({ ...revoked, reason: 'BY_RELYING_PARTY' }).finish(),
    )
    await apply(
      RELEASE_REVOKED,
      ReleaseRevoked.encode({ ...revoked, reason: 'BY_PERSON' }).finish(),
    )
    await levelChanged('person-10', 'IAL2', 'no_ial')
    const erased = { subjectRef: 'person-11', keyIds: [], erasedAt: revokedAt }
    await apply(SUBJECT_ERASED, SubjectErased.encode(erased).finish())
    expect((await stream.next()).event).toEqual(
      expect.objectContaining({
        subjectGone: expect.objectContaining({ pairwiseSubject: a }) as object,
      }),
    )
    expect((await stream.next()).event).toEqual(
      expect.objectContaining({
        subjectGone: expect.objectContaining({ pairwiseSubject: b }) as object,
      }),
    )
    stream.cancel()
    await expect(check('liquor', b)).rejects.toMatchObject({ code: status.NOT_FOUND })
  })
  test('keeps changes for 30 days, and tells a reader from before to begin again', async () => {
    await using old = await openStand()
    const feed = new FederationStore(old.unitOfWork)
    const entry = {
      kind: 'level',
      pairwiseSubject: nobody,
      framework: IAL2.framework,
      ...{ axis: 'IAL', level: 'IAL2', previousLevel: 'no_ial', lowered: false, validUntil: null },
    } as const
    const note = (rpId: string) =>
      old.unitOfWork.run((tx) => feed.appendFeed(tx, rpId, entry, old.clock.now()))
    const resume = async (position: string) => {
      const { signal } = new AbortController()
      const messages = old.federation.assurance.watch('liquor', [], position, signal)
      for await (const message of messages) return message
      throw new Error('expected a message')
    }
    const DAY = 24 * 3_600_000
    const begun = await resume('')
    await note('liquor')
    await note('library')
    const first = await resume(begun.position)
    old.clock.advance(20 * DAY)
    await note('liquor')
    await old.federation.sweep()
    // All within 30 days: nothing is missing.
    expect((await resume(begun.position)).type).toBe('level')

    old.clock.advance(11 * DAY)
    await old.federation.sweep()
    await expect(resume(begun.position)).rejects.toMatchObject({ code: 'POSITION_TOO_OLD' })
    const last = await resume(first.position) // it has read what was forgotten
    expect(last).toMatchObject({ type: 'level', pairwiseSubject: nobody })

    old.clock.advance(30 * DAY)
    await old.federation.sweep()
    await expect(resume(first.position)).rejects.toMatchObject({ code: 'POSITION_TOO_OLD' })
    const fresh = await resume('')
    await note('liquor')
    for (const { position } of [last, fresh]) expect((await resume(position)).type).toBe('level')

    const { assurance } = old.clients('liquor')
    const stream = reader(assurance.watch({ pairwiseSubjects: [], fromPosition: begun.position }))
    expect(await stream.end()).toBe(status.OUT_OF_RANGE)
  })
  test('gives the state of more persons than one page holds, each once, and of those named alone', async () => {
    await using busy = await openStand()
    const store = new FederationStore(busy.unitOfWork)
    const names = Array.from({ length: 205 }, (_, i) => `person-${String(i).padStart(3, '0')}`)
    await busy.unitOfWork.run(async (tx) => {
      for (const name of names) {
        busy.policy.identity.set(name, 'IAL2')
        const known = { pairwiseSubject: `at-liquor-${name}`, subjectRef: name }
        await store.addKnownSubject(tx, 'liquor', known)
        await store.addKnownSubject(tx, 'library', { ...known, pairwiseSubject: `not-${name}` })
      }
    })
    const state = async (subjects: readonly string[]) => {
      const told: string[] = []
      const { signal } = new AbortController()
      for await (const message of busy.federation.assurance.watch('liquor', subjects, '', signal)) {
        if (message.type === 'heartbeat') break
        told.push(message.pairwiseSubject)
      }
      return told
    }
    expect(await state([])).toEqual(names.map((name) => `at-liquor-${name}`))
    const two = ['at-liquor-person-003', 'at-liquor-person-150']
    expect(await state(two)).toEqual(two)
  })
  test('refuses a position that is none', async () => {
    expect(await watch([], 'AAAA').end()).toBe(status.INVALID_ARGUMENT)
  })
})

describe('Release', () => {
  const request = {
    purposeId: 'age-check',
    claims: [
      { name: 'age_over_20', essential: true },
      { name: 'name', essential: false },
    ],
    minimum: undefined,
    returnUri: 'http://liquor.localhost:8101/return',
    uiLocale: '',
  }
  const ask = (more: object = {}) =>
    call<{ requestId: string; interactionUrl: string }>((done) =>
      stand
        .clients('liquor')
        .release.requestRelease({ ...request, ...more }, new Metadata(), soon(), done),
    )
  const wait = (requestId: string, rp: RelyingPartyName = 'liquor') =>
    reader(stand.clients(rp).release.awaitRelease({ requestId }))

  async function atConsent(subjectRef: string) {
    stand.policy.identity.set(subjectRef, 'IAL2')
    const { requestId } = await ask()
    const browser = stand.browser(stand.sessions.logIn(subjectRef))
    await stand.federation.interactions.view(requestId, browser)
    const view = await stand.federation.interactions.choosePersona(
      requestId,
      browser,
      'persona-gov',
    )
    return { requestId, browser, view }
  }

  test('gives what the person signed, under the code of that browser', async () => {
    const { interactions } = stand.federation
    const { requestId, browser, view } = await atConsent('person-20')
    expect(view).toMatchObject({
      stage: 'consent',
      claims: [{ name: 'age_over_20', value: true }, {}],
    })
    const { ceremonyId } = await interactions.consentOptions(requestId, browser, ['name'])
    const url = new URL(await interactions.consent(requestId, browser, ceremonyId, 'signed'))
    const { status: outcome } = await wait(requestId).next()
    if (outcome?.$case !== 'released') throw new Error('expected `released`')
    expect(outcome.released.claims).toMatchObject([{ name: 'age_over_20', value: { truth: true } }])
    expect(outcome.released.codeSha256).toEqual(
      Buffer.from(sha256(url.searchParams.get('code') ?? '')),
    )
    // The same browser may ask again when the answer was lost.
    expect(await interactions.consent(requestId, browser, ceremonyId, 'signed')).toBe(url.href)
    // Another relying party learns nothing of it.
    expect(await wait(requestId, 'library').end()).toBe(status.NOT_FOUND)
  })
  test('an essential claim cannot be unticked', async () => {
    const { requestId, browser } = await atConsent('person-21')
    await expect(
      stand.federation.interactions.consentOptions(requestId, browser, ['age_over_20']),
    ).rejects.toMatchObject({ code: 'INVALID_INPUT' })
  })
  test('a signature that does not hold gives nothing, and may be tried again', async () => {
    const { interactions } = stand.federation
    const { requestId, browser } = await atConsent('person-22')
    const { ceremonyId } = await interactions.consentOptions(requestId, browser, [])
    await expect(
      interactions.consent(requestId, browser, ceremonyId, 'forged'),
    ).rejects.toMatchObject({ code: 'CEREMONY_REFUSED', reason: 'SIGNATURE_INVALID' })
    expect((await interactions.view(requestId, browser)).stage).toBe('consent')
  })
  test('refusal and what cannot be satisfied look the same to the relying party', async () => {
    const { interactions } = stand.federation
    const refused = await atConsent('person-23')
    await interactions.refuse(refused.requestId, refused.browser)
    stand.wallet.unsatisfiable = 'age_over_20'
    const lacking = await atConsent('person-24')
    expect(lacking.view).toMatchObject({
      stage: 'failed',
      failure: 'UNSATISFIABLE',
      unavailable: [{ name: 'age_over_20', reason: 'NOT_AVAILABLE' }],
    })
    await interactions.refuse(lacking.requestId, lacking.browser)
    stand.wallet.unsatisfiable = undefined
    const [a, b] = [await wait(refused.requestId).next(), await wait(lacking.requestId).next()]
    expect(a).toEqual(b)
    expect(a.status).toMatchObject({ $case: 'failed', failed: { reason: 1, shortfalls: [] } })
    expect(stand.wallet.refusals).toEqual([
      { reason: 'REFUSED_BY_PERSON', rpId: 'liquor' },
      { reason: 'UNSATISFIABLE', rpId: 'liquor' },
    ])
  })
  test.each([
    ['an unknown purpose', { purposeId: 'marketing' }],
    ['the 個人番号', { claims: [{ name: 'individual_number', essential: true }] }],
    ['no claim', { claims: [] }],
    ['one claim twice', { claims: [...request.claims, ...request.claims] }],
    ['another return URI', { returnUri: 'http://evil.localhost/return' }],
  ])('refuses a request for %s', async (_title, more) => {
    await expect(ask(more)).rejects.toMatchObject({ code: status.INVALID_ARGUMENT })
  })
  test('two consents at once give one release', async () => {
    const { interactions } = stand.federation
    const { requestId, browser } = await atConsent('person-25')
    const { ceremonyId } = await interactions.consentOptions(requestId, browser, [])
    const give = () => interactions.consent(requestId, browser, ceremonyId, 'signed')
    const outcomes = await Promise.allSettled([give(), give()])
    expect(outcomes.filter(({ status: end }) => end === 'fulfilled').length).toBeGreaterThan(0)
    expect(await give()).toContain('code=')
    const issued = [...stand.wallet.releases.values()].filter(
      (release) => release.issued && release.rpId === 'liquor',
    )
    expect(new Set(issued.map(({ pairwiseSubject }) => pairwiseSubject)).size).toBe(issued.length)
  })
  test('a release issued before the process died is delivered after it', async () => {
    const { interactions } = stand.federation
    const { requestId, browser } = await atConsent('person-26')
    await interactions.consentOptions(requestId, browser, [])
    const [releaseId = ''] = [...stand.wallet.releases.keys()].slice(-1)
    const evidence = { ceremonyId: '', assertionDigest: Buffer.of(), challenge: Buffer.of() }
    await stand.wallet.issue(releaseId, evidence)
    expect((await interactions.view(requestId, browser)).stage).toBe('done')
    expect((await wait(requestId).next()).status?.$case).toBe('released')
  })
  test('a signature spent when the process died gives nothing, and a new one gives the release', async () => {
    const { interactions } = stand.federation
    const { requestId, browser } = await atConsent('person-29')
    const { ceremonyId } = await interactions.consentOptions(requestId, browser, [])
    const give = (ceremony: string) => interactions.consent(requestId, browser, ceremony, 'signed')
    stand.wallet.issueFault = new Error('died')
    await expect(give(ceremonyId)).rejects.toThrow('died')
    stand.wallet.issueFault = undefined
    await expect(give(ceremonyId)).rejects.toMatchObject({
      code: 'CEREMONY_REFUSED',
      reason: 'CEREMONY_ALREADY_USED',
    })
    expect((await interactions.view(requestId, browser)).stage).toBe('consent')
    const again = await interactions.consentOptions(requestId, browser, [])
    expect(await give(again.ceremonyId)).toContain('code=')
    expect((await wait(requestId).next()).status?.$case).toBe('released')
  })
  test('a release given up is gone, and one of another relying party was never there', async () => {
    const { interactions } = stand.federation
    const { requestId, browser } = await atConsent('person-27')
    const { ceremonyId } = await interactions.consentOptions(requestId, browser, [])
    await interactions.consent(requestId, browser, ceremonyId, 'signed')
    const { status: outcome } = await wait(requestId).next()
    const releaseId = outcome?.$case === 'released' ? outcome.released.releaseId : ''
    const revoke = (rp: RelyingPartyName) =>
      call((done) =>
        stand.clients(rp).release.revokeRelease({ releaseId }, new Metadata(), soon(), done),
      )
    await expect(revoke('library')).rejects.toMatchObject({ code: status.NOT_FOUND })
    await revoke('liquor')
    await revoke('liquor')
    expect((await wait(requestId).next()).status?.$case).toBe('failed')
  })
  test('a ticket is redeemed once, by the relying party it was made for', async () => {
    stand.wallet.tickets.set('ticket-1', { rpId: 'liquor', subjectRef: 'person-28' })
    const redeem = (rp: RelyingPartyName, ticket: string) =>
      call<{ release: { claims: unknown[] } | undefined }>((done) =>
        stand.clients(rp).release.redeemTicket({ ticket }, new Metadata(), soon(), done),
      )
    const gone = { code: status.NOT_FOUND, details: 'no such ticket' }
    await expect(redeem('library', 'ticket-1')).rejects.toMatchObject(gone)
    expect((await redeem('liquor', 'ticket-1')).release?.claims).toHaveLength(1)
    await expect(redeem('liquor', 'ticket-1')).rejects.toMatchObject(gone)
    await expect(redeem('liquor', 'x'.repeat(300))).rejects.toMatchObject(gone)
  })
  test('a ticket may come as the whole address of its code, at our own origin alone', async () => {
    stand.wallet.tickets.set('ticket-2', { rpId: 'liquor', subjectRef: 'person-28' })
    const redeem = (ticket: string) =>
      call<{ release: object | undefined }>((done) =>
        stand.clients('liquor').release.redeemTicket({ ticket }, new Metadata(), soon(), done),
      )
    const gone = { code: status.NOT_FOUND, details: 'no such ticket' }
    for (const address of [
      'http://localhost:80/t/ticket-2',
      `${ISSUER}/u/ticket-2`,
      `${ISSUER}/t/`,
    ])
      await expect(redeem(address)).rejects.toMatchObject(gone)
    expect((await redeem(`${ISSUER}/t/ticket-2`)).release).toBeDefined()
    await expect(redeem('ticket-2')).rejects.toMatchObject(gone)
  })
})
