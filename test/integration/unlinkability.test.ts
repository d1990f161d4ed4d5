import { status } from '@grpc/grpc-js'
import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { Person } from '../../services/cli/demo/person.ts'
import { systemClock } from '../../services/kernel/clock.ts'
import { systemRandom } from '../../services/kernel/random.ts'
import type { NewPerson } from '../../services/simulator/people.ts'
import { startInstance } from '../support/instance.ts'
import { enrolledWith } from '../support/players.ts'
import { readMessage, withoutEndOfRequest } from '../support/read-received.ts'
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

// I4: no two sectors can link. Everything that both services got, held against each other. The library may not ask for the
// identity level and is refused; bank and liquor shop are both registered for it and both ask.
describe.each(['library', 'bank'] as const)(
  '%s and liquor shop put together all they got',
  (rpId) => {
    const pair = () => ({
      aoi: rpId === 'library' ? visits.aoiAtLibrary : visits.aoiAtBank,
      midori: rpId === 'library' ? visits.midoriAtLibrary : visits.midoriAtBank,
      ...{ aoiAtLiquor: visits.aoiAtLiquor, midoriAtLiquor: visits.midoriAtLiquor },
    })

    test('no run of eight bytes is common to both for one person and not the same for everybody', () => {
      const { aoi, midori, aoiAtLiquor, midoriAtLiquor } = pair()
      const usual = [...bytesOf(midori), ...bytesOf(midoriAtLiquor)]
      expect(runsInCommon(bytesOf(aoi), bytesOf(aoiAtLiquor), usual)).toEqual([])
    })

    test('a number that both were sent would be seen', () => {
      const { aoi, midori, aoiAtLiquor, midoriAtLiquor } = pair()
      const usual = [...bytesOf(midori), ...bytesOf(midoriAtLiquor)]
      const mark = Buffer.from(systemRandom.bytes(9))
      const marked = (visit: Visit): Buffer[] => [...bytesOf(visit), mark]
      expect(runsInCommon(marked(aoi), marked(aoiAtLiquor), usual)).toHaveLength(2)
    })

    test('what is equal between the two is equal for two persons as well as for one', () => {
      const { aoi, midori, aoiAtLiquor, midoriAtLiquor } = pair()
      const onePerson = equalityPattern(valuesOf(aoi), valuesOf(aoiAtLiquor))
      expect(equalityPattern(valuesOf(aoi), valuesOf(midoriAtLiquor))).toEqual(onePerson)
      expect(equalityPattern(valuesOf(midori), valuesOf(aoiAtLiquor))).toEqual(onePerson)
      expect(equalityPattern(valuesOf(midori), valuesOf(midoriAtLiquor))).toEqual(onePerson)
      expect(onePerson).toEqual(
        expect.arrayContaining([
          expect.stringContaining('/authenticated/levels/0/level = /released/levels/'),
        ]),
      )
    })

    test('the twins are told apart by no length and no number of messages', () => {
      const { aoi, midori, aoiAtLiquor, midoriAtLiquor } = pair()
      const lengths = (visit: Visit): string[] =>
        valuesOf(visit).map(({ path, value }) => `${path}: ${value.length}`)
      expect(lengths(aoi)).toEqual(lengths(midori))
      expect(lengths(aoiAtLiquor)).toEqual(lengths(midoriAtLiquor))
    })
  },
)

