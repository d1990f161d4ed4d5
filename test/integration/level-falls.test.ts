import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Remedy } from '../../proto/gen/watashi/assurance/v1/assurance.ts'
import type { AuthenticatorList } from '../../services/authenticator/api.ts'
import type { Person } from '../../services/cli/demo/person.ts'
import type { Cast } from '../../services/cli/demo/story.ts'
import { SAMPLE_PINS } from '../../services/simulator/people.ts'
import { startInstance, type Instance } from '../support/instance.ts'
import {
  changeIn,
  ObservedRelyingParty,
  type SampleRp,
  type Watching,
} from '../support/observed-relying-party.ts'
import { atDesk, castAt, certificateOn, closeCast, enrolledWith } from '../support/players.ts'

let instance: Instance
let cast: Cast
const observed: ObservedRelyingParty[] = []

beforeAll(async () => {
  instance = await startInstance()
  cast = castAt(instance)
})
afterAll(async () => {
  for (const relyingParty of observed) relyingParty.close()
  closeCast(cast)
  await instance[Symbol.asyncDispose]()
})

const enrolled = (tokenId: string): Promise<Person> => enrolledWith(instance, tokenId)

/** Logs in at a service; gives the pseudonym there. */
async function visit(person: Person, rpId: SampleRp): Promise<string> {
  const login = cast[rpId].authenticate(undefined, cast.returnUris[rpId])
  await person.agree((await login.started).interactionUrl, 'priv')
  return (await login.ended).pairwiseSubject
}

/** Watches all persons of a service, from now on. */
async function watching(rpId: SampleRp): Promise<Watching> {
  const relyingParty = new ObservedRelyingParty(instance, rpId)
  observed.push(relyingParty)
  const watch = relyingParty.watch()
  await watch.until(({ event }) => event?.$case === 'heartbeat')
  return watch
}

interface Change {
  readonly axis: string
  readonly from: string
  readonly to: string
  readonly lowered: boolean
}

/** What a service was told of one of its persons since it began to watch. */
function changesOf({ messages }: Watching, pairwiseSubject: string): readonly Change[] {
  return messages.flatMap((message) => {
    const change = changeIn(message)
    if (change?.level === undefined || change.pairwiseSubject !== pairwiseSubject) return []
    const { level, previousLevel: from, lowered } = change
    return [{ axis: level.axis, from, to: level.level, lowered }]
  })
}

/** Waits until a service was told of a person as often as this, and gives all that it was told. */
async function toldOf(
  watch: Watching,
  pairwiseSubject: string,
  times: number,
): Promise<readonly Change[]> {
  await watch.until(() => changesOf(watch, pairwiseSubject).length >= times)
  return changesOf(watch, pairwiseSubject)
}

function levelsOf({ levels }: Awaited<ReturnType<Cast['bank']['check']>>) {
  return Object.fromEntries(levels.map(({ axis, level }) => [axis, level]))
}

describe('the certificate on a phone is suspended at the issuer’s desk', () => {
  let watch: Watching
  let hanako: string
  let ichiro: string
  const order = async (tokenId: string, action: 'suspend' | 'resume') =>
    atDesk(instance, `certificates/${await certificateOn(instance, tokenId)}/${action}`)

  beforeAll(async () => {
    await atDesk(instance, 'people/ichiro/issue-phone', { pin: SAMPLE_PINS.signature })
    hanako = await visit(await enrolled('hanako-phone'), 'liquor')
    ichiro = await visit(await enrolled('ichiro-phone'), 'liquor')
    watch = await watching('liquor')
  })
  afterAll(() => watch.stop())

  test('of another person, and of a card that nothing stands on: the level stays, and nothing is told', async () => {
    await order('hanako-card', 'suspend')
    await order('ichiro-phone', 'suspend')
    // What stood on the other person's phone is told, after all that came before it.
    expect(await toldOf(watch, ichiro, 1)).toMatchObject([{ axis: 'IAL', lowered: true }])
    expect((await cast.liquor.check(ichiro)).satisfied).toBe(false)

    expect(changesOf(watch, hanako)).toEqual([])
    expect(await cast.liquor.check(hanako)).toMatchObject({ satisfied: true, shortfalls: [] })
  })

  test('that the level stands on: it falls, the service is told and sees it, and it rises when resumed', async () => {
    await order('hanako-phone', 'suspend')
    const fall = { axis: 'IAL', from: 'IAL2', to: 'no_ial', lowered: true }
    expect(await toldOf(watch, hanako, 1)).toEqual([fall])
    const fallen = await cast.liquor.check(hanako)
    expect(fallen).toMatchObject({
      satisfied: false,
      shortfalls: [{ axis: 'IAL', have: 'no_ial', need: 'IAL2' }],
    })
    // The passkey is as good as before: it is the person who is no longer vouched for.
    expect(levelsOf(fallen)).toEqual({ IAL: 'no_ial', AAL: 'AAL2' })

    await order('hanako-phone', 'resume')
    const rise = { axis: 'IAL', from: 'no_ial', to: 'IAL2', lowered: false }
    expect(await toldOf(watch, hanako, 2)).toEqual([fall, rise])
    expect(await cast.liquor.check(hanako)).toMatchObject({ satisfied: true, shortfalls: [] })
    // The other person's is still suspended.
    expect(changesOf(watch, ichiro)).toHaveLength(1)
    expect((await cast.liquor.check(ichiro)).satisfied).toBe(false)
  })
})

