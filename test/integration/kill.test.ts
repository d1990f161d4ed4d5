import { createHash } from 'node:crypto'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { WatchResponse } from '../../proto/gen/watashi/assurance/v1/assurance.ts'
import type { Release } from '../../proto/gen/watashi/assurance/v1/release.ts'
import { AssuranceChanged } from '../../proto/gen/watashi/policy/v1/policy.ts'
import { ApiError } from '../../services/cli/demo/browser.ts'
import type { Person } from '../../services/cli/demo/person.ts'
import type { LedgerReply } from '../../services/wallet/api.ts'
import { atRequest, KillableInstance, type Killable } from '../support/killable-instance.ts'
import { changeIn, ObservedRelyingParty } from '../support/observed-relying-party.ts'
import { atDesk, someone } from '../support/players.ts'
import { freshDatabase, freshPrefix, realServer } from '../support/servers.ts'
import { eventsOf, eventsOnKafka, type LoggedEvent } from '../support/left-behind.ts'
import { storedRows } from '../support/stored-state.ts'
import { TwoProcesses } from '../support/two-processes.ts'

const PIN = 'ABC123'
const CARD = 'hanako-card'
const FOUR = ['name', 'address', 'birthdate', 'gender'].map((name) => ({ name, essential: true }))
const AGE = [{ name: 'age_over_20', essential: true }]

/** Moments of the story at which the process can be killed. */
type Moment =
  | 'passkey made'
  | 'tap on its way'
  | 'tap taken'
  | 'half logged in'
  | 'library told'
  | 'consent on its way'
  | 'consent taken'
  | 'certificate ended'
  | 'fall told'
  | 'rise told'

/** A dozen starts; on a machine that is busy with other things each takes its time. */
const PATIENCE = 600_000

/** When a consent is cut off: before it is read, and in the midst of it. */
const MILLISECONDS_INTO_CONSENT = [0, 15]

/** What came out, collected on the way and judged by the tests. */
interface Outcome {
  readonly kills: number
  readonly pseudonyms: readonly string[]
  readonly releases: readonly { readonly asked: string; readonly got: readonly Release[] }[]
  readonly ledger: LedgerReply
  /** What the bank was told, by one Watch after the other, each from the position of the last message before it. */
  readonly toldInPieces: readonly WatchResponse[]
  /** And by one Watch from the first position. */
  readonly toldAtOnce: readonly WatchResponse[]
}

/** One person's story, from the passkey to a level that fell and rose again, with a kill at each of `moments`. */
class KilledStory {
  readonly #product: Killable
  readonly #person: Person
  readonly #moments: ReadonlySet<Moment>

  constructor(product: Killable, moments: readonly Moment[]) {
    this.#product = product
    this.#person = someone(product.now)
    this.#moments = new Set(moments)
  }

