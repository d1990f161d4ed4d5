import { pino, type DestinationStream } from 'pino'

/** Every message that may be logged. A message is a code, so that what is logged can be listed and tested. */
export const LOG_CODES = [
  'READY',
  'DEVELOPMENT_KEYS_MADE',
  'MIGRATED',
  'REQUEST_REFUSED',
  'REQUEST_FAILED',
  'EVENT_PARKED',
  'EVENT_DISCARDED',
  'CONSUMER_RECREATED',
  'CONSUMER_FAILED',
  'RELAY_RETRY',
  'RELAY_PARKED',
  'TIMER_RETRY',
  'BROKER_CLIENT',
  'PROOFING_PASSED',
  'PROOFING_REFUSED',
  'PROOFING_INDETERMINATE',
  'SIGNATURE_ISSUED',
  'SIGNATURE_REFUSED',
  'REVOCATION_SOURCE_UNAVAILABLE',
  'REVOCATION_STATUS_CHANGED',
  'ATTRIBUTES_CONSENT_GIVEN',
  'ATTRIBUTES_CONSENT_ENDED',
  'ATTRIBUTES_REFRESHED',
  'ATTRIBUTES_UNAVAILABLE',
  'PERSON_ENDED',
  'CRL_ACCEPTED',
  'CRL_REFUSED',
  'CRL_FILE_REFUSED',
  'OCSP_CIRCUIT_OPENED',
  'OCSP_CIRCUIT_CLOSED',
  'AUTHENTICATOR_BOUND',
  'AUTHENTICATOR_STATE_CHANGED',
  'AUTHENTICATION_PERFORMED',
  'AUTHENTICATION_REFUSED',
  'ASSURANCE_CHANGED',
  'POLICY_ACTIVATED',
  'POLICY_RELEASED',
  'POLICY_RELEASE_KEY_MADE',
  'POLICY_RELEASE_REFUSED',
  'RELEASE_ISSUED',
  'RELEASE_REFUSED',
  'RELEASE_REVOKED',
  'SUBJECT_ERASED',
  'RELYING_PARTY_CHANGED',
  'RELYING_PARTY_UNANSWERED',
  'TASK_FAILED',
  'CHILD_EXITED',
] as const
export type LogCode = (typeof LOG_CODES)[number]

/**
 * What may stand beside a code. Identifiers, reasons and counts alone: nothing here can hold an attribute, a
 * serial, a PIN or a token, and what is not listed is not written.
 */
export interface LogFields {
  readonly correlationId?: string
  readonly service?: string
  readonly reason?: string
  readonly code?: string
  readonly topic?: string
  readonly partition?: number
  readonly offset?: string
  readonly group?: string
  readonly timer?: string
  readonly eventType?: string
  readonly eventId?: string
  readonly method?: string
  readonly route?: string
  readonly status?: number
  readonly count?: number
  readonly milliseconds?: number
  readonly port?: number
  readonly url?: string
  readonly version?: string
  readonly framework?: string
  readonly axis?: string
  readonly rpId?: string
}

const ALLOWED: readonly (keyof LogFields)[] = [
  'correlationId',
  'service',
  'reason',
  'code',
  'topic',
  'partition',
  'offset',
  'group',
  'timer',
  'eventType',
  'eventId',
  'method',
  'route',
  'status',
  'count',
  'milliseconds',
  'port',
  'url',
  'version',
  'framework',
  'axis',
  'rpId',
]

export type LogLevel = 'debug' | 'info' | 'warn' | 'error'

export interface Log {
  debug(code: LogCode, fields?: LogFields): void
  info(code: LogCode, fields?: LogFields): void
  warn(code: LogCode, fields?: LogFields, error?: unknown): void
  error(code: LogCode, fields?: LogFields, error?: unknown): void
  child(fields: LogFields): Log
}

/** A log that writes JSON lines to `destination` (standard output when absent). */
export function createLog(level: LogLevel | 'silent', destination?: DestinationStream): Log {
  return wrap(
    pino({ level, base: null, timestamp: pino.stdTimeFunctions.isoTime }, destination),
    {},
  )
}

function wrap(sink: pino.Logger, bound: LogFields): Log {
  const write =
    (level: LogLevel) =>
    (code: LogCode, fields: LogFields = {}, error?: unknown): void => {
      sink[level](allowed({ ...bound, ...fields }, error), code)
    }
  return {
    debug: write('debug'),
    info: write('info'),
    warn: write('warn'),
    error: write('error'),
    child: (fields) => wrap(sink, { ...bound, ...fields }),
  }
}

function allowed(fields: LogFields, error: unknown): Record<string, unknown> {
  const out: Record<string, unknown> = {}
  for (const key of ALLOWED) if (fields[key] !== undefined) out[key] = fields[key]
  if (error instanceof Error) {
    // Messages of foreign errors may quote their input, so only class, code and place are kept.
    out['error'] = {
      name: error.name,
      code: (error as { code?: unknown }).code,
      stack: frames(error),
    }
  }
  return out
}

function frames(error: Error): string[] {
  const stack = error.stack ?? ''
  // The message stands in the stack and may itself look like a frame.
  const after = stack.indexOf(error.message) + error.message.length
  return stack
    .slice(after)
    .split('\n')
    .filter((line) => /^\s+at /.test(line))
    .slice(0, 8)
    .map((line) => line.trim())
}
