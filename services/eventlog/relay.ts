import type { Database, DatabaseLock } from '../database/database.ts'
import { BackOff } from '../kernel/back-off.ts'
import { errorCode } from '../kernel/errors.ts'
import type { Log } from '../kernel/log.ts'
import { AppendRefused, type EventLog } from './event-log.ts'
import type { OutboxRow, OutboxStore } from './outbox-store.ts'
import { WakeUp } from './wake-up.ts'

const BATCH = 500
/** Publishers of this process ring; the poll is for those of others. */
const POLL_MILLISECONDS = { sqlite: 1000, postgres: 100 } as const
const LOCK_POLL_MILLISECONDS = 500
const BACK_OFF = { first: 100, last: 5000 } as const
const LOCK = 'eventlog.relay'

export type RelayStep = 'after-read' | 'before-append' | 'after-append' | 'after-mark'

export interface RelayDependencies {
  readonly database: Database
  readonly outbox: OutboxStore
  readonly eventLog: EventLog
  readonly log: Log
  /** Called at each step; the crash test stops the process there. */
  readonly onStep?: (step: RelayStep) => void
}

/**
 * Carries the outbox into the log. One relay works at a time, in order, one append per topic in flight, and a row leaves
 * the outbox after the log has acknowledged it: so a crash repeats records and never loses or reorders them.
 */
export class Relay {
  /** Resolves after `stop`; rejects when the relay cannot go on. */
  readonly finished: Promise<void>
  readonly #deps: RelayDependencies
  readonly #wakeUp = new WakeUp()
  readonly #stopping = new AbortController()

  constructor(deps: RelayDependencies) {
    this.#deps = deps
    this.finished = this.#loop()
    this.finished.catch(() => undefined)
  }

  /** Tells that something was published; safe to call at any time. */
  wake(): void {
    this.#wakeUp.ring()
  }

  /** How many events are committed and not yet in the log, the refused ones included. */
  pending(): Promise<number> {
    return this.#deps.database.read((tx) => this.#deps.outbox.count(tx))
  }

  async stop(): Promise<void> {
    this.#stopping.abort()
    await this.finished.catch(() => undefined)
  }

  async #loop(): Promise<void> {
    const { database, log } = this.#deps
    const { signal } = this.#stopping
    const pause = new WakeUp()
    const backOff = new BackOff(BACK_OFF)
    let lock: DatabaseLock | undefined
    while (!signal.aborted) {
      try {
        if (lock?.held !== true) lock = await database.tryLock(LOCK)
        if (lock === undefined) await this.#wakeUp.wait(LOCK_POLL_MILLISECONDS, signal)
        else if (!(await this.#carry())) {
          await this.#wakeUp.wait(POLL_MILLISECONDS[database.dialect], signal)
        }
        backOff.reset()
      } catch (error) {
        // The log or the database is away: nothing is lost while it waits here.
        const milliseconds = backOff.next()
        log.warn('RELAY_RETRY', { code: errorCode(error), milliseconds }, error)
        await pause.wait(milliseconds, signal) // not ended by a ring: new events do not bring the log back
      }
    }
    await lock?.release()
  }

  /** Carries one batch; false when there was nothing. */
  async #carry(): Promise<boolean> {
    const { database, outbox, onStep } = this.#deps
    const rows = await database.read((tx) => outbox.pending(tx, BATCH))
    if (rows.length === 0) return false
    onStep?.('after-read')
    const byTopic = Map.groupBy(rows, (row) => row.topic)
    await Promise.all([...byTopic].map(([topic, some]) => this.#append(topic, some)))
    return true
  }

  async #append(topic: string, rows: readonly OutboxRow[]): Promise<void> {
    const { database, outbox, eventLog, onStep } = this.#deps
    try {
      onStep?.('before-append')
      await eventLog.append(topic, rows)
      onStep?.('after-append')
    } catch (error) {
      if (!(error instanceof AppendRefused)) throw error
      await this.#appendOneByOne(topic, rows)
      return
    }
    await database.run((tx) =>
      outbox.remove(
        tx,
        rows.map((row) => row.seq),
      ),
    )
    onStep?.('after-mark')
  }

  /** Finds the record that the log refuses, keeps it, and holds back what follows under its key. */
  async #appendOneByOne(topic: string, rows: readonly OutboxRow[]): Promise<void> {
    const { database, outbox, eventLog, log } = this.#deps
    const held = new Set<string>()
    for (const row of rows) {
      if (held.has(row.key)) continue
      try {
        await eventLog.append(topic, [row])
        await database.run((tx) => outbox.remove(tx, [row.seq]))
      } catch (error) {
        if (!(error instanceof AppendRefused)) throw error
        held.add(row.key)
        await database.run((tx) => outbox.refuse(tx, row.seq, error.code))
        log.error('RELAY_PARKED', { topic, eventId: row.id, code: error.code }, error)
      }
    }
  }
}