  async play(): Promise<Outcome> {
    await this.#enrol()
    await this.#logIn()
    const pseudonyms = await this.#library()
    const releases = [...(await this.#liquor()), await this.#bank()]
    const ledger = await this.#person.ledger()
    const told = await this.#fallAndRise()
    return { kills: this.#product.kills, pseudonyms, releases, ledger, ...told }
  }

  async #killAt(moment: Moment): Promise<void> {
    if (this.#moments.has(moment)) await this.#product.kill()
  }

  async #enrol(): Promise<void> {
    const person = this.#person
    const ticket = await person.registerPasskey()
    await this.#killAt('passkey made')
    if (this.#moments.has('tap on its way')) {
      const tap = person.tap(ticket, CARD, PIN).catch(() => undefined)
      await delay(40)
      await this.#product.kill()
      await tap
    }
    await person.tap(ticket, CARD, PIN)
    await this.#killAt('tap taken')
    await person.untilBound(ticket)
  }

  async #logIn(): Promise<void> {
    const person = this.#person
    atRequest(person, /\/login\/./, 'before', () => this.#killAt('half logged in'))
    await person.logIn()
    await person.untilProofed()
  }

  /** The pseudonym of two logins with a kill between them. */
  async #library(): Promise<string[]> {
    const pseudonyms: string[] = []
    for (const moment of ['library told', undefined] as const) {
      const { library, returnUris } = this.#product.cast
      const login = library.authenticate(undefined, returnUris.library)
      await this.#person.agree((await login.started).interactionUrl, 'priv')
      pseudonyms.push((await login.ended).pairwiseSubject)
      if (moment !== undefined) await this.#killAt(moment)
      // The session goes on: without one this is refused.
      await this.#person.overview()
    }
    return pseudonyms
  }

  async #liquor(): Promise<Outcome['releases']> {
    const releases: Outcome['releases'][number][] = []
    for (const during of MILLISECONDS_INTO_CONSENT) {
      const { liquor, returnUris } = this.#product.cast
      const request = await liquor.requestRelease('age-check', AGE, returnUris.liquor)
      atRequest(this.#person, /\/consent$/, { during }, () => this.#killAt('consent on its way'))
      const back = await this.#agree(request.interactionUrl)
      releases.push(await this.#collect('liquor', request.requestId, back))
    }
    return releases
  }

  /** A signature that was used up by a process which died before it gave anything is asked for again. */
  async #agree(interactionUrl: string): Promise<string> {
    try {
      return await this.#person.agree(interactionUrl, 'priv')
    } catch (error) {
      if (!(error instanceof ApiError) || error.reason !== 'CEREMONY_ALREADY_USED') throw error
      return this.#person.agree(interactionUrl, 'priv')
    }
  }

  async #bank(): Promise<Outcome['releases'][number]> {
    const { bank, returnUris } = this.#product.cast
    const request = await bank.requestRelease('account-opening', FOUR, returnUris.bank)
    atRequest(this.#person, /\/consent$/, 'after', () => this.#killAt('consent taken'))
    const back = await this.#person.agree(request.interactionUrl, 'gov')
    return this.#collect('bank', request.requestId, back)
  }

  /** Takes delivery twice; only the browser's own code fits. */
  async #collect(rp: 'liquor' | 'bank', requestId: string, back: string) {
    const got = [
      await this.#product.cast[rp].awaitRelease(requestId),
      await this.#product.cast[rp].awaitRelease(requestId),
    ]
    const code = new URL(back).searchParams.get('code') ?? ''
    const digest = createHash('sha256').update(code).digest('hex')
    for (const { codeSha256 } of got) expect(Buffer.from(codeSha256).toString('hex')).toBe(digest)
    return { asked: requestId, got }
  }

  async #fallAndRise() {
    const begun = await this.#follow('', ({ position }) => position !== '')
    const start = begun.at(-1)?.position ?? ''

    await this.#product.cast.endCertificate()
    await this.#killAt('certificate ended')
    const fall = await this.#follow(start, (message) => changeIn(message)?.lowered === true)
    await this.#killAt('fall told')

    await atDesk(this.#product.now, `tokens/${CARD}/renew`)
    await this.#person.enrol(CARD, PIN)
    const afterFall = fall.at(-1)?.position ?? ''
    const rise = await this.#follow(afterFall, (message) => changeIn(message) !== undefined)
    await this.#killAt('rise told')

    const last = rise.at(-1)?.position
    const toldAtOnce = await this.#follow(start, (message) => message.event?.$case === 'heartbeat')
    expect(toldAtOnce.filter(changeIn).length).toBeGreaterThan(0)
    expect(last).toMatch(/^.+$/)
    return { toldInPieces: [...fall, ...rise], toldAtOnce }
  }

  /** What Watch tells from a position up to the first message that `enough` takes. */
  async #follow(from: string, enough: (message: WatchResponse) => boolean) {
    const bank = new ObservedRelyingParty(this.#product.now, 'bank')
    try {
      const watching = bank.watch(from)
      const last = await watching.until(enough)
      watching.stop()
      return watching.messages.slice(0, watching.messages.indexOf(last) + 1)
    } finally {
      bank.close()
    }
  }
}

