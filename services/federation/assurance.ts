import type { SessionPort } from '../authenticator/ports.ts'
import type { UnitOfWork } from '../database/unit-of-work.ts'
import { floorToHour } from '../kernel/calendar.ts'
import type { Clock } from '../kernel/clock.ts'
import { InvalidInput, NotFound, Unavailable } from '../kernel/errors.ts'
import type {
  AskedMinimum,
  Assessment,
  AxisExplanation,
  AxisLevel,
  GivenAnswer,
  PolicyPort,
} from '../policy/ports.ts'
import type { WalletPort } from '../wallet/ports.ts'
import type { ChangeNotifier } from './change-notifier.ts'
import { checkEntitled, entitledAxes } from './entitled-axes.ts'
import { ceremonyOf } from './levels.ts'
import { PositionTooOld, type OpenedPosition, type PositionSealer } from './position.ts'
import { raiseMinimum } from './raise-minimum.ts'
import { floorsOf } from './registered-minimum.ts'
import { axisKey, type AxisName, type Registration } from './registration.ts'
import type { Registry } from './registry.ts'
import type { FederationStore, KnownSubject, PlacedFeedEntry } from './store.ts'

export interface AssuranceDependencies {
  readonly unitOfWork: UnitOfWork
  readonly store: FederationStore
  readonly registry: Registry
  readonly notifier: ChangeNotifier
  readonly policy: PolicyPort
  readonly wallet: Pick<WalletPort, 'resolve'>
  readonly sessions: Pick<SessionPort, 'latestFor'>
  readonly clock: Clock
}

export interface CheckAnswer {
  readonly assessment: Assessment
  readonly position: string
}

export type WatchMessage =
  | { readonly type: 'heartbeat'; readonly position: string }
  | { readonly type: 'gone'; readonly position: string; readonly pairwiseSubject: string }
  | {
      readonly type: 'level'
      readonly position: string
      readonly pairwiseSubject: string
      readonly framework: string
      readonly axis: string
      readonly level: string
      readonly previousLevel: string
      readonly lowered: boolean
      readonly initial: boolean
      readonly validUntil: Date | null
    }

const MAX_WATCHED = 100
const PAGE = 100
const HEARTBEAT = 15_000
const FENCE_WAIT = 1000

/** What a relying party may know about the persons it knows. */
export class Assurance {
  readonly #deps: AssuranceDependencies
  readonly #sealer: () => Promise<PositionSealer>

  constructor(deps: AssuranceDependencies, sealer: () => Promise<PositionSealer>) {
    this.#deps = deps
    this.#sealer = sealer
  }

