import { afterCommit } from '../database/current-work.ts'
import type { Tx } from '../database/unit-of-work.ts'
import { toBase64Url } from '../kernel/bytes.ts'
import type { Clock } from '../kernel/clock.ts'
import type { OutgoingEvent, ServiceName } from '../kernel/event.ts'
import { orderedId, type Random } from '../kernel/random.ts'
import type { TrustEnvironment } from '../kernel/trust-environment.ts'
import { signedBytes, SIGNATURE_HEADER, toHeaders } from './event-headers.ts'
import type { EventSigner } from './event-trust.ts'
import type { OutboxStore } from './outbox-store.ts'
import type { Publisher } from './publisher.ts'

export interface PublisherDependencies {
  readonly service: ServiceName
  readonly environment: TrustEnvironment
  readonly signer: EventSigner
  readonly outbox: OutboxStore
  readonly clock: Clock
  readonly random: Random
  /** Called when published events are durable: the relay's `wake`. */
  readonly onPublished?: () => void
}

/** The publisher of one service. */
export function createPublisher(deps: PublisherDependencies): Publisher {
  return { publish: (tx, event) => publish(deps, tx, event) }
}

async function publish(
  deps: PublisherDependencies,
  tx: Tx,
  { topic, key, type, value, occurredAt }: OutgoingEvent,
): Promise<string> {
  if (key === '') throw new TypeError('an event needs a key')
  const recordedAt = deps.clock.now()
  const id = orderedId(deps.random, recordedAt)
  const keyVersion = await deps.outbox.nextVersion(tx, deps.service, topic, key)
  const headers = toHeaders({
    id,
    type,
    source: deps.service,
    keyVersion,
    environment: deps.environment,
    occurredAt,
    recordedAt,
    kid: deps.signer.kid,
  })
  const signature = deps.signer.sign(signedBytes(topic, key, headers, value))
  await deps.outbox.add(tx, {
    id,
    topic,
    key,
    value,
    headers: { ...headers, [SIGNATURE_HEADER]: toBase64Url(signature) },
  })
  const { onPublished } = deps
  if (onPublished !== undefined) afterCommit(onPublished)
  return id
}
