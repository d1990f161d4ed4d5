import { InvalidInput } from '../kernel/errors.ts'
import type { Clock } from '../kernel/clock.ts'
import { TaskThread } from '../kernel/task-thread.ts'
import type { DocumentChange } from './api.ts'
import type { Impact } from './impact.ts'
import type { ImpactAnswers, ImpactTask } from './impact-thread.ts'
import type { Policy } from './policy.ts'
import type { KnownPerson } from './population.ts'
import type { PolicyReleases } from './release/releases.ts'

/** What a draft does to everybody; or how far reading everybody has come, when it is asked for the first time. */
export type LiveImpact =
  | { readonly state: 'reading'; readonly subjects: number }
  | {
      readonly state: 'counted'
      /** False where there are more persons than are held: the counts are of those that are. */
      readonly complete: boolean
      readonly impact: Impact
    }

export interface ImpactDesk {
  /** Rejects with the signal's reason when it is aborted before it was its turn, and with `InvalidInput` for a draft with faults. */
  ask(changes: readonly DocumentChange[], signal: AbortSignal): Promise<LiveImpact>
  close(): Promise<void>
}

export interface ImpactDeskDependencies {
  readonly policy: Pick<Policy, 'pack' | 'knownPersons' | 'knownPerson' | 'watchPersons'> & {
    readonly releases: Pick<PolicyReleases, 'changed' | 'current'>
  }
  readonly clock: Clock
}

const PAGE = 200
const MOST_HELD = 200_000
/** Milliseconds after which everybody is read again beside the answers: another process may have stored something. */
const READ_AGAIN = 300_000

/** Holds everybody in a thread from the first question on. */
export function createImpactDesk(deps: ImpactDeskDependencies): ImpactDesk {
  return new ThreadDesk(deps)
}

class ThreadDesk implements ImpactDesk {
  readonly #deps: ImpactDeskDependencies
  readonly #changed = new Set<string>()
  #held = new Set<string>()
  #thread: TaskThread<ImpactTask, ImpactAnswers> | undefined
  #reading: Promise<void> | undefined
  #readAt: number | undefined
  #complete = true
  #told = ''
  #turn: Promise<unknown> = Promise.resolve()

  constructor(deps: ImpactDeskDependencies) {
    this.#deps = deps
    deps.policy.watchPersons((subjectRef) => {
      if (this.#thread !== undefined) this.#changed.add(subjectRef)
    })
  }

  async ask(changes: readonly DocumentChange[], signal: AbortSignal): Promise<LiveImpact> {
    const { policy } = this.#deps
    policy.releases.changed(changes)
    const thread = this.#running()
    this.#keepReading(thread)
    if (this.#readAt === undefined) return { state: 'reading', subjects: this.#held.size }
    const turn = this.#turn.then(async () => {
      signal.throwIfAborted()
      await this.#putChanged(thread)
      return thread.ask(this.#task(changes))
    })
    this.#turn = turn.catch(() => undefined)
    const impact = await turn
    if ('refused' in impact) throw new InvalidInput('changes', 'rules without faults')
    return { state: 'counted', complete: this.#complete, impact }
  }

  async close(): Promise<void> {
    const thread = this.#thread
    this.#thread = undefined
    await thread?.close()
  }

  #running(): TaskThread<ImpactTask, ImpactAnswers> {
    if (this.#thread === undefined || this.#thread.ended) {
      this.#thread = new TaskThread(new URL('./impact-thread.ts', import.meta.url))
      this.#readAt = undefined
      this.#reading = undefined
      this.#held = new Set()
      this.#changed.clear()
      this.#told = ''
    }
    return this.#thread
  }

  #task(changes: readonly DocumentChange[]): ImpactTask & { readonly kind: 'impact' } {
    const { policy, clock } = this.#deps
    const { policyDigest: digest, documents } = policy.releases.current()
    const before = { digest, documents: this.#told === digest ? undefined : documents }
    this.#told = digest
    const texts = new Map(changes.map(({ path, text }) => [path, text]))
    return { kind: 'impact', before, changes: texts, pack: policy.pack, now: clock.now() }
  }

  #keepReading(thread: TaskThread<ImpactTask, ImpactAnswers>): void {
    const now = this.#deps.clock.now().getTime()
    const recent = this.#readAt !== undefined && now - this.#readAt < READ_AGAIN
    if (recent || this.#reading !== undefined) return
    const reading = this.#readAll(thread).then(
      () => {
        if (this.#thread === thread) this.#readAt = now
      },
      // Whoever asks next begins anew, and is told what is wrong where it is.
      () => this.close(),
    )
    this.#reading = reading.finally(() => (this.#reading = undefined))
  }

  async #readAll(thread: TaskThread<ImpactTask, ImpactAnswers>): Promise<void> {
    const seen = new Set<string>()
    let after = ''
    for (;;) {
      const persons = await this.#deps.policy.knownPersons(after, PAGE)
      const last = persons.at(-1)
      if (last === undefined || seen.size >= MOST_HELD) {
        this.#complete = last === undefined
        break
      }
      after = last.subjectRef
      await thread.ask({ kind: 'put', persons })
      for (const { subjectRef } of persons) {
        seen.add(subjectRef)
        this.#held.add(subjectRef)
      }
    }
    const gone = [...this.#held].filter((subjectRef) => !seen.has(subjectRef))
    await this.#put(
      thread,
      gone.map((subjectRef) => ({ subjectRef, proofings: undefined })),
    )
  }

  /** Whoever changed since is told of before anything is counted. */
  async #putChanged(thread: TaskThread<ImpactTask, ImpactAnswers>): Promise<void> {
    const changed = [...this.#changed]
    this.#changed.clear()
    const persons = []
    for (const subjectRef of changed) persons.push(await this.#deps.policy.knownPerson(subjectRef))
    await this.#put(thread, persons)
  }

  async #put(
    thread: TaskThread<ImpactTask, ImpactAnswers>,
    persons: readonly KnownPerson[],
  ): Promise<void> {
    if (persons.length === 0) return
    await thread.ask({ kind: 'put', persons })
    for (const { subjectRef, proofings } of persons)
      if (proofings === undefined) this.#held.delete(subjectRef)
      else this.#held.add(subjectRef)
  }
}
