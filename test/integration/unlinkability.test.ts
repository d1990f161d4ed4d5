import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import { Person } from '../../services/cli/demo/person.ts'
import { systemClock } from '../../services/kernel/clock.ts'
import { systemRandom } from '../../services/kernel/random.ts'
import { SAMPLE_PINS, type NewPerson } from '../../services/simulator/people.ts'
import { startInstance, type Instance } from '../support/instance.ts'
import { readMessage } from '../support/read-received.ts'
import type { Received } from '../support/recording-proxy.ts'
import { startRelyingParty, type RecordedRelyingParty } from '../support/recorded-relying-party.ts'
import { settlePeople } from '../support/sample-town.ts'
import { equalityPattern, leavesOf, runsInCommon, type Leaf } from '../support/shared-runs.ts'

const DAY = 24 * 60 * 60 * 1000
const IDENTITY = { framework: 'nist-800-63A-4', axis: 'IAL', level: 'IAL2' }

/** Equal in every attribute; their cards were handed over at different times and so end at different times. */
const TWINS: readonly NewPerson[] = ['aoi', 'midori'].map((id, index) => ({
  id,
  title: { ja: '双子', en: 'Twin' },
  attributes: {
    name: '見本　双葉',
    address: '模擬県翠川市若葉町１丁目２番３号',
    birthDate: '1983-08-27',
    sex: '2',
  },
  municipalityCode: '99201',
  issuedAt: new Date(systemClock.now().getTime() - (200 + 500 * index) * DAY),
}))

/** All that a relying party learned of one visit: what it was sent over gRPC, and the addresses the browser came back by. */
interface Visit {
  readonly received: readonly Received[]
  readonly addresses: readonly string[]
}

// I4: no two sectors can link. Everything the library and the liquor shop got, held against each other.
describe('library and liquor shop put together all that they received', () => {
  let stack: AsyncDisposableStack
  let visits: Visits
  beforeAll(async () => {
    // Times that relying parties keep are cut to the hour; twins that were seen in two hours would differ by that alone.
    for (let tries = 0; tries < 2; tries += 1) {
      stack = new AsyncDisposableStack()
      const hour = systemClock.now().getUTCHours()
      visits = await playVisits(stack)
      if (systemClock.now().getUTCHours() === hour) return
      await stack.disposeAsync()
    }
  })
  afterAll(() => stack.disposeAsync())

  test('no run of eight bytes is common to both for one person and not the same for everybody', () => {
    const { aoiAtLibrary, aoiAtLiquor, midoriAtLibrary, midoriAtLiquor } = visits
    const usual = [...bytesOf(midoriAtLibrary), ...bytesOf(midoriAtLiquor)]
    expect(runsInCommon(bytesOf(aoiAtLibrary), bytesOf(aoiAtLiquor), usual)).toEqual([])
  })

  test('the search sees what one of them may know: that the same person came back', () => {
    const { aoiAtLibrary, aoiAtLibraryAgain, midoriAtLibrary, midoriAtLiquor } = visits
    const usual = [...bytesOf(midoriAtLibrary), ...bytesOf(midoriAtLiquor)]
    const known = runsInCommon(bytesOf(aoiAtLibrary), bytesOf(aoiAtLibraryAgain), usual)
    const pseudonym = valueOf(aoiAtLibrary, '/authenticated/pairwiseSubject')
    expect(pseudonym).toHaveLength(43)
    expect(known).toEqual(expect.arrayContaining([pseudonym.slice(0, 8), pseudonym.slice(-8)]))
  })

  test('a number that both were sent would be seen', () => {
    const { aoiAtLibrary, aoiAtLiquor, midoriAtLibrary, midoriAtLiquor } = visits
    const usual = [...bytesOf(midoriAtLibrary), ...bytesOf(midoriAtLiquor)]
    const mark = Buffer.from(systemRandom.bytes(9))
    const marked = (visit: Visit): Buffer[] => [...bytesOf(visit), mark]
    expect(runsInCommon(marked(aoiAtLibrary), marked(aoiAtLiquor), usual)).toHaveLength(2)
  })

  test('what is equal between the two is equal for two persons as well as for one', () => {
    const { aoiAtLibrary, aoiAtLiquor, midoriAtLibrary, midoriAtLiquor } = visits
    const onePerson = equalityPattern(valuesOf(aoiAtLibrary), valuesOf(aoiAtLiquor))
    const twoPersons = equalityPattern(valuesOf(aoiAtLibrary), valuesOf(midoriAtLiquor))
    expect(onePerson).toEqual(twoPersons)
    expect(equalityPattern(valuesOf(midoriAtLibrary), valuesOf(aoiAtLiquor))).toEqual(onePerson)
    expect(equalityPattern(valuesOf(midoriAtLibrary), valuesOf(midoriAtLiquor))).toEqual(onePerson)
    expect(onePerson).toEqual(
      expect.arrayContaining([
        expect.stringContaining('/authenticated/levels/0/level = /released/levels/'),
      ]),
    )
  })

  test('the twins are told apart by no length and no number of messages', () => {
    const { aoiAtLibrary, aoiAtLiquor, midoriAtLibrary, midoriAtLiquor } = visits
    const lengths = (visit: Visit): string[] =>
      valuesOf(visit).map(({ path, value }) => `${path}: ${value.length}`)
    expect(lengths(aoiAtLibrary)).toEqual(lengths(midoriAtLibrary))
    expect(lengths(aoiAtLiquor)).toEqual(lengths(midoriAtLiquor))
  })
})

