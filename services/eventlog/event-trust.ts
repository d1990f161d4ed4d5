import { createHash, sign, verify, type KeyObject } from 'node:crypto'
import { fromBase64Url, toBase64Url } from '../kernel/bytes.ts'
import type { ReceivedEvent, ServiceName } from '../kernel/event.ts'
import type { TrustEnvironment } from '../kernel/trust-environment.ts'
import { fromHeaders, signedBytes, SIGNATURE_HEADER } from './event-headers.ts'
import { EventRefused } from './event-refused.ts'
import type { StoredRecord } from './event-log.ts'
import { isTopic } from './topics.ts'

/** Signs the events of one service. */
export interface EventSigner {
  readonly kid: string
  sign(bytes: Uint8Array): Uint8Array
}

/** One line of the trust list. A retired key stays in it, so that the log can be replayed. */
export interface TrustedProducer {
  readonly publicKey: KeyObject
  readonly service: ServiceName
  /** Full names of the Protobuf messages that this service may produce. */
  readonly types: Pick<readonly string[], 'includes'>
}

/** Whom to believe, by the id of the key. */
export type EventTrust = ReadonlyMap<string, TrustedProducer>

/** @param privateKey an Ed25519 key */
export function createEventSigner(privateKey: KeyObject, publicKey: KeyObject): EventSigner {
  assertEd25519(privateKey)
  return {
    kid: eventKeyId(publicKey),
    sign: (bytes) => new Uint8Array(sign(null, bytes, privateKey)),
  }
}

export function createEventTrust(producers: readonly TrustedProducer[]): EventTrust {
  return new Map(producers.map((producer) => [eventKeyId(producer.publicKey), producer]))
}

/** RFC 7638 thumbprint of an Ed25519 public key (members as in RFC 8037 §2), in base64url. */
export function eventKeyId(publicKey: KeyObject): string {
  assertEd25519(publicKey)
  const { crv, kty, x } = publicKey.export({ format: 'jwk' })
  return toBase64Url(createHash('sha256').update(JSON.stringify({ crv, kty, x })).digest())
}

/**
 * Decides whether a record may take effect: well-formed, of this environment, and signed by a key that may produce its
 * type for the service it names.
 * @throws EventRefused
 */
export function verifyEvent(
  record: StoredRecord,
  trust: EventTrust,
  environment: TrustEnvironment,
): ReceivedEvent {
  const { topic, key, value, headers } = record
  if (!isTopic(topic) || key === '' || value === null) {
    throw new EventRefused('EVENT_MALFORMED', 'topic, key or value')
  }
  const { kid, ...attributes } = fromHeaders(headers)
  const producer = trust.get(kid)
  // INVARIANT: a key speaks for one service and a listed set of types; a valid signature alone grants nothing.
  if (producer?.service !== attributes.source || !producer.types.includes(attributes.type)) {
    throw new EventRefused('EVENT_PRODUCER_UNTRUSTED', 'producer is not trusted for this type')
  }
  if (!isSigned(record, producer.publicKey)) {
    throw new EventRefused('EVENT_SIGNATURE_INVALID', 'signature')
  }
  if (attributes.environment !== environment) {
    throw new EventRefused('EVENT_ENVIRONMENT_MISMATCH', 'trust environment')
  }
  return { ...attributes, topic, key, value }
}

function isSigned({ topic, key, headers, value }: StoredRecord, publicKey: KeyObject): boolean {
  const signature = headers[SIGNATURE_HEADER]
  if (signature === undefined || !/^[A-Za-z0-9_-]{86}$/.test(signature) || value === null) {
    return false
  }
  const bytes = signedBytes(topic, key, headers, value)
  return verify(null, bytes, publicKey, fromBase64Url(signature, SIGNATURE_HEADER))
}

function assertEd25519(key: KeyObject): void {
  if (key.asymmetricKeyType !== 'ed25519') throw new TypeError('expected an Ed25519 key')
}
