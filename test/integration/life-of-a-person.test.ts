import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type {
  AuthenticatorList,
  ReproofStatus,
  TapOpened,
} from '../../services/authenticator/api.ts'
import type { Person } from '../../services/cli/demo/person.ts'
import type { Cast } from '../../services/cli/demo/story.ts'
import type { IdentityCheckReply, IdentityReply } from '../../services/proofing/api.ts'
import { SAMPLE_PINS } from '../../services/simulator/people.ts'
import { watashi } from '../support/command-line.ts'
import { startInstance, type Instance } from '../support/instance.ts'
import { changeIn, ObservedRelyingParty } from '../support/observed-relying-party.ts'
import { storedRows } from '../support/stored-state.ts'
import {
  atDesk,
  castAt,
  certificateOn,
  closeCast,
  enrolledWith,
  someone,
} from '../support/players.ts'

const FOUR = ['name', 'address', 'birthdate', 'gender'].map((name) => ({ name, essential: true }))
const AGE = [{ name: 'age_over_20', essential: true }]
const PIN = SAMPLE_PINS.signature
const CLOSED = { status: 422, code: 'CEREMONY_REFUSED' }
const WAIT = { timeout: 20_000 }
/** A person's certificates are checked on demand once in half a minute. */
const CHECKED_A_MOMENT_AGO = { status: 429, code: 'TOO_MANY_REQUESTS' }

let instance: Instance
let cast: Cast

beforeAll(async () => {
  instance = await startInstance()
  cast = castAt(instance)
})
afterAll(async () => {
  closeCast(cast)
  await instance[Symbol.asyncDispose]()
})

const enrolled = (tokenId: string): Promise<Person> => enrolledWith(instance, tokenId)

/** The person who is logged in has a card sign; the card need not be theirs. */
async function tap(
  person: Person,
  purpose: 'reproof' | 'consent',
  tokenId: string,
): Promise<ReproofStatus> {
  const order = { returnPath: '/reproof/return', purpose }
  const { agentUrl } = await person.browser.post<TapOpened>('/api/authenticator/reproof', order)
  const ticket = new URL(agentUrl).searchParams.get('ticket') ?? ''
  await person.tap(ticket, tokenId, PIN)
  return person.browser.get(`/api/authenticator/reproof/by-ticket/${ticket}`)
}

/** Revokes the passkey that the browser is logged in with. */
async function giveUpPasskey({ browser }: Person): Promise<void> {
  const path = '/api/authenticator/authenticators'
  const { authenticators } = await browser.get<AuthenticatorList>(path)
  const current = authenticators.find((one) => one.current)?.authenticatorId ?? ''
  await browser.post(`${path}/${current}/revoke`)
}

const identityOf = (person: Person) => person.browser.get<IdentityReply>('/api/proofing/identity')
const check = (person: Person) =>
  person.browser.post<IdentityCheckReply>('/api/proofing/identity/check')
const addressOf = async (person: Person) =>
  (await person.overview()).attributes.find(({ name }) => name === 'address')

async function pairwiseAt(person: Person, rpId: 'library' | 'liquor' | 'bank'): Promise<string> {
  const login = cast[rpId].authenticate(undefined, cast.returnUris[rpId])
  await person.agree((await login.started).interactionUrl, rpId === 'bank' ? 'gov' : 'priv')
  return (await login.ended).pairwiseSubject
}

