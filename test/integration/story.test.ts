import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Remedy, FailureReason } from '../../proto/gen/watashi/assurance/v1/assurance.ts'
import type { Person } from '../../services/cli/demo/person.ts'
import { tellStory, type Cast, type Told } from '../../services/cli/demo/story.ts'
import type { LedgerReply } from '../../services/wallet/api.ts'
import { startInstance, type Instance } from '../support/instance.ts'
import { changeIn, NOT_FOUND, ObservedRelyingParty } from '../support/observed-relying-party.ts'
import {
  atDesk,
  castAt,
  certificateOn,
  closeCast,
  enrolledWith,
  someone,
} from '../support/players.ts'
import { expectWholeStory } from '../support/story-expectations.ts'

const IAL = 'nist-800-63A-4'
const AAL = 'nist-800-63B-4'
/** What an authenticator is told that no person stands behind. */
const REFUSED = { status: 422, code: 'CEREMONY_REFUSED' }
const PIN = 'ABC123'
const AUTHENTICATION_PIN = '1234'
const FOUR = ['name', 'address', 'birthdate', 'gender'].map((name) => ({ name, essential: true }))
const AGE = [{ name: 'age_over_20', essential: true }]

let instance: Instance
let cast: Cast
const seen: Partial<Record<'library' | 'liquor' | 'bank', ObservedRelyingParty>> = {}

beforeAll(async () => {
  instance = await startInstance()
  cast = castAt(instance)
})
afterAll(async () => {
  closeCast(cast)
  for (const relyingParty of Object.values(seen)) relyingParty.close()
  await instance[Symbol.asyncDispose]()
})

function observed(rpId: 'library' | 'liquor' | 'bank'): ObservedRelyingParty {
  return (seen[rpId] ??= new ObservedRelyingParty(instance, rpId))
}

const enrolled = (tokenId: string): Promise<Person> => enrolledWith(instance, tokenId)

function interactionPath(interactionUrl: string): string {
  return `/api/federation/interactions/${new URL(interactionUrl).pathname.split('/').at(-1) ?? ''}`
}

/** Opens a release request and chooses the persona, without answering. */
async function atConsent(person: Person, interactionUrl: string, kind: 'gov' | 'biz' | 'priv') {
  const view = await person.view(interactionUrl)
  if (view.stage !== 'persona') return view
  const persona = view.personas.find((one) => one.kind === kind)
  return person.browser.post<typeof view>(`${interactionPath(interactionUrl)}/persona`, {
    personaId: persona?.personaId,
  })
}

function askAge() {
  return cast.liquor.requestRelease('age-check', AGE, cast.returnUris.liquor)
}

async function untilLedger(
  person: Person,
  wanted: (entries: LedgerReply['entries']) => boolean,
): Promise<LedgerReply> {
  let ledger = await person.ledger()
  await expect
    .poll(async () => wanted((ledger = await person.ledger()).entries), { timeout: 15_000 })
    .toBe(true)
  return ledger
}

describe('the whole story on embedded defaults', () => {
  test('every step comes out as it must, and the step that is named as remedy is one', async () => {
    const told: Told[] = []
    for await (const step of tellStory(cast)) told.push(step)
    expectWholeStory(told)

    const pairwise = String(told.find(({ step }) => step === 'bank')?.outcome['pairwiseSubject'])
    await atDesk(instance, 'tokens/hanako-card/renew')
    await cast.person.enrol('hanako-card', PIN)
    await expect
      .poll(async () => (await cast.bank.check(pairwise)).shortfalls, { timeout: 15_000 })
      .toEqual([])
    const overview = await cast.person.overview()
    expect(overview.levels).toContainEqual(expect.objectContaining({ axis: 'IAL', level: 'IAL2' }))
  })
})