  /**
   * Holds a person against floor and request, with the live session at this relying party if there is one.
   * @throws NotFound for a pseudonym that this relying party has not met, is another's, or was erased: in the same words
   * @throws AccessDenied for an axis that is neither registered nor was told of this person, naming those that are
   * @throws Unavailable when what is known here is older than `atLeastPosition`
   */
  async check(
    rpId: string,
    pairwiseSubject: string,
    asked: AskedMinimum,
    atLeastPosition: string,
    signal: AbortSignal,
  ): Promise<CheckAnswer> {
    const sealer = await this.#sealer()
    const fence =
      atLeastPosition === '' ? undefined : sealer.open(rpId, atLeastPosition, 'at_least_position')
    const registration = await this.#deps.registry.active(rpId)
    // The head is read before the levels: whoever watches from this position is told whatever comes after.
    let place = await this.#head(rpId)
    const ask = await this.#question(registration, pairwiseSubject, asked)
    let question = ask
    let assessment = await this.#deps.policy.assess(ask)
    const giveUpAt = this.#deps.clock.now().getTime() + FENCE_WAIT
    while (fence !== undefined && isBehind(fence, place, ask.subjectRef, assessment)) {
      if (signal.aborted || this.#deps.clock.now().getTime() >= giveUpAt) {
        throw new Unavailable('what is known here is older than the position asked for')
      }
      await this.#deps.notifier.wait(feedTopic(rpId), signal, 50)
      place = await this.#head(rpId)
      question = { ...ask, at: this.#deps.clock.now() }
      assessment = await this.#deps.policy.assess(question)
    }
    const { subjectRef } = ask
    const { factsVersion } = assessment
    await this.#deps.policy.recordAnswer({ question, assessment, occasion: 'check' })
    return { assessment, position: sealer.seal(rpId, { place, subjectRef, factsVersion }) }
  }

  /** Why a person has or lacks the levels, in the words of the rules. Throws as `check` does. */
  async explain(
    rpId: string,
    pairwiseSubject: string,
    asked: AskedMinimum,
  ): Promise<readonly AxisExplanation[]> {
    const registration = await this.#deps.registry.active(rpId)
    const ask = await this.#question(registration, pairwiseSubject, asked)
    const assessment = await this.#deps.policy.assess(ask)
    await this.#deps.policy.recordAnswer({ question: ask, assessment, occasion: 'explain' })
    return this.#deps.policy.explain(ask)
  }

  /**
   * The state now and then every change, or every change after `fromPosition`; ends when `signal` aborts. Messages of the
   * state at the start carry no position, the heartbeat after the last of them does: a reader that is cut off among them
   * has none and begins again. Of logins the state gives those that are live, and changes tell that one lost its
   * authenticator and what the next one reaches; that one ends by log-out or by time is foretold by `validUntil`.
   * @throws PositionTooOld for a position before the oldest change that is kept: the reader begins again
   */
  async *watch(
    rpId: string,
    pairwiseSubjects: readonly string[],
    fromPosition: string,
    signal: AbortSignal,
  ): AsyncGenerator<WatchMessage> {
    const sealer = await this.#sealer()
    await this.#deps.registry.active(rpId)
    const resumed = fromPosition === '' ? undefined : await this.#resume(sealer, rpId, fromPosition)
    const watched = await this.#watched(rpId, pairwiseSubjects)
    let place = resumed ?? (await this.#head(rpId))
    if (resumed === undefined) {
      yield* this.#stateAtStart(rpId, pairwiseSubjects, signal)
      yield { type: 'heartbeat', position: sealer.seal(rpId, { place }) }
    }
    let beat = this.#deps.clock.now().getTime()
    while (!signal.aborted) {
      // Asked again before each page: a relying party that was withdrawn is told nothing more.
      await this.#deps.registry.active(rpId)
      const entries = await this.#after(rpId, place)
      const next = entries[0]?.place ?? place + 1
      // Places have no gap: what should have come next was pruned.
      if (next !== place + 1) throw new PositionTooOld()
      for (const entry of entries) {
        place = entry.place
        if (!isWatched(watched, entry.pairwiseSubject)) continue
        yield toMessage(entry, sealer.seal(rpId, { place }))
        beat = this.#deps.clock.now().getTime()
        if (signal.aborted) return
      }
      if (entries.length === PAGE) continue
      const now = this.#deps.clock.now().getTime()
      if (now - beat >= HEARTBEAT) {
        beat = now
        yield { type: 'heartbeat', position: sealer.seal(rpId, { place }) }
      }
      await this.#deps.notifier.wait(feedTopic(rpId), signal)
    }
  }

  /** Length of a relying party's feed; by it a writer sees how far its reader has fallen behind. */
  feedLength(rpId: string): Promise<number> {
    return this.#head(rpId)
  }

  async #resume(sealer: PositionSealer, rpId: string, position: string): Promise<number> {
    const { place } = sealer.open(rpId, position, 'from_position')
    const { unitOfWork, store } = this.#deps
    const start = await unitOfWork.read((tx) => store.feedStart(tx, rpId))
    if (place + 1 < start) throw new PositionTooOld()
    return place
  }

  #head(rpId: string): Promise<number> {
    const { unitOfWork, store } = this.#deps
    return unitOfWork.read((tx) => store.feedHead(tx, rpId))
  }

