import { connect, isIP, type Socket } from 'node:net'
import { connect as connectTls } from 'node:tls'
import kafkajs, {
  type ISocketFactory,
  type Kafka,
  type KafkaConfig,
  type logCreator,
} from 'kafkajs'
import RequestQueue from 'kafkajs/src/network/requestQueue/index.js'
import type { Log } from '../kernel/log.ts'

export interface KafkaConnection {
  readonly brokers: readonly string[]
  readonly clientId: string
  /** Mutual TLS; absent: plain text, for a broker on this machine. */
  readonly ssl?: { readonly ca: string; readonly cert: string; readonly key: string }
}

/** A client, and the one way to be sure that nothing of it goes on. */
export interface KafkaClient {
  readonly kafka: Kafka
  /** Cuts its connections, and lets it make no new one. */
  readonly hangUp: () => void
}

const RETRY = {
  // Short steps: the library's own 30 s would keep events back long after the broker is there again.
  retries: 8,
  initialRetryTime: 100,
  maxRetryTime: 2000,
  // A consumer that restarts itself does so even after it was told to disconnect.
  restartOnFailure: () => Promise.resolve(false),
} as const

const KEEP_ALIVE_MILLISECONDS = 60_000

/** A client of the broker, with the known faults of the library mended. */
export function createKafkaClient(connection: KafkaConnection, log: Log): KafkaClient {
  if (!stopIdleTimers()) log.warn('BROKER_CLIENT', { reason: 'IDLE_PATCH_NOT_APPLIED' })
  const { brokers, clientId, ssl } = connection
  const { open, hangUp } = ownSockets()
  const config: KafkaConfig = {
    brokers: [...brokers],
    clientId,
    retry: RETRY,
    logCreator: toOurLog(log),
    socketFactory: open,
    ...(ssl === undefined ? {} : { ssl: { ...ssl, minVersion: 'TLSv1.3' } }),
  }
  return { kafka: new kafkajs.Kafka(config), hangUp }
}

function ownSockets(): { readonly open: ISocketFactory; readonly hangUp: () => void } {
  const sockets = new Set<Socket>()
  let over = false
  return {
    open: ({ host, port, ssl, onConnect }) => {
      // Without a system's error code the library takes it for final, and does not try again.
      if (over) throw new Error('this client has hung up')
      const name = isIP(host) === 0 ? { servername: host } : {}
      const socket = ssl
        ? connectTls({ host, port, ...name, ...ssl }, onConnect)
        : connect({ host, port }, onConnect)
      socket.setKeepAlive(true, KEEP_ALIVE_MILLISECONDS)
      sockets.add(socket)
      socket.once('close', () => sockets.delete(socket))
      return socket
    },
    hangUp: () => {
      over = true
      // Silently destroyed, the library would go on waiting for answers.
      for (const socket of sockets) socket.destroy(new Error('this client has hung up'))
    },
  }
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