interface Visits {
  readonly aoiAtLibrary: Visit
  readonly midoriAtLibrary: Visit
  readonly midoriAtLiquor: Visit
  readonly aoiAtLiquor: Visit
  readonly aoiAtLibraryAgain: Visit
}

async function playVisits(stack: AsyncDisposableStack): Promise<Visits> {
  const dataDir = mkdtempSync(join(tmpdir(), 'watashi-unlinkability-'))
  await settlePeople(dataDir, TWINS, { signature: 0x0200_0000, authentication: 0x0300_0000 })
  const instance = stack.use(await startInstance({ dataDir }))
  const library = stack.use(await startRelyingParty(instance, 'library'))
  const liquor = stack.use(await startRelyingParty(instance, 'liquor'))
  const aoi = await enrolled(instance, 'aoi')
  const midori = await enrolled(instance, 'midori')
  // Midori's visits lie between Aoi's: the second of an answer is then nothing that only Aoi's two visits share.
  return {
    aoiAtLibrary: await visitLibrary(aoi, library),
    midoriAtLibrary: await visitLibrary(midori, library),
    midoriAtLiquor: await visitLiquor(midori, liquor),
    aoiAtLiquor: await visitLiquor(aoi, liquor),
    aoiAtLibraryAgain: await visitLibrary(aoi, library),
  }
}

async function enrolled({ ready, dataDir }: Instance, id: string): Promise<Person> {
  const person = new Person({
    issuer: ready.issuer,
    dataDir,
    clock: systemClock,
    random: systemRandom,
  })
  await person.enrol(`${id}-card`, SAMPLE_PINS.signature)
  await person.logIn()
  await person.untilOverview(({ levels, personas }) => levels.length > 0 && personas.length > 0)
  return person
}

async function recorded(
  { received }: RecordedRelyingParty,
  visit: () => Promise<readonly string[]>,
): Promise<Visit> {
  const before = received.length
  const addresses = await visit()
  return { received: received.slice(before), addresses }
}

/** A login, and then every question that a curious library may ask: also for levels that it has no need of. */
function visitLibrary(person: Person, library: RecordedRelyingParty): Promise<Visit> {
  const { client, returnUri } = library
  return recorded(library, async () => {
    const login = client.authenticate(undefined, returnUri)
    const address = await person.agree((await login.started).interactionUrl, 'priv')
    const { pairwiseSubject } = await login.ended
    await ask(library, pairwiseSubject)
    const refused = client.authenticate(undefined, returnUri)
    refused.ended.catch(() => undefined)
    const { interactionUrl } = await refused.started
    await person.view(interactionUrl)
    const refusal = await person.refuse(interactionUrl)
    await expect(refused.ended).rejects.toThrow()
    return [address, refusal]
  })
}

function visitLiquor(person: Person, liquor: RecordedRelyingParty): Promise<Visit> {
  const { client, returnUri } = liquor
  const claims = [{ name: 'age_over_20', essential: true }]
  return recorded(liquor, async () => {
    const request = await client.requestRelease('age-check', claims, returnUri)
    const ended = client.awaitRelease(request.requestId)
    const address = await person.agree(request.interactionUrl, 'priv')
    await ask(liquor, (await ended).pairwiseSubject)
    const refused = await client.requestRelease('age-check', claims, returnUri)
    const refusedEnd = client.awaitRelease(refused.requestId)
    refusedEnd.catch(() => undefined)
    await person.view(refused.interactionUrl)
    const refusal = await person.refuse(refused.interactionUrl)
    await expect(refusedEnd).rejects.toThrow()
    return [address, refusal]
  })
}

async function ask({ client }: RecordedRelyingParty, pairwiseSubject: string): Promise<void> {
  const minimum = { axes: [IDENTITY], flags: [], maxAgeSeconds: 0 }
  await client.check(pairwiseSubject)
  await client.check(pairwiseSubject, minimum)
  await client.explain(pairwiseSubject, 'en', minimum)
}

function bytesOf({ received, addresses }: Visit): readonly Buffer[] {
  return [...received.map(({ bytes }) => bytes), ...addresses.map((text) => Buffer.from(text))]
}

/**
 * Values with their places: of the messages, and of the query that the browser brings. Not among them: headers, whose only
 * changing one is the second of the answer, and the messages that say where the person is, of which a slow reader gets fewer.
 */
function valuesOf({ received, addresses }: Visit): readonly Leaf[] {
  const messages = received
    .filter(({ part }) => part === 'message')
    .map(readMessage)
    .filter((message) => {
      const pending: unknown = Reflect.get(Object(message), 'pending')
      if (pending === undefined) return true
      expect([
        Object.keys(Object(message) as object),
        Object.keys(Object(pending) as object),
      ]).toEqual([['pending'], ['stage']])
      return false
    })
  return [
    ...messages.flatMap((message) => leavesOf(message)),
    ...addresses.flatMap((address) =>
      [...new URL(address).searchParams].map(([name, value]) => ({
        path: `/address/${name}`,
        value,
      })),
    ),
  ]
}

function valueOf(visit: Visit, path: string): string {
  return valuesOf(visit).find((leaf) => leaf.path === path)?.value ?? ''
}
