import { mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { endCertificate } from '../../services/cli/demo.ts'
import { Person } from '../../services/cli/demo/person.ts'
import { canonicalJson, type Json } from '../../services/kernel/canonical-json.ts'
import { systemClock } from '../../services/kernel/clock.ts'
import { systemRandom } from '../../services/kernel/random.ts'
import type { NewPerson } from '../../services/simulator/people.ts'
import { stateFile } from '../../services/simulator/state.ts'
import { tapAtAgent } from '../support/agent-form.ts'
import { backbones, type BackboneKind } from '../support/backbone.ts'
import { startInstance, type Instance } from '../support/instance.ts'
import { filesOf } from '../support/left-behind.ts'
import { readEvent } from '../support/read-event.ts'
import { readMessage } from '../support/read-received.ts'
import { startRelyingParty, type RecordedRelyingParty } from '../support/recorded-relying-party.ts'
import { settlePeople } from '../support/sample-town.ts'
import { findTraces, serialCanaries, tracesOf, type Canary, type Place } from '../support/traces.ts'

const PERSON = {
  id: 'canary',
  title: { ja: '探し物', en: 'Looked for' },
  attributes: {
    name: '迦楼羅王　金翅鳥乃介',
    address: '模擬県翠川市迦楼羅台９９９丁目８８８８番地７７７７号金翅鳥館６６６号室',
    birthDate: '1983-08-27',
    sex: '2',
  },
  municipalityCode: '99201',
  pins: { authentication: '4719', signature: 'KARURA0KINSHI7XQ' },
} as const satisfies NewPerson
const WRONG_PIN = 'GARUDA9WR0NG8PWZ'
const FIRST_SERIALS = { signature: 0x1d_c49e_7710_fae2, authentication: 0x1b_39d5_8e06_c7a4 }
const ATTRIBUTES = ['name', 'address', 'birthdate', 'gender']

const kinds = await backbones()

/** The attributes whole, their telling parts, and how else they may be written. */
function personCanaries(): readonly Canary[] {
  const { name, address, birthDate } = PERSON.attributes
  const [family = '', given = ''] = name.split('　')
  const attributes: [string, string][] = [
    ...[name, family, given, `${family} ${given}`, `${family}${given}`].map(
      (text): [string, string] => ['name', text],
    ),
    ...[address, '迦楼羅台', '金翅鳥館', '８８８８番地７７７７号', '8888番地7777号'].map(
      (text): [string, string] => ['address', text],
    ),
    ...[birthDate, birthDate.replaceAll('-', ''), birthDate.replaceAll('-', '/')].map(
      (text): [string, string] => ['birth date', text],
    ),
    ['birth date', '1983年8月27日'],
    ['birth date', 'Aug 27 1983'],
    ...[PERSON.pins.signature, WRONG_PIN].flatMap((pin): [string, string][] => [
      ['PIN', pin],
      ['PIN', pin.toLowerCase()],
    ]),
  ]
  return attributes.map(([what, value]) => ({ name: what, value }))
}

/** Everything that the product said while a story was played. */
interface Witness {
  readonly instance: Instance
  readonly errorBodies: Place[]
}

const fetchBefore = globalThis.fetch
afterEach(() => {
  globalThis.fetch = fetchBefore
})

/** Keeps the body of every answer of 400 and above; what a person is shown about herself is hers to see. */
function keepErrorBodies(bodies: Place[]): void {
  globalThis.fetch = async (...call) => {
    const response = await fetchBefore(...call)
    if (!response.ok) {
      const where = `HTTP ${response.status} ${new URL(response.url).pathname}`
      bodies.push({ where, bytes: Buffer.from(await response.clone().arrayBuffer()) })
    }
    return response
  }
}

describe('positive control', () => {
  const canaries = [...personCanaries(), ...serialCanaries(FIRST_SERIALS.signature)]

  test('each writing of each value is found in bytes that hold it', () => {
    for (const canary of canaries) {
      for (const trace of tracesOf(canary)) {
        const planted = Buffer.concat([Buffer.from('.,;'), trace.bytes, Buffer.from('!?')])
        expect(findTraces([{ where: 'plant', bytes: planted }], [trace])).toHaveLength(1)
      }
    }
  })

  test.each([
    ['UTF-8', (text: string) => Buffer.from(`{"a":"${text}"}`), 'utf-8'],
    ['UTF-16', (text: string) => Buffer.from(`<${text}>`, 'utf16le'), 'utf-16le'],
    [
      'hex',
      (text: string) => Buffer.from(Buffer.from(`x${text}y`).toString('hex')),
      'hex of utf-8',
    ],
    ...[0, 1, 2].map(
      (before) =>
        [
          `base64 after ${before} bytes`,
          (text: string) =>
            Buffer.from(Buffer.from(`${'x'.repeat(before)}${text}yz`).toString('base64')),
          `base64 at ${before} of utf-8`,
        ] as const,
    ),
    [
      'base64url of JSON',
      (text: string) => Buffer.from(Buffer.from(JSON.stringify([text])).toString('base64url')),
      'of utf-8',
    ],
    [
      'a query',
      (text: string) => Buffer.from(new URLSearchParams({ q: text }).toString()),
      'encodeURIComponent',
    ],
    [
      'JSON of ASCII',
      (text: string) =>
        Buffer.from(
          text.replaceAll(/./g, (unit) => `\\u${unit.charCodeAt(0).toString(16).padStart(4, '0')}`),
        ),
      'JSON escapes',
    ],
  ] as const)(
    'an encoder that knows nothing of the search is seen through: %s',
    (_, encode, form) => {
      const name = PERSON.attributes.name
      const found = findTraces(
        [{ where: 'plant', bytes: encode(name) }],
        tracesOf({ name: 'name', value: name }),
      )
      expect(found.some((one) => one.includes(form))).toBe(true)
    },
  )

  test('random bytes hold none', () => {
    const bytes = Buffer.from(systemRandom.bytes(1 << 20))
    expect(findTraces([{ where: 'noise', bytes }], canaries.flatMap(tracesOf))).toEqual([])
  })
})

describe.each(kinds)('the whole story, with its refusals, $name', ({ available, open }) => {
  test.skipIf(!available)('leaves no attribute, PIN or serial where it must not be', async () => {
    const dataDir = mkdtempSync(join(tmpdir(), 'watashi-canary-'))
    const serials = await settlePeople(dataDir, [PERSON], FIRST_SERIALS)
    const canaries = [...personCanaries(), ...serials.flatMap(serialCanaries)]
    const traces = canaries.flatMap(tracesOf)
    const backbone = await open(dataDir)
    await using instance = await startInstance({ dataDir, env: backbone.env })
    await using library = await startRelyingParty(instance, 'library')
    await using liquor = await startRelyingParty(instance, 'liquor')
    await using bank = await startRelyingParty(instance, 'bank')
    const errorBodies: Place[] = []
    keepErrorBodies(errorBodies)
    await playStory({ instance, errorBodies }, { library, liquor, bank })
    const metrics = await untilSettled(instance)

    const rows = await backbone.rows()
    const running = filesOf(dataDir)
    const events = await backbone.events()
    expect(await instance.stop()).toBe(0)

    const places: Place[] = [
      ...rows,
      ...running,
      ...filesOf(dataDir).map(({ where, bytes }) => ({ where: `${where} after the end`, bytes })),
      { where: 'output of the process and its children', bytes: Buffer.from(instance.output()) },
      { where: 'metrics', bytes: Buffer.from(metrics) },
      ...errorBodies,
      ...events.flatMap(({ topic, key, headers, value }) => [
        { where: `key in ${topic}`, bytes: Buffer.from(key) },
        { where: `headers in ${topic}`, bytes: Buffer.from(headers) },
        { where: `value in ${topic}`, bytes: value ?? Buffer.alloc(0) },
      ]),
      ...placesOf(library),
      ...placesOf(liquor),
    ]
    const isEmbedded = Object.keys(backbone.env).length === 0
    expect(running.some(({ where }) => where === 'watashi.sqlite-wal')).toBe(isEmbedded)
    expect(rows.length).toBeGreaterThan(500)
    expect(findTraces(places, traces)).toEqual([])

    // The same search sees them where they belong: at the bank, and at the authority that issued the card.
    const atBank = findTraces(placesOf(bank), traces)
    for (const what of ['name', 'address', 'birth date'])
      expect(atBank.filter((found) => found.startsWith(`${what} as utf-8`))).not.toEqual([])
    expect(atBank.filter((found) => /^(PIN|serial) /.test(found))).toEqual([])
    const state = Buffer.from(JSON.stringify(stateFile(join(dataDir, 'simulator')).load()))
    const atIssuer = findTraces([{ where: 'issuer', bytes: state }], traces)
    for (const what of ['name', 'address', 'birth date', 'PIN', 'serial'])
      expect(atIssuer.filter((found) => found.startsWith(what))).not.toEqual([])

    // And the story was told in full: there was something to search in.
    expect(new Set(events.map(({ headers }) => typeOf(headers)))).toEqual(
      new Set(STORY_EVENTS.map((name) => `watashi.${name}`)),
    )
    expect(logCodes(instance)).toEqual(
      expect.arrayContaining(['REQUEST_REFUSED', 'PROOFING_PASSED', 'PROOFING_REFUSED']),
    )
    expect(errorBodies.length).toBeGreaterThan(5)
  })
})

const ONE = { sex: '1', pin: '4719' }

describe.each(kinds)(
  'two runs that differ in a short value alone, $name',
  ({ available, open }) => {
    test.skipIf(!available)(
      'the sex and the PIN of four digits change nothing that is written or sent',
      async () => {
        const one = await playQuietly(open, ONE)
        const other = await playQuietly(open, { sex: '2', pin: '8350' })
        expect(other.events).toEqual(one.events)
        expect(other.output).toEqual(one.output)
        expect(other.errors).toEqual(one.errors)
        expect(other.received).toEqual(one.received)
        expect(one.events.length).toBeGreaterThan(10)
        expect(one.received.length).toBeGreaterThan(5)

        // The comparison would see it: the bank, which the sex is released to, was told something else.
        expect(other.bank).not.toEqual(one.bank)
      },
    )
  },
)

describe('two runs that differ in what they are kept in alone', () => {
  test.skipIf(kinds.some(({ available }) => !available))(
    'the same events are written and the same messages sent',
    async () => {
      const runs: Run[] = []
      for (const { open } of kinds) runs.push(await playQuietly(open, ONE))
      const [one, other] = runs
      expect(runs).toHaveLength(2)
      expect(other?.events).toEqual(one?.events)
      expect(other?.errors).toEqual(one?.errors)
      expect(other?.received).toEqual(one?.received)
      expect(other?.bank).toEqual(one?.bank)
      expect(one?.events.length).toBeGreaterThan(10)
    },
  )
})

const STORY_EVENTS = [
  'identity.v1.IdentityProofed',
  'identity.v1.IdentityProofingRefused',
  'identity.v1.IdentityStatusChanged',
  'authenticator.v1.AuthenticatorBound',
  'authenticator.v1.AuthenticationPerformed',
  'authenticator.v1.AuthenticationRefused',
  'policy.v1.AssuranceChanged',
  'policy.v1.AssuranceSnapshot',
  'policy.v1.PolicyActivated',
  'wallet.v1.ReleaseIssued',
  'wallet.v1.ReleaseRefused',
  'registry.v1.RelyingPartyChanged',
]

interface RelyingParties {
  readonly library: RecordedRelyingParty
  readonly liquor: RecordedRelyingParty
  readonly bank: RecordedRelyingParty
}

async function playStory(witness: Witness, rps: RelyingParties): Promise<void> {
  const { instance } = witness
  const { library, liquor, bank } = rps
  const person = personAt(instance)
  await enrolAtAgent(witness, person, 'signature', WRONG_PIN, PERSON.pins.signature)
  await visit(person, rps)
  await refusals(witness, person, rps)
  const { intact } = await person.ledger()
  expect(intact).toBe(true)

  const watches = [bank, liquor, library].map(({ client }) => client.watch())
  await Promise.all(watches.map(({ following }) => following))
  await endCertificate(instance.ready.desk ?? '', PERSON.id)
  await Promise.all(watches.slice(0, 2).map(({ lowered }) => lowered))
  for (const watch of watches) watch.stop()
  await expect(
    enrolAtAgent(witness, personAt(instance), 'signature', WRONG_PIN, PERSON.pins.signature),
  ).rejects.toThrow(/refused/)
  await enrolAtAgent(
    witness,
    personAt(instance),
    'authentication',
    '0000',
    PERSON.pins.authentication,
  )
}

/** Library, liquor shop and bank, each asked what it may ask; resolves to the pseudonyms. */
async function visit(person: Person, { library, liquor, bank }: RelyingParties): Promise<void> {
  await person.logIn()
  await person.untilProofed()
  const login = library.client.authenticate(undefined, library.returnUri)
  await person.agree((await login.started).interactionUrl, 'priv')
  const reader = await login.ended
  await library.client.check(reader.pairwiseSubject)
  await library.client.explain(reader.pairwiseSubject, 'ja')

  const buyer = await released(person, liquor, 'priv', 'age-check', ['age_over_20'])
  await liquor.client.check(buyer)
  await liquor.client.explain(buyer, 'ja')

  await released(person, bank, 'gov', 'account-opening', ATTRIBUTES)
}

async function released(
  person: Person,
  { client, returnUri }: RecordedRelyingParty,
  persona: 'priv' | 'gov',
  purpose: string,
  names: readonly string[],
): Promise<string> {
  const claims = names.map((name) => ({ name, essential: true }))
  const request = await client.requestRelease(purpose, claims, returnUri)
  const ended = client.awaitRelease(request.requestId)
  await person.agree(request.interactionUrl, persona)
  return (await ended).pairwiseSubject
}

/** Whatever can be refused, each time with a value in hand that an error might quote. */
async function refusals(
  { instance, errorBodies }: Witness,
  person: Person,
  { library, liquor }: RelyingParties,
): Promise<void> {
  const { issuer } = instance.ready
  for (const names of [['age_over_20'], ATTRIBUTES]) {
    const claims = names.map((name) => ({ name, essential: true }))
    const request = await liquor.client.requestRelease('age-check', claims, liquor.returnUri)
    const outcome = liquor.client.awaitRelease(request.requestId)
    outcome.catch(() => undefined)
    if (names === ATTRIBUTES)
      await expect(person.agree(request.interactionUrl, 'priv')).rejects.toThrow()
    else await person.view(request.interactionUrl)
    await person.refuse(request.interactionUrl)
    await expect(outcome).rejects.toThrow()
  }
  await expect(library.client.check('x'.repeat(43))).rejects.toThrow()

  const { certificates } = stateFile(join(instance.dataDir, 'simulator')).load() ?? {
    certificates: [],
  }
  const certificate = certificates.find(({ family }) => family === 'signature')?.certificate ?? ''
  const ticket = await personAt(instance).registerPasskey()
  const signature = Buffer.alloc(256, 7).toString('base64')
  const evidence = { ticket, certificate, signature, tokenType: 'card' }
  const { name, address } = PERSON.attributes
  const bodies: [string, unknown][] = [
    ['agent/evidence', evidence],
    ['agent/session', { ticket }],
    ['agent/evidence', evidence],
    ['agent/evidence', { ...evidence, certificate: name }],
    ['agent/evidence', { ...evidence, [address]: PERSON.pins.signature }],
    ['agent/session', { ticket: `${PERSON.attributes.birthDate}${name}` }],
    ['agent/session', name],
  ]
  for (const [path, body] of bodies) {
    const answer = await fetch(`${issuer}/api/proofing/${path}`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', origin: issuer },
      body: JSON.stringify(body),
    })
    const where = `HTTP ${answer.status} ${path}`
    errorBodies.push({ where, bytes: Buffer.from(await answer.arrayBuffer()) })
  }
  const stranger = personAt(instance)
  await stranger.registerPasskey()
  await expect(stranger.logIn()).rejects.toThrow() // its passkey was never bound
}

