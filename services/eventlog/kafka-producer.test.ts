import type { Kafka, ProducerConfig, ProducerRecord } from 'kafkajs'
import { describe, expect, test } from 'vitest'
import { utf8 } from '../kernel/bytes.ts'
import { AppendRefused } from './event-log.ts'
import { protocolErrorCode } from './kafka-client-transport.ts'
import { SerialProducer } from './kafka-producer.ts'

type Step = 'ok' | Error

class ProtocolError extends Error {
  readonly code: number
  constructor(code: number) {
    super(`protocol error ${code}`)
    this.code = code
  }
}

/** A client whose producers answer as scripted; notes which producer did what. */
function scripted(script: { connect?: Step[]; send?: Step[] }) {
  const calls: string[] = []
  const configs: (ProducerConfig | undefined)[] = []
  const bodies: string[] = []
  let made = 0
  let inFlight = 0
  let most = 0
  const play = (step: Step | undefined): void => {
    if (step instanceof Error) throw step
  }
  const kafka = {
    producer(config?: ProducerConfig) {
      const id = (made += 1)
      configs.push(config)
      return {
        async connect() {
          calls.push(`connect ${id}`)
          play(script.connect?.shift())
        },
        async send({ messages }: ProducerRecord) {
          calls.push(`send ${id}`)
          inFlight += 1
          most = Math.max(most, inFlight)
          await new Promise((resolve) => setImmediate(resolve))
          inFlight -= 1
          play(script.send?.shift())
          bodies.push(...messages.map((one) => String(one.value)))
        },
        async disconnect() {
          calls.push(`disconnect ${id}`)
        },
      }
    },
  } as unknown as Kafka
  return { kafka, calls, configs, bodies, most: () => most }
}

const record = (text: string) => ({
  id: text,
  key: 'a',
  value: utf8(text),
  headers: {},
  partition: 0,
})

describe('the producer', () => {
  test('is idempotent, with one request in flight, and makes no topics', async () => {
    const { kafka, configs } = scripted({})
    await new SerialProducer(kafka, protocolErrorCode).send('t', [record('1')])
    expect(configs).toMatchObject([
      { idempotent: true, maxInFlightRequests: 1, allowAutoTopicCreation: false },
    ])
  })

  test('is thrown away when it could not connect, and never sends', async () => {
    const { kafka, calls } = scripted({ connect: [new ProtocolError(15)] })
    const producer = new SerialProducer(kafka, protocolErrorCode)
    await expect(producer.send('t', [record('1')])).rejects.toThrow(ProtocolError)
    await producer.send('t', [record('1')])
    expect(calls).toEqual(['connect 1', 'disconnect 1', 'connect 2', 'send 2'])
  })

  test('sends one batch at a time, in the order of the calls', async () => {
    const { kafka, bodies, most } = scripted({})
    const producer = new SerialProducer(kafka, protocolErrorCode)
    await Promise.all(['1', '2', '3', '4'].map((text) => producer.send('t', [record(text)])))
    expect(bodies).toEqual(['1', '2', '3', '4'])
    expect(most()).toBe(1)
  })

  test.each([45, 47, 59])('sends again in a new session after protocol error %i', async (code) => {
    const { kafka, calls, bodies } = scripted({ send: [new ProtocolError(code)] })
    await new SerialProducer(kafka, protocolErrorCode).send('t', [record('1')])
    expect(calls).toEqual(['connect 1', 'send 1', 'disconnect 1', 'connect 2', 'send 2'])
    expect(bodies).toEqual(['1'])
  })

  test.each([10, 29])('says that the record is refused at protocol error %i', async (code) => {
    const wrapped = new Error('retries exceeded', { cause: new ProtocolError(code) })
    const { kafka } = scripted({ send: [wrapped] })
    const producer = new SerialProducer(kafka, protocolErrorCode)
    await expect(producer.send('t', [record('1')])).rejects.toThrow(AppendRefused)
    await expect(producer.send('t', [record('2')])).resolves.toBeUndefined()
  })

  test('gives other errors to the caller, who tries again', async () => {
    const { kafka, calls } = scripted({ send: [new Error('connection closed')] })
    const producer = new SerialProducer(kafka, protocolErrorCode)
    await expect(producer.send('t', [record('1')])).rejects.toThrow('connection closed')
    expect(calls).toEqual(['connect 1', 'send 1', 'disconnect 1'])
  })
})