function delay(milliseconds: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, milliseconds))
}

function changesIn(messages: readonly WatchResponse[]): string[] {
  return messages.flatMap((message) => {
    const change = changeIn(message)
    return change === undefined
      ? []
      : [`${change.level?.axis} ${change.previousLevel} → ${change.level?.level}`]
  })
}

interface Stored {
  readonly outcome: Outcome
  readonly rows: <T>(query: string) => Promise<T[]>
  readonly events: readonly LoggedEvent[]
}

function played(stored: Stored | undefined): Stored {
  if (stored === undefined) throw new Error('the story did not come to its end')
  return stored
}

/** What came out, when all that ran has ended. */
async function left(place: StoredPlace, outcome: Outcome): Promise<Stored> {
  const events = 'dataDir' in place ? eventsOf(place.dataDir) : await eventsOnKafka(place)
  return { outcome, events, rows: (query) => storedRows(place, query) }
}

type StoredPlace =
  | { readonly dataDir: string }
  | { readonly databaseUrl: string; readonly brokers: string; readonly prefix: string }

/** What must hold whatever the process runs on and wherever it was killed. */
function nothingLostNothingTwice(stored: () => Stored): void {
  test('the person is one person, at every service under the pseudonym of before', async () => {
    const { outcome, rows } = stored()
    expect(new Set(outcome.pseudonyms).size).toBe(1)
    expect(await rows('select subject_ref from proofing_person')).toHaveLength(1)
    expect(await rows('select subject_ref from wallet_subject')).toHaveLength(1)
    const pairwise = await rows<{ sector_id: string }>('select sector_id from wallet_pairwise')
    expect(pairwise.map(({ sector_id }) => sector_id).sort()).toEqual([
      'aoba-library',
      'midoriya',
      'sakura-bank',
    ])
  })

  test('each consent gave one release, delivered the same each time, with one line in the ledger', async () => {
    const { outcome, rows } = stored()
    for (const { got } of outcome.releases) expect(got[0]).toEqual(got[1])
    const ids = outcome.releases.map(({ got }) => got[0]?.releaseId)
    expect(new Set(ids).size).toBe(MILLISECONDS_INTO_CONSENT.length + 1)
    expect(outcome.ledger.intact).toBe(true)
    expect(outcome.ledger.entries.map(({ releaseId, status }) => ({ releaseId, status }))).toEqual(
      ids.map((releaseId) => ({ releaseId, status: 'released' })).reverse(),
    )
    const states = await rows<{ release_id: string; state: string }>(
      'select release_id, state from wallet_release',
    )
    expect(states.map(({ release_id, state }) => `${release_id} ${state}`).sort()).toEqual(
      ids.map((id) => `${id} issued`).sort(),
    )
  })

  test('each change of level was decided once, and told to the bank once, without a gap', async () => {
    const { outcome, rows } = stored()
    expect(changesIn(outcome.toldInPieces)).toEqual(['IAL IAL2 → no_ial', 'IAL no_ial → IAL2'])
    expect(changesIn(outcome.toldAtOnce)).toEqual(changesIn(outcome.toldInPieces))
    const decided = await rows<{ level: string }>(
      "select level from policy_decision where axis = 'IAL' and occasion = 'change' order by decided_at",
    )
    expect(decided.map(({ level }) => level)).toEqual(['IAL2', 'no_ial', 'IAL2'])
    const feed = await rows("select place from federation_feed where rp_id = 'bank'")
    expect(feed).toHaveLength(2)
  })

  test('both passkeys are active and nothing waits or is parked', async () => {
    const { rows } = stored()
    const states = await rows<{ state: string }>('select state from authenticator_authenticator')
    expect(states.map(({ state }) => state)).toEqual(['active', 'active'])
    expect(await rows('select * from eventlog_parked_event')).toEqual([])
    expect(await rows('select * from eventlog_outbox')).toEqual([])
  })

  test('the log holds each change of level once, each beginning where the one before ended', () => {
    const changes = stored()
      .events.filter(({ headers }) => headers.includes('watashi.policy.v1.AssuranceChanged'))
      .map(({ value }) => AssuranceChanged.decode(value ?? Buffer.alloc(0)))
    const axes = Map.groupBy(changes, ({ framework, axis }) => `${framework} ${axis}`)
    expect(axes.size).toBeGreaterThan(1)
    for (const [axis, ofAxis] of axes) {
      for (const [i, { from, to }] of ofAxis.entries()) {
        expect(from, axis).not.toBe(to)
        if (i > 0) expect(from, axis).toBe(ofAxis[i - 1]?.to)
      }
    }
  })
}