function personAt({ ready, dataDir }: Instance): Person {
  return new Person({ issuer: ready.issuer, dataDir, clock: systemClock, random: systemRandom })
}

/** Enrols by the agent's own page, once with a wrong PIN and then with the right one. */
async function enrolAtAgent(
  { instance, errorBodies }: Witness,
  person: Person,
  keyUse: 'signature' | 'authentication',
  wrong: string,
  pin: string,
): Promise<void> {
  const ticket = await person.registerPasskey(keyUse)
  const agent = instance.ready.agent ?? ''
  const refused = await tapAtAgent(agent, ticket, `${PERSON.id}-card`, wrong)
  expect(refused.status).toBe(422)
  errorBodies.push({ where: 'page of the card agent', bytes: Buffer.from(refused.text) })
  const done = await tapAtAgent(agent, ticket, `${PERSON.id}-card`, pin)
  expect(done.status).toBe(303)
  await person.untilBound(ticket)
}

function placesOf({ rpId, received }: RecordedRelyingParty): readonly Place[] {
  return received.map(({ method, part, bytes }) => ({
    where: `${part} of ${rpId} ${method}`,
    bytes,
  }))
}

function typeOf(headers: string): string | undefined {
  return (JSON.parse(headers) as Record<string, string>)['ce_type']
}

