import { lengthPrefixed } from '../kernel/bytes.ts'
import { SERVICES, type OutgoingEvent, type ServiceName } from '../kernel/event.ts'
import { isTrustEnvironment, type TrustEnvironment } from '../kernel/trust-environment.ts'
import { EventRefused } from './event-refused.ts'

export type EventHeaders = Readonly<Record<string, string>>

/** The header that is not under the signature, being it. */
export const SIGNATURE_HEADER = 'ce_signature'

export interface EventAttributes {
  readonly id: string
  readonly type: string
  readonly source: ServiceName
  readonly keyVersion: number
  readonly environment: TrustEnvironment
  readonly occurredAt: Date
  readonly recordedAt: Date
  readonly kid: string
}

/**
 * CloudEvents 1.0 in the binary mode of its Kafka binding: each attribute a header, the data the value.
 * `ce_subject` is left out on purpose: it must not name the person.
 */
export function toHeaders(event: EventAttributes): EventHeaders {
  return {
    'content-type': 'application/protobuf',
    ce_specversion: '1.0',
    ce_id: event.id,
    ce_type: event.type,
    ce_source: event.source,
    ce_time: event.occurredAt.toISOString(),
    ce_recordedtime: event.recordedAt.toISOString(),
    ce_sequence: String(event.keyVersion),
    ce_trustenvironment: event.environment,
    ce_keyid: event.kid,
  }
}

/** @throws EventRefused with `EVENT_MALFORMED` naming the header that is missing or has another form */
export function fromHeaders(headers: EventHeaders): EventAttributes {
  required(headers, 'content-type', (text) => text === 'application/protobuf' || undefined)
  required(headers, 'ce_specversion', (text) => text === '1.0' || undefined)
  return {
    id: required(headers, 'ce_id', (text) => (UUID.test(text) ? text : undefined)),
    type: required(headers, 'ce_type', (text) => (MESSAGE_NAME.test(text) ? text : undefined)),
    source: required(headers, 'ce_source', (text) => SERVICES.find((name) => name === text)),
    keyVersion: required(headers, 'ce_sequence', positiveInteger),
    environment: required(headers, 'ce_trustenvironment', (text) =>
      isTrustEnvironment(text) ? text : undefined,
    ),
    occurredAt: required(headers, 'ce_time', instant),
    recordedAt: required(headers, 'ce_recordedtime', instant),
    kid: required(headers, 'ce_keyid', (text) => (KEY_ID.test(text) ? text : undefined)),
  }
}

/** The bytes a producer signs: topic, key, every header but the signature sorted by name, and the raw value. */
export function signedBytes(
  topic: string,
  key: string,
  headers: EventHeaders,
  value: OutgoingEvent['value'],
): Uint8Array {
  const names = Object.keys(headers)
    .filter((name) => name !== SIGNATURE_HEADER)
    .sort()
  return lengthPrefixed(topic, key, ...names.flatMap((name) => [name, headers[name] ?? '']), value)
}

const UUID = /^[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}$/
const MESSAGE_NAME = /^[A-Za-z0-9_]{1,64}(?:\.[A-Za-z0-9_]{1,64}){1,16}$/
const KEY_ID = /^[A-Za-z0-9_-]{1,128}$/
const INSTANT = /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/

function required<T>(
  headers: EventHeaders,
  name: string,
  parse: (text: string) => T | undefined,
): T {
  const text = Object.hasOwn(headers, name) ? headers[name] : undefined
  const parsed = text === undefined ? undefined : parse(text)
  if (parsed === undefined) throw new EventRefused('EVENT_MALFORMED', `header \`${name}\``)
  return parsed
}

function positiveInteger(text: string): number | undefined {
  return /^[1-9]\d{0,14}$/.test(text) ? Number(text) : undefined
}

function instant(text: string): Date | undefined {
  const date = new Date(text)
  return INSTANT.test(text) && !Number.isNaN(date.getTime()) ? date : undefined
}
