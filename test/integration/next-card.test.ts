import { afterAll, beforeAll, expect, test } from 'vitest'
import type { CardLoginStatus, TapOpened } from '../../services/authenticator/api.ts'
import type { Person } from '../../services/cli/demo/person.ts'
import type { Cast } from '../../services/cli/demo/story.ts'
import { SAMPLE_PINS } from '../../services/simulator/people.ts'
import { startInstance, type Instance } from '../support/instance.ts'
import {
  atDesk,
  castAt,
  certificateOn,
  closeCast,
  enrolledWith,
  someone,
} from '../support/players.ts'

// The simulator's next card: what is not announced of it is invented.

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

/** Logs in at the liquor shop; gives the pseudonym there. */
async function visit(person: Person): Promise<string> {
  const login = cast.liquor.authenticate(undefined, cast.returnUris.liquor)
  await person.agree((await login.started).interactionUrl, 'priv')
  return (await login.ended).pairwiseSubject
}

const enrolled = (tokenId: string): Promise<Person> => enrolledWith(instance, tokenId)

/** A login with the card alone, in the person's browser. */
async function logInWithCard(person: Person, cardId: string): Promise<CardLoginStatus> {
  const opened = await person.browser.post<TapOpened>('/api/authenticator/card-login', {
    returnPath: '/login/return',
  })
  const ticket = new URL(opened.agentUrl).searchParams.get('ticket') ?? ''
  await person.tap(ticket, cardId, SAMPLE_PINS.authentication)
  return person.browser.get(`/api/authenticator/card-login/by-ticket/${ticket}`)
}

test('proves a sample person, who enrols and logs in with it', async () => {
  await atDesk(instance, 'tokens/misaki-card/renew', { generation: 'next' })
  const misaki = await enrolled('misaki-card')
  expect((await cast.liquor.check(await visit(misaki))).shortfalls).toEqual([])
  expect(await logInWithCard(someone(instance), 'misaki-card')).toMatchObject({
    state: 'passed',
    reason: null,
  })
})

test('in place of a card of today leaves the person who they are', async () => {
  const before = await visit(await enrolled('hanako-card'))
  const people = await atDesk(instance, 'tokens/hanako-card/renew', { generation: 'next' })
  const tokens = people.flatMap((person) => person.tokens)
  expect(tokens.find(({ id }) => id === 'hanako-card')?.generation).toBe('next')
  expect(await visit(await enrolled('hanako-card'))).toBe(before)
  expect(await logInWithCard(someone(instance), 'hanako-card')).toMatchObject({ state: 'passed' })
})

test('proves nobody once its certificates have ended', async () => {
  await atDesk(instance, 'tokens/ichiro-card/renew', { generation: 'next' })
  for (const family of ['signature', 'authentication'] as const) {
    const certificate = await certificateOn(instance, 'ichiro-card', family)
    await atDesk(instance, `certificates/${certificate}/revoke`, { reason: 'keyCompromise' })
  }
  const ichiro = someone(instance)
  await expect(ichiro.enrol('ichiro-card', SAMPLE_PINS.signature)).rejects.toThrow(
    'refused: CERTIFICATE_REVOKED',
  )
  expect(await logInWithCard(ichiro, 'ichiro-card')).toMatchObject({
    state: 'refused',
    reason: 'CERTIFICATE_REVOKED',
  })
})