function logCodes(instance: Instance): readonly string[] {
  return logLines(instance).map((line) => (JSON.parse(line) as { msg: string }).msg)
}

/** What the broker's client and its groups tell depends on who came first. */
const OF_BROKER = /"msg":"(BROKER_CLIENT|CONSUMER_RECREATED)"/

function logLines(instance: Instance): readonly string[] {
  return instance
    .output()
    .split('\n')
    .filter((line) => line.startsWith('{"level":') && !OF_BROKER.test(line))
}

const NOTHING_WAITS = [/^watashi_outbox_depth(\{.*\})? 0$/m, /^watashi_consumer_lag(\{.*\})? 0$/m]

/** Waits until every event is in the log and was read by every consumer; resolves to the metrics then. */
async function untilSettled({ ready }: Instance): Promise<string> {
  let metrics = ''
  const look = async (): Promise<boolean> => {
    metrics = await (await fetch(`${ready.operator}/metrics`)).text()
    return NOTHING_WAITS.every((line) => line.test(metrics))
  }
  await expect.poll(look, { timeout: 20_000 }).toBe(true)
  return metrics
}

interface Run {
  readonly events: readonly string[]
  readonly output: readonly string[]
  readonly errors: readonly string[]
  readonly received: readonly string[]
  readonly bank: readonly string[]
}