describe('a person who moves house', () => {
  test('and has consented: the new address comes without the card, and goes to who asks for it', async () => {
    const person = await enrolled('hanako-card')
    const bank = await pairwiseAt(person, 'bank')
    expect((await identityOf(person)).consent).toEqual({ givenAt: null })
    expect(await tap(person, 'consent', 'ichiro-card')).toMatchObject({ state: 'other_person' })
    expect((await identityOf(person)).consent).toEqual({ givenAt: null })
    expect(await tap(person, 'consent', 'hanako-card')).toMatchObject({ state: 'passed' })
    expect((await identityOf(person)).consent?.givenAt).not.toBeNull()

    await atDesk(instance, 'switches', { latestAttributes: 'down' })
    await atDesk(instance, 'people/hanako/move', { municipalityCode: '99301' })
    await person.untilOverview(({ attributes }) => attributes.some(({ stale }) => stale))
    const account = await cast.bank.requestRelease('account-opening', FOUR, cast.returnUris.bank)
    expect(await person.view(account.interactionUrl)).toMatchObject({
      stage: 'failed',
      unavailable: expect.arrayContaining([
        expect.objectContaining({ name: 'address', reason: 'STALE' }),
      ]) as unknown,
    })
    expect(await check(person)).toMatchObject({ attributes: 'try-later' })
    expect(await addressOf(person)).toMatchObject({ stale: true })
    await expect(check(person)).rejects.toMatchObject(CHECKED_A_MOMENT_AGO)

    // The service is back: it is asked again by itself.
    await atDesk(instance, 'switches', { latestAttributes: 'normal' })
    await expect
      .poll(async () => (await person.overview()).attributes.some(({ stale }) => stale), {
        timeout: 60_000,
      })
      .toBe(false)
    expect((await addressOf(person))?.value).toContain('模擬県星野町')
    const { levels } = await person.overview()
    expect(levels).toContainEqual(expect.objectContaining({ axis: 'IAL', level: 'IAL2' }))

    const released = cast.bank.awaitRelease(account.requestId)
    await person.agree(account.interactionUrl, 'gov')
    const { claims, pairwiseSubject } = await released
    expect(pairwiseSubject).toBe(bank)
    expect(claims.find(({ name }) => name === 'address')?.value).toMatchObject({
      text: expect.stringContaining('模擬県星野町') as unknown,
    })
  }, 180_000)

  test('after a withdrawal of the consent: nothing comes until the new card is tapped', async () => {
    await atDesk(instance, 'tokens/hanako-card/issue-signature')
    const person = await enrolled('hanako-card')
    await person.browser.post('/api/proofing/consent/withdrawal')
    expect((await identityOf(person)).consent).toEqual({ givenAt: null })
    await atDesk(instance, 'people/hanako/move', { municipalityCode: '99202' })
    await person.untilOverview(({ attributes }) => attributes.some(({ stale }) => stale))
    expect(await addressOf(person)).toMatchObject({ stale: true })
    await expect(tap(person, 'consent', 'hanako-card')).resolves.toMatchObject({
      state: 'refused',
      reason: 'CERTIFICATE_REVOKED',
    })

    await atDesk(instance, 'tokens/hanako-card/issue-signature')
    // A certificate that was issued since signs a consent as well, and says itself what is new.
    expect(await tap(person, 'consent', 'hanako-card')).toMatchObject({ state: 'passed' })
    await person.untilOverview(({ attributes }) => attributes.every(({ stale }) => !stale))
    expect((await addressOf(person))?.value).toContain('模擬県汐見市')
  })
})

describe('a person who dies', () => {
  test('is nobody who could log in, once the register supplies nothing; who died without a consent is one who moved', async () => {
    const person = await enrolled('misaki-card')
    const neighbour = await enrolled('ichiro-card')
    await tap(person, 'consent', 'misaki-card')
    const age = await cast.liquor.requestRelease('age-check', AGE, cast.returnUris.liquor)
    const released = cast.liquor.awaitRelease(age.requestId)
    await person.agree(age.interactionUrl, 'priv')
    const { pairwiseSubject } = await released
    expect(await cast.liquor.check(pairwiseSubject)).toMatchObject({ satisfied: true })
    const observed = new ObservedRelyingParty(instance, 'liquor')
    const watch = observed.watch()
    await watch.until(({ event }) => event?.$case === 'heartbeat')

    await atDesk(instance, 'people/misaki/record-death')
    await atDesk(instance, 'people/ichiro/record-death')
    await watch.until((message) => {
      const change = changeIn(message)
      return change?.pairwiseSubject === pairwiseSubject && change.level?.axis === 'IAL'
    })
    const changes = watch.messages.flatMap((message) => changeIn(message) ?? [])
    expect(changes.every((change) => change.pairwiseSubject === pairwiseSubject)).toBe(true)
    expect(changes.find(({ level }) => level?.axis === 'IAL')).toMatchObject({
      level: { level: 'no_ial' },
      lowered: true,
    })
    watch.stop()
    observed.close()
    expect((await cast.liquor.check(pairwiseSubject)).satisfied).toBe(false)
    await expect.poll(() => person.logIn().then(String, String), WAIT).not.toBe('undefined')
    await expect(person.logIn()).rejects.toMatchObject(CLOSED)
    await expect(person.overview()).rejects.toMatchObject({ status: 401 })

    const { levels, attributes } = await neighbour.untilOverview((overview) =>
      overview.attributes.some(({ stale }) => stale),
    )
    expect(levels).toContainEqual(expect.objectContaining({ axis: 'IAL', level: 'IAL2' }))
    expect(attributes.every(({ stale }) => stale)).toBe(true)
    await neighbour.logIn()
  })
})