describe('enrolment is refused, with the reason', () => {
  test('for a certificate that was revoked before', async () => {
    await atDesk(instance, 'people/misaki/issue-phone', { pin: PIN })
    const certificate = await certificateOn(instance, 'misaki-phone')
    await atDesk(instance, `certificates/${certificate}/revoke`, { reason: 'keyCompromise' })
    await expect(someone(instance).enrol('misaki-phone', PIN)).rejects.toThrow(
      'refused: CERTIFICATE_REVOKED',
    )
  })

  test('for the certificate of a suspended phone, until it is resumed', async () => {
    await atDesk(instance, 'people/ichiro/issue-phone', { pin: PIN })
    const certificate = await certificateOn(instance, 'ichiro-phone')
    await atDesk(instance, `certificates/${certificate}/suspend`)
    const person = someone(instance)
    await expect(person.enrol('ichiro-phone', PIN)).rejects.toThrow(
      'refused: CERTIFICATE_SUSPENDED',
    )
    await expect(person.logIn()).rejects.toMatchObject(REFUSED)
    await atDesk(instance, `certificates/${certificate}/resume`)
    await person.enrol('ichiro-phone', PIN)
    await person.logIn()
  })

  test('while nobody can say yet whose new certificate it is', async () => {
    await atDesk(instance, 'switches', { linkageDelayMinutes: '90' })
    await atDesk(instance, 'people/ichiro/issue-phone', { pin: PIN })
    const person = someone(instance)
    await expect(person.enrol('ichiro-phone', PIN)).rejects.toThrow(
      'indeterminate: LINKAGE_NOT_READY',
    )
    await atDesk(instance, 'switches', { linkageDelayMinutes: '0' })
    await person.enrol('ichiro-phone', PIN)
  })

  test('for a wrong PIN nothing is signed, and the same tap goes on with the right one', async () => {
    const person = someone(instance)
    const ticket = await person.registerPasskey()
    await expect(person.tap(ticket, 'ichiro-card', 'WRONG1')).rejects.toThrow('PIN_WRONG')
    await expect(person.logIn()).rejects.toMatchObject(REFUSED)
    await person.tap(ticket, 'ichiro-card', PIN)
    await person.untilBound(ticket)
    await person.logIn()
  })
})

describe('a person under 15, whose card has no signature certificate', () => {
  let child: Person
  beforeAll(async () => {
    child = someone(instance)
    await child.enrol('yota-card', AUTHENTICATION_PIN, 'authentication')
    await child.logIn()
  })

  test('has a passkey and no identity level, and logs in where none is asked', async () => {
    const { levels } = await child.untilOverview((overview) => overview.personas.length > 0)
    for (const { axis, level } of levels.filter(({ framework }) => framework === IAL)) {
      expect({ axis, level }).toEqual({ axis, level: 'no_ial' })
    }
    const login = cast.library.authenticate(undefined, cast.returnUris.library)
    await child.agree((await login.started).interactionUrl, 'priv')
    expect((await login.ended).levels).toMatchObject([{ framework: AAL, level: 'AAL2' }])
  })

  test('cannot have an age told, and the shop learns no more than that nothing came', async () => {
    const { requestId, interactionUrl } = await askAge()
    const view = await child.view(interactionUrl)
    expect(['step_up', 'failed']).toContain(view.stage)
    expect(view.claims).toEqual([])
    expect(view.shortfalls).toMatchObject([{ axis: 'IAL', have: 'no_ial', need: 'IAL2' }])
    const outcome = observed('liquor').outcome(requestId)
    await child.refuse(interactionUrl)
    expect(await outcome).toMatchObject({
      $case: 'failed',
      failed: { reason: FailureReason.FAILURE_REASON_REFUSED, shortfalls: [] },
    })
  })
})

