import type { Kafka, Message, Producer } from 'kafkajs'
import { AppendRefused, type LogRecord } from './event-log.ts'

/** OUT_OF_ORDER_SEQUENCE_NUMBER, INVALID_PRODUCER_EPOCH, UNKNOWN_PRODUCER_ID: this session is over, a new one may go on. */
const SESSION_LOST = new Set([45, 47, 59])
/** MESSAGE_TOO_LARGE, INVALID_TOPIC, RECORD_LIST_TOO_LARGE, TOPIC_AUTHORIZATION_FAILED, INVALID_RECORD. */
const REFUSED = new Set([10, 17, 18, 29, 87])
const SESSIONS = 3

/**
 * One idempotent producer and one send at a time: parallel sends keep every record but not their order. A producer
 * that failed in any way is thrown away, since the library would send on with it *without* idempotence.
 */
export class SerialProducer {
  readonly #kafka: Kafka
  readonly #codeOf: (error: unknown) => number | undefined
  #producer: Producer | undefined
  #tail: Promise<void> = Promise.resolve()

  constructor(kafka: Kafka, codeOf: (error: unknown) => number | undefined) {
    this.#kafka = kafka
    this.#codeOf = codeOf
  }

  send(topic: string, records: readonly (LogRecord & { partition: number })[]): Promise<void> {
    const sent = this.#tail.then(() => this.#sendWithNewSessions(topic, records))
    this.#tail = sent.catch(() => undefined)
    return sent
  }

  async close(): Promise<void> {
    await this.#tail
    await this.#discard()
  }

  async #sendWithNewSessions(
    topic: string,
    records: readonly (LogRecord & { partition: number })[],
  ): Promise<void> {
    for (let session = 1; ; session += 1) {
      try {
        const producer = (this.#producer ??= await this.#connect())
        await producer.send({ topic, acks: -1, messages: records.map(toMessage) })
        return
      } catch (error) {
        await this.#discard()
        const code = this.#codeOf(error)
        if (code !== undefined && REFUSED.has(code)) {
          throw new AppendRefused('the broker refuses a record', { cause: error })
        }
        // Sent again in a new session it may stand in the log twice; consumers drop the second by its version.
        if (code === undefined || !SESSION_LOST.has(code) || session >= SESSIONS) throw error
      }
    }
  }

  async #connect(): Promise<Producer> {
    const producer = this.#kafka.producer({
      idempotent: true,
      maxInFlightRequests: 1,
      allowAutoTopicCreation: false,
      retry: { retries: 8, initialRetryTime: 100, maxRetryTime: 2000 },
    })
    try {
      await producer.connect()
      return producer
    } catch (error) {
      await producer.disconnect().catch(() => undefined)
      throw error
    }
  }

  async #discard(): Promise<void> {
    const producer = this.#producer
    this.#producer = undefined
    await producer?.disconnect().catch(() => undefined)
  }
}

function toMessage({ key, value, headers, partition }: LogRecord & { partition: number }): Message {
  return {
    key,
    value: value === null ? null : Buffer.from(value.buffer, value.byteOffset, value.length),
    headers: { ...headers },
    partition,
  }
}
