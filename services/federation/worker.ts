import type { Tx } from '../database/unit-of-work.ts'
import type { ConsumerDefinition } from '../eventlog/consumer.ts'
import type { Clock } from '../kernel/clock.ts'
import { TOPICS, type ReceivedEvent } from '../kernel/event.ts'
import type { PolicyPort } from '../policy/ports.ts'
import { readObservedEvent, type ObservedEvent } from './events.ts'
import { entitledAxes } from './entitled-axes.ts'
import { noteLoginLost, type LoginLevelDependencies } from './login-level.ts'
import { axisKey } from './registration.ts'
import type { FederationStore, FeedEntry, KnownSubject } from './store.ts'

interface WatchDependencies extends LoginLevelDependencies {
  readonly policy: LoginLevelDependencies['policy'] & Pick<PolicyPort, 'readMinimum'>
}

/** Writes what each relying party is to be told into its own feed. */
export function watchConsumer(
  deps: WatchDependencies & { readonly clock: Clock },
): ConsumerDefinition {
  return {
    name: 'federation.watch',
    topics: [TOPICS.subject],
    async apply(tx: Tx, event: ReceivedEvent) {
      await applyEvent(deps, tx, readObservedEvent(event), deps.clock.now())
    },
  }
}

async function applyEvent(
  deps: WatchDependencies,
  tx: Tx,
  event: ObservedEvent,
  at: Date,
): Promise<void> {
  const { store, policy } = deps
  switch (event.type) {
    case 'assurance_changed':
      for (const known of await store.knownBy(tx, event.subjectRef)) {
        const stored = await store.registration(tx, known.rpId)
        if (!stored?.registration.active) continue
        const told = await store.toldAxes(tx, known.rpId, known.pairwiseSubject)
        // INVARIANT: an axis that may not be asked for there is nobody's business there.
        if (!entitledAxes(policy, stored.registration, told).has(axisKey(event))) continue
        await store.appendFeed(tx, known.rpId, levelEntry(known, event), at)
      }
      return
    case 'login_lost':
      for (const known of await store.knownBy(tx, event.subjectRef)) {
        if (!event.rpIds.includes(known.rpId)) continue
        const stored = await store.registration(tx, known.rpId)
        if (stored?.registration.active) await noteLoginLost(deps, tx, known, at)
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
