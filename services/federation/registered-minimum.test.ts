import { afterAll, beforeAll, expect, test } from 'vitest'
import { RelyingPartyChanged } from '../../proto/gen/watashi/registry/v1/registry.ts'
import type { Minimum } from '../policy/ports.ts'
import type { RegistrationFile } from './read-registration.ts'
import { floorsOf, knownFloors } from './registered-minimum.ts'
import { seedRegistry } from './seed-registry.ts'
import { openStand, registrationFiles, type Stand } from './stand-grpc.ts'

const PROFILE = 'returning-visitor'
const AAL1 = { framework: 'nist-800-63B-4', axis: 'AAL', level: 'AAL1' } as const
const IAL2 = { framework: 'nist-800-63A-4', axis: 'IAL', level: 'IAL2' } as const
const NOTHING: Minimum = { axes: [], flags: [] }
let stand: Stand
let offered: Minimum | undefined
let files: readonly RegistrationFile[]

/** The library’s floor is what the policy says by that name, and the bank’s has a flag besides. */
beforeAll(async () => {
  stand = await openStand()
  offered = stand.policy.profiles.get(PROFILE)
  const [library, liquor, bank] = registrationFiles(stand.keys)
  if (library === undefined || liquor === undefined || bank === undefined)
    throw new Error('expected files')
  files = [
    { ...library, text: library.text.replace(/minimum: .*/, `minimum: { profile: ${PROFILE} }`) },
    liquor,
    {
      ...bank,
      text: bank.text.replace('minimum:\n', 'minimum:\n  profile: proofed-person-unphishable\n'),
    },
  ]
  await seedRegistry(stand.seed, files)
})
afterAll(() => stand[Symbol.asyncDispose]())

/** What a login at the library is held against when the request asks for `own`. */
async function heldAtLibrary(own: Minimum = NOTHING) {
  const { interaction } = await stand.federation.requests.authenticate('library', {
    minimum: own,
    returnUri: 'http://library.localhost:8101/return',
    uiLocale: '',
  })
  return interaction.minimum
}

async function whileOffered<T>(minimum: Minimum | undefined, work: () => Promise<T>): Promise<T> {
  const { profiles } = stand.policy
  if (minimum === undefined) profiles.delete(PROFILE)
  else profiles.set(PROFILE, minimum)
  try {
    return await work()
  } finally {
    if (offered !== undefined) profiles.set(PROFILE, offered)
  }
}

test('a floor asks for what the policy says by its name, on top of what it says itself', () => {
  expect(floorsOf(stand.policy, { ...NOTHING, profile: PROFILE })).toEqual([
    NOTHING,
    { axes: [AAL1], flags: [] },
  ])
  expect(floorsOf(stand.policy, { axes: [IAL2], flags: [] })).toEqual([{ axes: [IAL2], flags: [] }])
})

test('a request raises it, and cannot lower it', async () => {
  expect(await heldAtLibrary()).toEqual({ axes: [AAL1], flags: [] })
  const lower = { axes: [{ ...AAL1, level: 'none' }, IAL2], flags: [] }
  expect(await heldAtLibrary(lower)).toEqual({ axes: [AAL1, IAL2], flags: [] })
})

test('another policy changes what it asks for, without another registration', async () => {
  const AAL2 = { ...AAL1, level: 'AAL2' }
  const held = await whileOffered({ axes: [AAL2], flags: ['device_bound'] }, () => heldAtLibrary())
  expect(held).toEqual({ axes: [AAL2], flags: ['device_bound'] })
})

test('while no policy offers it nobody is let through, and no axis of it is told', async () => {
  const unavailable = { code: 'UNAVAILABLE' }
  await whileOffered(undefined, async () => {
    await expect(heldAtLibrary()).rejects.toMatchObject(unavailable)
    await expect(heldAtLibrary({ axes: [AAL1], flags: [] })).rejects.toMatchObject(unavailable)
    expect(knownFloors(stand.policy, { ...NOTHING, profile: PROFILE })).toMatchObject([NOTHING])
  })
  expect(await heldAtLibrary()).toEqual({ axes: [AAL1], flags: [] })
})

test('a start with a registration that names what is not offered is refused, and takes nothing', async () => {
  const [library, ...others] = registrationFiles(stand.keys)
  if (library === undefined) throw new Error('expected files')
  const before = stand.events.length
  const wrong = library.text.replace(/minimum: .*/, 'minimum: { profile: nobodys-own }')
  const seeded = seedRegistry(stand.seed, [...others, { ...library, text: wrong }])
  await expect(seeded).rejects.toMatchObject({
    code: 'INVALID_INPUT',
    message:
      'library: expected a minimum that the policy in force offers; minimum.profile: expected one that is offered',
  })
  expect(stand.events).toHaveLength(before)
})

test('a start with one that was taken goes on, and says that it is not answered', async () => {
  await whileOffered(undefined, async () => {
    expect(await seedRegistry(stand.seed, files)).toEqual([])
    const told = stand.lines.filter((line) => line.includes('RELYING_PARTY_UNANSWERED'))
    expect(told.map((line) => (JSON.parse(line) as { rpId: string }).rpId)).toEqual(['library'])
  })
})

test('others are told of the flags that it asks for', () => {
  const told = stand.events.map(({ value }) =>
    RelyingPartyChanged.decode(value ?? new Uint8Array()),
  )
  const flags = told.filter(({ rpId }) => rpId === 'bank').map(({ purposes }) => purposes[0]?.flags)
  expect(flags).toEqual([[], ['phishing_resistant']])
})