describe('an operator', () => {
  test('checks a person at any time without the card, and the month’s report names it', async () => {
    const person = await enrolled('hanako-card')
    const [newest] = await storedRows<{ subject: string }>(
      instance,
      `select subject_ref as subject from proofing_session where status = 'passed' order by taken_at desc limit 1`,
    )
    const subjectRef = newest?.subject ?? ''
    let told = ''
    const recheck = async () => {
      const { code, out } = await watashi(instance, 'identity', 'recheck', subjectRef, '--json')
      told = out
      return code
    }
    // The person had them checked above, and half a minute has to be over since.
    await expect.poll(recheck, { timeout: 60_000, interval: 2_000 }).toBe(0)
    expect(JSON.parse(told)).toMatchObject({
      certificates: expect.arrayContaining([
        expect.objectContaining({ kind: 'signature', status: 'good' }),
      ]) as unknown,
    })
    expect((await watashi(instance, 'identity', 'recheck', 'nobody')).code).toBe(2)
    expect((await watashi(instance, 'identity', 'recheck', subjectRef)).code).toBe(2)
    const month = new Date().toISOString().slice(0, 7)
    const { out } = await watashi(instance, 'report', 'cost', '--month', month)
    expect(out).toMatch(/status-on-demand\s+signature/)
    expect(out).toMatch(/latest-attributes\s+signature/)
    await giveUpPasskey(person)
  }, 120_000)
})

describe('a person with a phone', () => {
  test('is the same to every service by card and phone, and after each is renewed or replaced', async () => {
    // Moved above: the register has this person still, the card a certificate that is good.
    const places = ['library', 'liquor', 'bank'] as const
    const byCard = await enrolled('hanako-card')
    const seen: Record<string, string> = {}
    for (const place of places) seen[place] = await pairwiseAt(byCard, place)
    /** Another browser, with a passkey that this card or phone vouched for; it is given up again, as a person may have five. */
    const expectSame = async (tokenId: string) => {
      const person = await enrolled(tokenId)
      for (const place of places) expect(await pairwiseAt(person, place)).toBe(seen[place])
      await giveUpPasskey(person)
    }

    await atDesk(instance, 'people/hanako/issue-phone', { pin: PIN })
    await expectSame('hanako-phone')
    await atDesk(instance, 'people/hanako/issue-phone', { pin: PIN, phone: 'iphone' })
    await expectSame('hanako-iphone')
    await atDesk(instance, 'tokens/hanako-card/renew')
    await expectSame('hanako-card')
    await expect(someone(instance).enrol('hanako-phone', PIN)).rejects.toThrow(
      'CERTIFICATE_REVOKED',
    )
    await atDesk(instance, 'people/hanako/issue-phone', { pin: PIN })
    await expectSame('hanako-phone')
  }, 120_000)

  test('gets no certificates there for a wrong PIN, nor once the card’s certificate has ended', async () => {
    const wrong = atDesk(instance, 'people/hanako/issue-phone', { pin: 'WRONG1' })
    await expect(wrong).rejects.toThrow('PIN_WRONG')
    const certificate = await certificateOn(instance, 'hanako-card')
    await atDesk(instance, `certificates/${certificate}/revoke`, { reason: 'cessationOfOperation' })
    const ended = atDesk(instance, 'people/hanako/issue-phone', { pin: PIN })
    await expect(ended).rejects.toThrow('CONFLICT')
  })
})