describe('a person suspends a passkey', () => {
  const lost = { axis: 'AAL', from: 'AAL2', to: 'none', lowered: true }
  let phone: Person
  let laptop: Person
  let spare: Person
  /** From before all that happens here to its end. */
  let library: Watching
  const authenticators = async (person: Person) =>
    (await person.browser.get<AuthenticatorList>('/api/authenticator/authenticators'))
      .authenticators
  /** Id of the passkey that a browser is logged in with. */
  const passkeyOf = async (person: Person): Promise<string> =>
    (await authenticators(person)).find(({ current }) => current)?.authenticatorId ?? ''
  const change = (id: string, action: 'suspend' | 'resume' | 'revoke') =>
    laptop.browser.post(`/api/authenticator/authenticators/${id}/${action}`)

  beforeAll(async () => {
    phone = await enrolled('misaki-card')
    laptop = await enrolled('misaki-card')
    spare = await enrolled('misaki-card')
    library = await watching('library')
  })
  afterAll(() => library.stop())

  test('where a login stood on it the service is told that the level fell, and of the next login; elsewhere nothing', async () => {
    const atLiquor = await visit(phone, 'liquor')
    const atLibrary = await visit(laptop, 'library')
    const liquor = await watching('liquor')

    await change(await passkeyOf(spare), 'suspend')
    const id = await passkeyOf(phone)
    await change(id, 'suspend')
    expect(await toldOf(liquor, atLiquor, 1)).toEqual([lost])
    const fallen = await cast.liquor.check(atLiquor)
    expect(levelsOf(fallen)).toEqual({ IAL: 'IAL2', AAL: 'none' })
    expect(fallen.shortfalls).toMatchObject([
      { axis: 'AAL', have: 'none', remedy: Remedy.REMEDY_LOG_IN_WITH_USER_VERIFICATION },
    ])
    expect(await cast.library.check(atLibrary)).toMatchObject({ satisfied: true })

    await change(id, 'resume')
    await phone.logIn()
    expect(await visit(phone, 'liquor')).toBe(atLiquor)
    const back = { axis: 'AAL', from: 'none', to: 'AAL2', lowered: false }
    expect(await toldOf(liquor, atLiquor, 2)).toEqual([lost, back])
    expect(changesOf(library, atLibrary)).toEqual([])
    liquor.stop()
  })

  test('where another login is live, and after a log-out, nothing is told: only the last loss is', async () => {
    const pairwise = await visit(phone, 'library')
    expect(await visit(laptop, 'library')).toBe(pairwise)
    const [onPhone, onLaptop] = [await passkeyOf(phone), await passkeyOf(laptop)]
    await change(onPhone, 'revoke')
    expect(await cast.library.check(pairwise)).toMatchObject({ satisfied: true })

    await laptop.browser.post('/api/authenticator/logout')
    expect(levelsOf(await cast.library.check(pairwise))).toEqual({ AAL: 'none' })
    await laptop.logIn()
    await visit(laptop, 'library')
    await change(onLaptop, 'suspend')
    expect(await toldOf(library, pairwise, 1)).toEqual([lost])
    expect(levelsOf(await cast.library.check(pairwise))).toEqual({ AAL: 'none' })
  })
})