  #after(rpId: string, place: number): Promise<readonly PlacedFeedEntry[]> {
    const { unitOfWork, store } = this.#deps
    return unitOfWork.read((tx) => store.feedAfter(tx, rpId, place, PAGE))
  }

  async #question(
    registration: Registration,
    pairwiseSubject: string,
    asked: AskedMinimum,
  ): Promise<GivenAnswer['question']> {
    const { policy, sessions, clock } = this.#deps
    const wanted = policy.readMinimum(asked)
    const { rpId, minimum: floor, signatureVerifier } = registration
    const subjectRef = await this.#person(registration, pairwiseSubject)
    checkEntitled(wanted, await this.#entitled(registration, pairwiseSubject))
    const minimum = raiseMinimum(
      (...axis) => policy.compareLevels(...axis),
      floorsOf(policy, floor),
      wanted,
    )
    const session = await sessions.latestFor(subjectRef, rpId)
    return {
      subjectRef,
      minimum,
      rp: { id: rpId, signatureVerifier },
      at: clock.now(),
      ...(session !== undefined && { ceremony: ceremonyOf(session) }),
    }
  }

  async #person({ rpId, sectorId }: Registration, pairwiseSubject: string): Promise<string> {
    const { unitOfWork, store, wallet } = this.#deps
    const known = await unitOfWork.read((tx) => store.knows(tx, rpId, pairwiseSubject))
    const person = known ? await wallet.resolve(sectorId, pairwiseSubject) : undefined
    if (person === undefined) throw unknownPerson()
    return person.subjectRef
  }

  async #entitled(
    registration: Registration,
    pairwiseSubject: string,
  ): Promise<ReadonlyMap<string, AxisName>> {
    const { unitOfWork, store, policy } = this.#deps
    const { rpId } = registration
    const told = await unitOfWork.read((tx) => store.toldAxes(tx, rpId, pairwiseSubject))
    return entitledAxes(policy, registration, told)
  }

  async #watched(
    rpId: string,
    pairwiseSubjects: readonly string[],
  ): Promise<ReadonlySet<string> | undefined> {
    if (pairwiseSubjects.length === 0) return undefined
    if (pairwiseSubjects.length > MAX_WATCHED) {
      throw new InvalidInput('pairwise_subjects', `at most ${MAX_WATCHED} of them, or none for all`)
    }
    const { unitOfWork, store } = this.#deps
    await unitOfWork.read(async (tx) => {
      for (const subject of pairwiseSubjects) {
        // One that is gone was told of before; its watcher may be about to resume and learn that.
        const own =
          (await store.knows(tx, rpId, subject)) || (await store.wasToldOf(tx, rpId, subject))
        if (!own) throw unknownPerson()
      }
    })
    return new Set(pairwiseSubjects)
  }

  async *#stateAtStart(
    rpId: string,
    pairwiseSubjects: readonly string[],
    signal: AbortSignal,
  ): AsyncGenerator<WatchMessage> {
    const registration = await this.#deps.registry.active(rpId)
    for await (const { pairwiseSubject, subjectRef } of this.#known(rpId, pairwiseSubjects)) {
      if (signal.aborted) return
      const entitled = await this.#entitled(registration, pairwiseSubject)
      for (const level of await this.#levels(registration, subjectRef, entitled)) {
        const { framework, axis, validUntil } = level
        yield {
          type: 'level',
          position: '',
          pairwiseSubject,
          framework,
          axis,
          level: level.level,
          previousLevel: '',
          lowered: false,
          initial: true,
          validUntil: validUntil === undefined ? null : floorToHour(validUntil),
        }
      }
    }
  }

  /** What a person and the live login there reach now, on these axes alone. */
  async #levels(
    { rpId, signatureVerifier }: Registration,
    subjectRef: string,
    axes: ReadonlyMap<string, AxisName>,
  ): Promise<readonly AxisLevel[]> {
    const { policy, sessions, clock } = this.#deps
    const at = clock.now()
    const ofPerson = await policy.identityLevels(subjectRef, at)
    const identity = ofPerson.filter((level) => axes.has(axisKey(level)))
    const session = await sessions.latestFor(subjectRef, rpId)
    if (session === undefined) return identity
    const lowest = [...axes.values()].flatMap(({ framework, axis }) => {
      const level = policy.lowestLoginLevel(framework, axis)
      return level === undefined ? [] : [{ framework, axis, level }]
    })
    const { levels } = await policy.assess({
      subjectRef,
      ceremony: ceremonyOf(session),
      minimum: { axes: lowest, flags: [] },
      rp: { id: rpId, signatureVerifier },
      at,
    })
    return [...identity, ...levels.filter(({ level }, i) => level !== lowest[i]?.level)]
  }

  /** Persons that a relying party knows, those named or all, read page by page as they are taken. */
  async *#known(rpId: string, among: readonly string[]): AsyncGenerator<KnownSubject> {
    const { unitOfWork, store } = this.#deps
    for (let after = ''; ;) {
      const page = { among, after, limit: PAGE }
      const subjects = await unitOfWork.read((tx) => store.knownSubjects(tx, rpId, page))
      yield* subjects
      const last = subjects.at(-1)
      if (last === undefined || subjects.length < PAGE) return
      after = last.pairwiseSubject
    }
  }
}

function feedTopic(rpId: string): string {
  return `feed/${rpId}`
}

function isWatched(watched: ReadonlySet<string> | undefined, pairwiseSubject: string): boolean {
  return watched === undefined || watched.has(pairwiseSubject)
}

function isBehind(
  fence: OpenedPosition,
  place: number,
  subjectRef: string,
  assessment: Assessment,
): boolean {
  return place < fence.place || assessment.factsVersion < fence.factsVersionOf(subjectRef)
}

function toMessage(entry: PlacedFeedEntry, position: string): WatchMessage {
  const { kind, pairwiseSubject } = entry
  if (kind === 'gone') return { type: 'gone', position, pairwiseSubject }
  const { framework, axis, level, previousLevel, lowered, validUntil } = entry
  return {
    type: 'level',
    position,
    pairwiseSubject,
    ...{ framework, axis, level, previousLevel, lowered },
    initial: false,
    validUntil: validUntil === null ? null : floorToHour(validUntil),
  }
}

function unknownPerson(): NotFound {
  return new NotFound('no such person here')
}
