import { inSavepoint } from '../database/savepoint.ts'
import type { Tx, UnitOfWork } from '../database/unit-of-work.ts'
import { ServiceError } from '../kernel/errors.ts'
import type { ReceivedEvent } from '../kernel/event.ts'
import type { ConsumerDefinition } from './consumer.ts'
import type { ConsumerStore } from './consumer-store.ts'
import { StalePosition, type Batch, type StoredRecord } from './event-log.ts'
import type { EventRefused } from './event-refused.ts'
import { isTopic, topicSettings } from './topics.ts'

/** A record after the checks that need no state. */
export type CheckedRecord = { readonly record: StoredRecord } & (
  { readonly event: ReceivedEvent } | { readonly refusal: EventRefused }
)

/** A record that must not take effect here; `first`: the fault is its own. */
export interface Refusal {
  readonly record: StoredRecord
  readonly reason: string
  readonly first: boolean
}

export interface ApplyDependencies {
  readonly definition: ConsumerDefinition
  readonly store: ConsumerStore
  readonly dialect: UnitOfWork['dialect']
  park(tx: Tx, refusal: Refusal): Promise<void>
}

/** Thrown by the quick way through a batch when `apply` refuses an event; the careful way then finds and parks it. */
export class NeedsSavepoints extends ServiceError {
  readonly code = 'NEEDS_SAVEPOINTS'
}

/**
 * Applies a batch inside one unit of work: effects, per-key versions, parked events and the consumer's position are
 * written together, so each event takes effect exactly once however often it is delivered.
 * @throws StalePosition when the batch begins after the place where this consumer stands
 * @throws NeedsSavepoints when `careful` is false and an event was refused by `apply`
 */
export async function applyBatch(
  deps: ApplyDependencies,
  tx: Tx,
  batch: Batch,
  checked: readonly CheckedRecord[],
  careful: boolean,
): Promise<readonly Refusal[]> {
  const { definition, store } = deps
  const { topic, partition } = batch
  const stored = await store.offset(tx, definition.name, topic, partition)
  if (stored !== undefined && batch.from > stored) {
    throw new StalePosition(`\`${definition.name}\` stands at ${stored}`)
  }
  // Whoever else handled a part of it, before a crash or as the other holder of the partition, has moved the position.
  const todo = checked.filter(({ record }) => stored === undefined || record.offset >= stored)
  const refusals = todo.length === 0 ? [] : await applyRecords(deps, tx, topic, todo, careful)
  if (stored === undefined || batch.next > stored) {
    await store.moveTo(tx, definition.name, topic, partition, batch.next)
  }
  return refusals
}

async function applyRecords(
  deps: ApplyDependencies,
  tx: Tx,
  topic: string,
  todo: readonly CheckedRecord[],
  careful: boolean,
): Promise<readonly Refusal[]> {
  const { definition, store } = deps
  const keys = [...new Set(todo.map(({ record }) => record.key))]
  const parked = await store.parkedKeys(tx, definition.name, topic, keys)
  const versions = new KeyVersions(await store.versions(tx, definition.name, topic, keys))
  const refusals: Refusal[] = []
  for (const item of todo) {
    const refusal = await applyRecord(deps, tx, item, parked, versions, careful)
    if (refusal === undefined) continue
    parked.add(item.record.key)
    refusals.push(refusal)
    await deps.park(tx, refusal)
  }
  await store.setVersions(tx, definition.name, topic, versions.changed())
  return refusals
}

async function applyRecord(
  deps: ApplyDependencies,
  tx: Tx,
  item: CheckedRecord,
  parked: ReadonlySet<string>,
  versions: KeyVersions,
  careful: boolean,
): Promise<Refusal | undefined> {
  const { record } = item
  const waits = parked.has(record.key)
  if ('refusal' in item) {
    const reason = waits ? 'EVENT_KEY_PARKED' : item.refusal.code
    return { record, reason, first: !waits }
  }
  const { event } = item
  const verdict = versions.judge(event)
  if (verdict === 'duplicate') return undefined
  if (waits) return { record, reason: 'EVENT_KEY_PARKED', first: false }
  switch (verdict) {
    case 'gap':
      return { record, reason: 'EVENT_VERSION_GAP', first: true }
    case 'next':
      break
  }
  const reason = await applyEvent(deps, tx, event, careful)
  if (reason !== undefined) return { record, reason, first: true }
  versions.advance(event)
  return undefined
}

async function applyEvent(
  { definition, dialect }: ApplyDependencies,
  tx: Tx,
  event: ReceivedEvent,
  careful: boolean,
): Promise<string | undefined> {
  const work = (): Promise<void> => definition.apply(tx, event)
  try {
    await (careful ? inSavepoint(dialect, tx, work) : work())
    return undefined
  } catch (error) {
    if (!(error instanceof ServiceError)) throw error
    if (!careful) throw new NeedsSavepoints('an event was refused', { cause: error })
    return error.code
  }
}

/** The last version applied per key and source, as far as a batch touches them. */
export class KeyVersions {
  readonly #last = new Map<string, { key: string; source: string; version: number }>()
  readonly #changed = new Set<string>()

  constructor(known: readonly { key: string; source: string; version: number }[]) {
    for (const position of known) this.#last.set(nameOf(position), position)
  }

  judge(
    event: Pick<ReceivedEvent, 'key' | 'source' | 'keyVersion' | 'topic'>,
  ): 'duplicate' | 'next' | 'gap' {
    const last = this.#last.get(nameOf(event))?.version ?? 0
    if (event.keyVersion <= last) return 'duplicate'
    // Of a compacted topic a reader may miss any record but the last.
    return event.keyVersion === last + 1 || isCompacted(event.topic) ? 'next' : 'gap'
  }

  advance({ key, source, keyVersion }: Pick<ReceivedEvent, 'key' | 'source' | 'keyVersion'>): void {
    const name = nameOf({ key, source })
    this.#last.set(name, { key, source, version: keyVersion })
    this.#changed.add(name)
  }

  changed(): { key: string; source: string; version: number }[] {
    return [...this.#last].filter(([name]) => this.#changed.has(name)).map(([, value]) => value)
  }
}

function nameOf({ key, source }: { key: string; source: string }): string {
  return `${source}/${key}` // a source is a plain name without a slash
}

function isCompacted(topic: string): boolean {
  return isTopic(topic) && topicSettings(topic).cleanup === 'compact'
}