describe('what one service may know', () => {
  test('the search sees what one of them may know: that the same person came back', () => {
    const { aoiAtLibrary, aoiAtLibraryAgain, midoriAtLibrary, midoriAtLiquor } = visits
    const usual = [...bytesOf(midoriAtLibrary), ...bytesOf(midoriAtLiquor)]
    const known = runsInCommon(bytesOf(aoiAtLibrary), bytesOf(aoiAtLibraryAgain), usual)
    const pseudonym = valueOf(aoiAtLibrary, '/authenticated/pairwiseSubject')
    expect(pseudonym).toHaveLength(43)
    expect(known).toEqual(expect.arrayContaining([pseudonym.slice(0, 8), pseudonym.slice(-8)]))
  })

  test('no identity level, where its registration does not name it: nothing it was sent is of that framework', () => {
    const frameworks = (visit: Visit) =>
      valuesOf(visit).flatMap(({ path, value }) => (path.endsWith('/framework') ? [value] : []))
    for (const visit of [visits.aoiAtLibrary, visits.midoriAtLibrary]) {
      expect(new Set(frameworks(visit))).toEqual(new Set(['nist-800-63B-4']))
      expect(bytesOf(visit).join()).not.toContain('IAL2')
    }
    for (const visit of [visits.aoiAtBank, visits.midoriAtLiquor]) {
      expect(frameworks(visit)).toContain(IDENTITY.framework)
    }
  })
})

interface Visits {
  readonly aoiAtLibrary: Visit
  readonly aoiAtBank: Visit
  readonly midoriAtLibrary: Visit
  readonly midoriAtBank: Visit
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
  const bank = stack.use(await startRelyingParty(instance, 'bank'))
  const aoi = await enrolledWith(instance, 'aoi-card')
  const midori = await enrolledWith(instance, 'midori-card')
  // Midori's visits lie between Aoi's: the second of an answer is then nothing that only Aoi's two visits share.
  return {
    aoiAtLibrary: await visitWithLogin(aoi, library, askInVain),
    aoiAtBank: await visitWithLogin(aoi, bank, ask),
    midoriAtLibrary: await visitWithLogin(midori, library, askInVain),
    midoriAtBank: await visitWithLogin(midori, bank, ask),
    midoriAtLiquor: await visitLiquor(midori, liquor),
    aoiAtLiquor: await visitLiquor(aoi, liquor),
    aoiAtLibraryAgain: await visitWithLogin(aoi, library, askInVain),
  }
}

async function recorded(
  { received }: RecordedRelyingParty,
  visit: () => Promise<readonly string[]>,
): Promise<Visit> {
  const before = received.length
  const addresses = await visit()
  return { received: received.slice(before), addresses }
}

/** A login, every question that a curious service may think of, and a login that the person refuses. */
function visitWithLogin(
  person: Person,
  relyingParty: RecordedRelyingParty,
  questions: typeof ask,
): Promise<Visit> {
  const { client, returnUri } = relyingParty
  return recorded(relyingParty, async () => {
    const login = client.authenticate(undefined, returnUri)
    const address = await person.agree((await login.started).interactionUrl, 'priv')
    const { pairwiseSubject } = await login.ended
    await questions(relyingParty, pairwiseSubject)
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

const FOR_IDENTITY = { axes: [IDENTITY], flags: [], maxAgeSeconds: 0, profile: '', vectors: [] }

async function ask({ client }: RecordedRelyingParty, pairwiseSubject: string): Promise<void> {
  await client.check(pairwiseSubject)
  await client.check(pairwiseSubject, FOR_IDENTITY)
  await client.explain(pairwiseSubject, 'en', FOR_IDENTITY)
}

/** The same questions by a service whose registration does not name the axis: what it was sent is the refusal. */
async function askInVain({ client }: RecordedRelyingParty, pairwiseSubject: string): Promise<void> {
  const refusal = {
    code: status.PERMISSION_DENIED,
    details: expect.stringMatching(/: nist-800-63B-4\/AAL$/) as string,
  }
  await client.check(pairwiseSubject)
  await expect(client.check(pairwiseSubject, FOR_IDENTITY)).rejects.toMatchObject(refusal)
  await expect(client.explain(pairwiseSubject, 'en', FOR_IDENTITY)).rejects.toMatchObject(refusal)
  await client.explain(pairwiseSubject, 'en')
}

function bytesOf({ received, addresses }: Visit): readonly Buffer[] {
  return [...received.map(withoutEndOfRequest), ...addresses.map((text) => Buffer.from(text))]
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