describe('what a person does not want', () => {
  let person: Person
  beforeAll(async () => (person = await enrolled('ichiro-card')))

  test('a service cannot lower what it is registered to need', async () => {
    const lower = {
      axes: [
        { framework: IAL, axis: 'IAL', level: 'no_ial' },
        { framework: AAL, axis: 'AAL', level: 'AAL1' },
      ],
      flags: [],
      maxAgeSeconds: 0,
      profile: '',
      vectors: [],
    }
    const login = cast.bank.authenticate(lower, cast.returnUris.bank)
    login.ended.catch(() => undefined)
    const { interactionUrl } = await login.started
    const view = await person.view(interactionUrl)
    expect(view.minimum).toEqual(
      expect.arrayContaining([
        { framework: IAL, axis: 'IAL', level: 'IAL2' },
        { framework: AAL, axis: 'AAL', level: 'AAL2' },
      ]),
    )
    expect(view.flags).toEqual(['phishing_resistant'])
    await person.refuse(interactionUrl)
  })

  test('a persona that may not give the claims gives none, and the bank is not told why', async () => {
    const account = await cast.bank.requestRelease('account-opening', FOUR, cast.returnUris.bank)
    const view = await atConsent(person, account.interactionUrl, 'priv')
    expect(view).toMatchObject({ stage: 'failed', failure: 'UNSATISFIABLE', claims: [] })
    expect(view.unavailable.map(({ name, reason }) => ({ name, reason }))).toEqual(
      FOUR.map(({ name }) => ({ name, reason: 'NOT_ALLOWED_BY_PERSONA' })),
    )
    const outcome = observed('bank').outcome(account.requestId)
    await person.refuse(account.interactionUrl)
    expect(await outcome).toMatchObject({
      $case: 'failed',
      failed: { reason: FailureReason.FAILURE_REASON_REFUSED, shortfalls: [] },
    })
  })

  test('a refusal leaves nothing with the service and one line in the ledger', async () => {
    const before = (await person.ledger()).entries.length
    const { requestId, interactionUrl } = await askAge()
    await atConsent(person, interactionUrl, 'priv')
    const outcome = observed('liquor').outcome(requestId)
    const back = new URL(await person.refuse(interactionUrl))
    expect(back.searchParams.get('code')).toBeNull()
    expect(await outcome).toMatchObject({
      $case: 'failed',
      failed: { reason: FailureReason.FAILURE_REASON_REFUSED },
    })
    const { entries, intact } = await person.ledger()
    expect(intact).toBe(true)
    expect(entries.length).toBe(before + 1)
    expect(entries[0]).toMatchObject({
      status: 'refused',
      reason: 'REFUSED_BY_PERSON',
      canRevoke: false,
      rp: { rpId: 'liquor' },
    })
  })

  test('a release taken back ends what the service may ask of the person, and it is told', async () => {
    const watching = observed('liquor').watch()
    await watching.until(() => true)
    const age = await askAge()
    const released = cast.liquor.awaitRelease(age.requestId)
    await person.agree(age.interactionUrl, 'priv')
    const { releaseId, pairwiseSubject } = await released
    expect((await cast.liquor.check(pairwiseSubject)).satisfied).toBe(true)

    await person.browser.post(`/api/wallet/releases/${releaseId}/revoke`)
    await watching.until(
      ({ event }) =>
        event?.$case === 'subjectGone' && event.subjectGone.pairwiseSubject === pairwiseSubject,
    )
    watching.stop()
    await expect(cast.liquor.check(pairwiseSubject)).rejects.toMatchObject(NOT_FOUND)
    const { entries } = await person.ledger()
    const states = entries.filter((entry) => entry.releaseId === releaseId)
    expect(states.map(({ status }) => status)).toContain('revoked')
    expect(states.every(({ canRevoke }) => !canRevoke)).toBe(true)
  })

  test('a release that the service gives up is shown as ended', async () => {
    const age = await askAge()
    const released = cast.liquor.awaitRelease(age.requestId)
    await person.agree(age.interactionUrl, 'priv')
    const { releaseId } = await released
    await observed('liquor').revoke(releaseId)
    await observed('liquor').revoke(releaseId)
    const { entries } = await untilLedger(person, (all) =>
      all.some((entry) => entry.releaseId === releaseId && entry.status === 'revoked'),
    )
    expect(
      entries.filter((entry) => entry.releaseId === releaseId && entry.status === 'revoked').length,
    ).toBe(1)
  })
})