describe('killed at every moment of the story, on embedded defaults', () => {
  const moments: Moment[] = [
    'passkey made',
    'tap on its way',
    'tap taken',
    'half logged in',
    'library told',
    'consent on its way',
    'consent taken',
    'certificate ended',
    'fall told',
    'rise told',
  ]
  let product: KillableInstance | undefined
  let stored: Stored | undefined
  beforeAll(async () => {
    const started = (product = await KillableInstance.start())
    const outcome = await new KilledStory(started, moments).play()
    expect(await started.stop()).toBe(0)
    stored = await left(started, outcome)
  }, PATIENCE)
  afterAll(() => product?.[Symbol.asyncDispose]())

  test('the process died that often', () => {
    const more = MILLISECONDS_INTO_CONSENT.length - 1
    expect(played(stored).outcome.kills).toBe(moments.length + more)
  })

  nothingLostNothingTwice(() => played(stored))

  test('the file is whole', async () => {
    expect(await played(stored).rows('pragma integrity_check')).toEqual([{ integrity_check: 'ok' }])
  })
})

const kafka = await realServer('kafka')
const postgres = await realServer('postgres')

describe.skipIf(!kafka.available || !postgres.available)('on Kafka and PostgreSQL', () => {
  const place = async () => ({
    brokers: kafka.available ? kafka.address : '',
    prefix: freshPrefix(),
    databaseUrl: await freshDatabase(postgres.available ? postgres.address : ''),
  })
  const environment = ({ brokers, prefix, databaseUrl }: Awaited<ReturnType<typeof place>>) => ({
    KAFKA_BROKERS: brokers,
    KAFKA_PREFIX: prefix,
    DATABASE_URL: databaseUrl,
  })

  describe('one process, killed with a consent on its way', () => {
    let product: KillableInstance | undefined
    let stored: Stored | undefined
    beforeAll(async () => {
      const at = await place()
      const started = (product = await KillableInstance.start(environment(at)))
      const outcome = await new KilledStory(started, ['consent on its way']).play()
      expect(await started.stop()).toBe(0)
      stored = await left(at, outcome)
    }, PATIENCE)
    afterAll(() => product?.[Symbol.asyncDispose]())

    nothingLostNothingTwice(() => played(stored))
  })

  describe('two processes that share the work, killed in turn while the other goes on', () => {
    const moments: Moment[] = ['library told', 'consent on its way', 'consent taken']
    let product: TwoProcesses | undefined
    let stored: Stored | undefined
    beforeAll(async () => {
      const at = await place()
      const started = (product = await TwoProcesses.start(environment(at)))
      const outcome = await new KilledStory(started, moments).play()
      expect(await started.stop()).toEqual([0, 0])
      stored = await left(at, outcome)
    }, PATIENCE)
    afterAll(() => product?.[Symbol.asyncDispose]())

    test('each of them died twice, and each had its share', () => {
      expect(played(stored).outcome.kills).toBe(4)
      for (const requests of product?.served ?? []) expect(requests).toBeGreaterThan(10)
      expect(product?.served).toHaveLength(2)
    })

    nothingLostNothingTwice(() => played(stored))
  })
})
