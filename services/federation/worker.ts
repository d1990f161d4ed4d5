import type { Tx } from '../database/unit-of-work.ts'
import type { ConsumerDefinition } from '../eventlog/consumer.ts'
import type { Clock } from '../kernel/clock.ts'
import { TOPICS, type ReceivedEvent } from '../kernel/event.ts'
import { readObservedEvent, type ObservedEvent } from './events.ts'
import { axisKey, namedAxes } from './registration.ts'
import type { FederationStore, FeedEntry, KnownSubject } from './store.ts'

/** Writes what each relying party is to be told into its own feed. */
export function watchConsumer(store: FederationStore, clock: Clock): ConsumerDefinition {
  return {
    name: 'federation.watch',
    topics: [TOPICS.subject],
    async apply(tx: Tx, event: ReceivedEvent) {
      await applyEvent(store, tx, readObservedEvent(event), clock.now())
    },
  }
}

async function applyEvent(
  store: FederationStore,
  tx: Tx,
  event: ObservedEvent,
  at: Date,
): Promise<void> {
  switch (event.type) {
    case 'assurance_changed':
      for (const known of await store.knownBy(tx, event.subjectRef)) {
        const stored = await store.registration(tx, known.rpId)
        // INVARIANT: an axis that the registration does not name is nobody's business there.
        if (!stored?.registration.active || !namedAxes(stored.registration).has(axisKey(event)))
          continue
        await store.appendFeed(tx, known.rpId, levelEntry(known, event), at)
      }
      return
    case 'release_revoked':
      if (!event.byPerson) return
      for (const known of await store.knownBy(tx, event.subjectRef)) {
        if (known.rpId === event.rpId) await leave(store, tx, known, at)
      }
      return
    case 'subject_erased':
      for (const known of await store.knownBy(tx, event.subjectRef))
        await leave(store, tx, known, at)
      await store.forgetInteractionsOf(tx, event.subjectRef)
      return
    case 'other':
      return
    default:
      return event satisfies never
  }
}

async function leave(
  store: FederationStore,
  tx: Tx,
  { rpId, pairwiseSubject }: KnownSubject & { readonly rpId: string },
  at: Date,
): Promise<void> {
  await store.forgetKnownSubject(tx, rpId, pairwiseSubject)
  const gone: FeedEntry = {
    kind: 'gone',
    pairwiseSubject,
    framework: '',
    axis: '',
    level: '',
    previousLevel: '',
    lowered: false,
    validUntil: null,
  }
  await store.appendFeed(tx, rpId, gone, at)
}

function levelEntry(
  { pairwiseSubject }: KnownSubject,
  event: Extract<ObservedEvent, { type: 'assurance_changed' }>,
): FeedEntry {
  return {
    kind: 'level',
    pairwiseSubject,
    framework: event.framework,
    axis: event.axis,
    level: event.to,
    previousLevel: event.from,
    lowered: event.lowered,
    validUntil: event.validUntil,
  }
}