describe('a person who moved house', () => {
  test('keeps the level, and nothing out of date is told until a new certificate is tapped', async () => {
    const person = await enrolled('misaki-card')
    await atDesk(instance, 'people/misaki/move', { municipalityCode: '99301' })
    const { levels, attributes } = await person.untilOverview((overview) =>
      overview.attributes.some(({ stale }) => stale),
    )
    expect(levels).toContainEqual(expect.objectContaining({ axis: 'IAL', level: 'IAL2' }))
    expect(attributes.find(({ name }) => name === 'address')?.stale).toBe(true)

    const account = await cast.bank.requestRelease('account-opening', FOUR, cast.returnUris.bank)
    const view = await atConsent(person, account.interactionUrl, 'gov')
    expect(view).toMatchObject({ stage: 'failed', failure: 'UNSATISFIABLE', claims: [] })
    expect(view.unavailable).toContainEqual(
      expect.objectContaining({ name: 'address', reason: 'STALE' }),
    )

    await atDesk(instance, 'tokens/misaki-card/issue-signature')
    await person.enrol('misaki-card', PIN)
    await person.untilOverview((overview) => overview.attributes.every(({ stale }) => !stale))
    await person.agree(account.interactionUrl, 'gov')
    const released = await cast.bank.awaitRelease(account.requestId)
    expect(released.claims.find(({ name }) => name === 'address')?.value).toMatchObject({
      text: expect.stringContaining('模擬県星野町') as unknown,
    })
  })
})

describe('a person who erases the account', () => {
  test('is nobody to the service, which is told that the person is gone', async () => {
    const person = someone(instance)
    await person.enrol('yota-card', AUTHENTICATION_PIN, 'authentication')
    await person.logIn()
    await person.untilOverview(({ personas }) => personas.length > 0)
    const login = cast.library.authenticate(undefined, cast.returnUris.library)
    await person.agree((await login.started).interactionUrl, 'priv')
    const { pairwiseSubject } = await login.ended
    const watching = observed('library').watch('', [pairwiseSubject])
    await watching.until(() => true)
    expect((await cast.library.check(pairwiseSubject)).satisfied).toBe(true)

    await person.browser.post('/api/wallet/erasure', { confirm: true })
    const gone = await watching.until(({ event }) => event?.$case === 'subjectGone')
    expect(gone.event).toMatchObject({ $case: 'subjectGone', subjectGone: { pairwiseSubject } })
    expect(watching.messages.filter(changeIn)).toEqual([])
    watching.stop()
    await expect(cast.library.check(pairwiseSubject)).rejects.toMatchObject(NOT_FOUND)
    await expect(person.overview()).rejects.toMatchObject({ status: 401 })
    await expect(person.logIn()).rejects.toMatchObject(REFUSED)

    await person.enrol('yota-card', AUTHENTICATION_PIN, 'authentication')
    await person.logIn()
    await person.untilOverview(({ personas }) => personas.length > 0)
    const again = cast.library.authenticate(undefined, cast.returnUris.library)
    await person.agree((await again.started).interactionUrl, 'priv')
    expect((await again.ended).pairwiseSubject).not.toBe(pairwiseSubject)
    expect((await person.ledger()).entries).toEqual([])
  })
})

test('the remedy for a person who has logged out is to log in with user verification', async () => {
  const person = await enrolled('misaki-card')
  const age = await askAge()
  const released = cast.liquor.awaitRelease(age.requestId)
  await person.agree(age.interactionUrl, 'priv')
  const { pairwiseSubject } = await released
  await person.browser.post('/api/authenticator/logout')
  const { satisfied, shortfalls } = await cast.liquor.check(pairwiseSubject)
  expect(satisfied).toBe(false)
  expect(shortfalls).toContainEqual(
    expect.objectContaining({
      axis: 'AAL',
      have: 'none',
      remedy: Remedy.REMEDY_LOG_IN_WITH_USER_VERIFICATION,
    }),
  )
})
