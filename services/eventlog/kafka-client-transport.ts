import kafkajs, { type Kafka, type KafkaConfig, type logCreator } from 'kafkajs'
import RequestQueue from 'kafkajs/src/network/requestQueue/index.js'
import type { Log } from '../kernel/log.ts'

export interface KafkaConnection {
  readonly brokers: readonly string[]
  readonly clientId: string
  /** Mutual TLS; absent: plain text, for a broker on this machine. */
  readonly ssl?: { readonly ca: string; readonly cert: string; readonly key: string }
}

/** Short steps: the library's own 30 s would keep events back long after the broker is there again. */
const RETRY = { retries: 8, initialRetryTime: 100, maxRetryTime: 2000 } as const

/** A client of the broker, with the known faults of the library mended. */
export function createKafkaClient(connection: KafkaConnection, log: Log): Kafka {
  if (!stopIdleTimers()) log.warn('BROKER_CLIENT', { reason: 'IDLE_PATCH_NOT_APPLIED' })
  const { brokers, clientId, ssl } = connection
  const config: KafkaConfig = {
    brokers: [...brokers],
    clientId,
    retry: RETRY,
    logCreator: toOurLog(log),
    ...(ssl === undefined ? {} : { ssl: { ...ssl, minVersion: 'TLSv1.3' } }),
  }
  return new kafkajs.Kafka(config)
}

/**
 * The library re-arms a timer of 1 ms for ever on an idle connection (its issue 1751), some 900 a second.
 * @returns whether the place to patch is still there
 */
export function stopIdleTimers(): boolean {
  const { prototype } = RequestQueue
  const original = prototype.scheduleCheckPendingRequests
  if (typeof original !== 'function') return false
  if (PATCHED in original) return true
  const patched: typeof original = function () {
    if (this.pending.length === 0 && this.throttledUntil <= Date.now()) return
    original.call(this)
  }
  prototype.scheduleCheckPendingRequests = Object.assign(patched, { [PATCHED]: true })
  return true
}

const PATCHED = Symbol('patched')

/** While coordinators load and groups rebalance the library writes errors about what it then mends itself. */
function toOurLog(log: Log): logCreator {
  return () =>
    ({ namespace, label }) =>
      log.debug('BROKER_CLIENT', { reason: namespace, code: label })
}

/** The number of the Kafka protocol error behind what the client threw, however deep. */
export function protocolErrorCode(error: unknown): number | undefined {
  for (let at = error; at instanceof Error; at = at.cause) {
    const { code } = at as { code?: unknown }
    if (typeof code === 'number') return code
  }
  return undefined
}