/** One run with fresh keys and ids; what it wrote and sent, without what chance and the clock decide. */
async function playQuietly(
  open: BackboneKind['open'],
  { sex, pin }: { readonly sex: string; readonly pin: string },
): Promise<Run> {
  const dataDir = mkdtempSync(join(tmpdir(), 'watashi-canary-'))
  const attributes = { ...PERSON.attributes, sex }
  const pins = { ...PERSON.pins, authentication: pin }
  await settlePeople(dataDir, [{ ...PERSON, attributes, pins }], FIRST_SERIALS)
  const backbone = await open(dataDir)
  await using instance = await startInstance({ dataDir, env: backbone.env })
  await using library = await startRelyingParty(instance, 'library')
  await using liquor = await startRelyingParty(instance, 'liquor')
  await using bank = await startRelyingParty(instance, 'bank')
  const errorBodies: Place[] = []
  keepErrorBodies(errorBodies)
  const witness = { instance, errorBodies }
  const person = personAt(instance)
  await enrolAtAgent(witness, person, 'signature', WRONG_PIN, PERSON.pins.signature)
  await visit(person, { library, liquor, bank })
  await enrolAtAgent(witness, personAt(instance), 'authentication', '0000', pin)
  await untilSettled(instance)
  expect(await instance.stop()).toBe(0)
  const messages = ({ received }: RecordedRelyingParty): string[] =>
    distinct(
      received.map((one) =>
        one.part === 'message' ? JSON.stringify(readMessage(one)) : one.bytes.toString('utf8'),
      ),
    )
  return {
    events: (await backbone.events())
      .map((event) => withoutChance(canonicalJson(readEvent(event) as Json)))
      .toSorted(),
    output: distinct(logLines(instance)),
    errors: distinct(errorBodies.map(({ bytes }) => bytes.toString('utf8'))),
    received: [...messages(library), ...messages(liquor)],
    bank: messages(bank),
  }
}

function distinct(texts: readonly string[]): string[] {
  return [...new Set(texts.map(withoutChance))].toSorted()
}

/** Blots out instants, clock times, ports, random ids, keys and digests, and how long things took; all else stays. */
function withoutChance(text: string): string {
  return (
    text
      .replaceAll(/\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?Z/g, '<instant>')
      .replaceAll(/[A-Z][a-z]{2}, \d{2} [A-Z][a-z]{2} \d{4} \d{2}:\d{2}:\d{2} GMT/g, '<instant>')
      .replaceAll(/\b\d{2}:\d{2}\b/g, '<clock>')
      .replaceAll(/localhost:\d+/g, 'localhost:<port>')
      // Which of two good answers is the newer one is decided by the tick of a second.
      .replaceAll(/"method":"(crl|ocsp)"/g, '"method":"<source>"')
      .replaceAll(/"(milliseconds|offset|partition|port|time)":"?\d+"?/g, '"$1":<number>')
      .replaceAll(/[A-Za-z0-9+/_-]{20,}={0,2}/g, '<random>')
  )
}
