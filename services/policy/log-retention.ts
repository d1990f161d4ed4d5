import type { UnitOfWork } from '../database/unit-of-work.ts'
import type { PolicyDatabase } from './store.ts'

/** Five years, a leap day among them. */
export const LOG_DAYS = 1826

const DAY = 86_400_000
const PAGE = 500

export interface LogRetentionDependencies {
  readonly database: UnitOfWork
  readonly store: PolicyDatabase
  /** How long a decision is kept. */
  readonly days: number
}

/**
 * Forgets decisions after their time, a page in one transaction. INVARIANT: the change that a level of today comes from stays, however
 * old it is: why somebody has a level can be told for as long as they have it.
 */
export class LogRetention {
  readonly #deps: LogRetentionDependencies
  #after = ''
  #resumeAt = 0

  constructor(deps: LogRetentionDependencies) {
    this.#deps = deps
  }

  /**
   * Looks at the next old decisions, at most 500, and resolves to how many that were. 0 = the log was gone through: it begins anew a
   * day later, since what stays would otherwise be looked at again and again.
   */
  async sweep(now: Date): Promise<number> {
    if (now.getTime() < this.#resumeAt) return 0
    const { database, store, days } = this.#deps
    const before = new Date(now.getTime() - days * DAY)
    const last = await database.run(async (tx) => {
      const page = await store.decisionsAfter(tx, { until: before }, this.#after, PAGE)
      const changes = page.filter(({ occasion }) => occasion === 'change')
      const subjects = [...new Set(changes.map(({ subjectRef }) => subjectRef))]
      const stays = new Set(await store.changesBehindLevels(tx, subjects))
      await store.deleteDecisions(
        tx,
        page.map(({ id }) => id).filter((id) => !stays.has(id)),
      )
      return { id: page.at(-1)?.id, looked: page.length }
    })
    this.#after = last.looked < PAGE ? '' : (last.id ?? '')
    if (last.looked < PAGE) this.#resumeAt = now.getTime() + DAY
    return last.looked
  }
}
