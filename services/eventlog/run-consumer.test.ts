import { generateKeyPairSync } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { utf8 } from '../kernel/bytes.ts'
import { InvalidInput } from '../kernel/errors.ts'
import { TOPICS, type OutgoingEvent, type ReceivedEvent } from '../kernel/event.ts'
import type { ConsumerDefinition } from './consumer.ts'
import type { StoredRecord } from './event-log.ts'
import { createEventSigner, createEventTrust } from './event-trust.ts'
import { inspectParkedKey, listParkedKeys, replayParkedKey } from './parked-events.ts'
import { createPublisher } from './signing-publisher.ts'
import { openTemporaryEventCore, type TemporaryEventCore } from './temporary-event-core.ts'
import { runConsumer } from './run-consumer.ts'

const TYPE = 'watashi.identity.v1.IdentityProofed'

function event(key: string, text: string, over: Partial<OutgoingEvent> = {}): OutgoingEvent {
  return {
    topic: TOPICS.subject,
    key,
    type: TYPE,
    value: utf8(text),
    occurredAt: new Date('2026-04-01T00:00:00Z'),
    ...over,
  }
}

function recorder(refuse: (event: ReceivedEvent) => boolean = () => false) {
  const seen: string[] = []
  const definition: ConsumerDefinition = {
    name: 'test.recorder',
    topics: [TOPICS.subject],
    apply: async (_tx, received) => {
      const text = Buffer.from(received.value).toString()
      if (refuse(received)) throw new InvalidInput('value', 'another text')
      seen.push(text)
    },
  }
  return { seen, definition }
}

function publish(core: TemporaryEventCore, ...events: OutgoingEvent[]): Promise<string[]> {
  return core.database.run((tx) =>
    Promise.all(events.map((one) => core.publisher('proofing').publish(tx, one))),
  )
}

describe('a consumer', () => {
  test('is handed each committed event with who produced it, and none that was rolled back', async () => {
    await using core = await openTemporaryEventCore()
    const received: ReceivedEvent[] = []
    core.consume({
      name: 'test.all',
      topics: [TOPICS.subject],
      apply: async (_tx, one) => {
        received.push(one)
      },
    })
    const [id] = await publish(core, event('subject-1', 'one'))
    await expect(
      core.database.run(async (tx) => {
        await core.publisher('proofing').publish(tx, event('subject-1', 'undone'))
        throw new RangeError('undo')
      }),
    ).rejects.toThrow(RangeError)
    await publish(core, event('subject-1', 'two'))
    await core.settle()
    expect(received).toHaveLength(2)
    expect(received[0]).toMatchObject({
      id,
      topic: TOPICS.subject,
      key: 'subject-1',
      keyVersion: 1,
      source: 'proofing',
      environment: 'simulator',
      type: TYPE,
      recordedAt: new Date('2026-04-01T00:00:00Z'),
    })
    expect(received[1]).toMatchObject({ keyVersion: 2, value: Buffer.from('two') })
  })

  test('takes up where it stood, and applies nothing a second time', async () => {
    await using core = await openTemporaryEventCore()
    const first = recorder()
    const running = core.consume(first.definition)
    await publish(core, event('a', '1'), event('b', '2'))
    await core.settle()
    await running.stop()
    await publish(core, event('a', '3'))
    const second = recorder()
    core.consume(second.definition)
    await core.settle()
    expect(first.seen.toSorted()).toEqual(['1', '2'])
    expect(second.seen).toEqual(['3'])
  })

  test('parks the key of an event it refuses, with what follows, and goes on with other keys', async () => {
    await using core = await openTemporaryEventCore()
    const { seen, definition } = recorder((one) => Buffer.from(one.value).toString() === 'bad')
    core.consume(definition)
    await publish(core, event('a', 'a1'), event('a', 'bad'), event('b', 'b1'), event('a', 'a2'))
    await core.settle()
    await publish(core, event('a', 'a3'), event('b', 'b2'))
    await core.settle()
    expect(seen.filter((text) => text.startsWith('b'))).toEqual(['b1', 'b2'])
    expect(new Set(seen)).toEqual(new Set(['a1', 'b1', 'b2']))
    expect(await listParkedKeys(core.dependencies)).toMatchObject([
      { consumer: 'test.recorder', topic: TOPICS.subject, key: 'a', reason: 'INVALID_INPUT' },
    ])
    const parked = await inspectParkedKey(core.dependencies, 'test.recorder', TOPICS.subject, 'a')
    expect(parked.map((one) => one.reason)).toEqual([
      'INVALID_INPUT',
      'EVENT_KEY_PARKED',
      'EVENT_KEY_PARKED',
    ])
    const dead = await recordsOf(core, `${TOPICS.subject}.dlq`)
    expect(dead.map((one) => one.headers['dlq_reason']).toSorted()).toEqual([
      'EVENT_KEY_PARKED',
      'EVENT_KEY_PARKED',
      'INVALID_INPUT',
    ])
  })

  test('applies a parked key in order once the cause is mended', async () => {
    await using core = await openTemporaryEventCore()
    let broken = true
    const { seen, definition } = recorder(() => broken)
    core.consume(definition)
    await publish(core, event('a', 'a1'), event('a', 'a2'))
    await core.settle()
    const replay = () => replayParkedKey(core.dependencies, definition, TOPICS.subject, 'a')
    await expect(replay()).rejects.toThrow(InvalidInput)
    broken = false
    expect(await replay()).toBe(2)
    await publish(core, event('a', 'a3'))
    await core.settle()
    expect(seen).toEqual(['a1', 'a2', 'a3'])
    expect(await listParkedKeys(core.dependencies)).toEqual([])
    await expect(replay()).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })

  test('ends with the error when its own logic fails, and has not moved', async () => {
    await using core = await openTemporaryEventCore()
    const consumer = core.consume({
      name: 'test.faulty',
      topics: [TOPICS.subject],
      apply: async () => {
        throw new RangeError('a fault of ours')
      },
    })
    await publish(core, event('a', 'a1'))
    await expect(consumer.finished).rejects.toThrow(RangeError)
    expect(await consumer.lag()).toBe(1)
    expect(await listParkedKeys(core.dependencies)).toEqual([])
  })

  test('refuses another trust environment, and events of a producer it does not trust', async () => {
    await using core = await openTemporaryEventCore()
    const { privateKey, publicKey } = generateKeyPairSync('ed25519')
    const common = {
      service: 'proofing',
      outbox: core.dependencies.outbox,
      clock: core.clock,
      random: core.dependencies.random,
      onPublished: () => core.relay.wake(),
    } as const
    const stranger = createPublisher({
      ...common,
      environment: 'simulator',
      signer: createEventSigner(privateKey, publicKey),
    })
    const mixed = createPublisher({
      ...common,
      environment: 'production',
      signer: core.signer('proofing'),
    })
    // The wallet's good key under the name of proofing.
    const pretender = createPublisher({
      ...common,
      environment: 'simulator',
      signer: core.signer('wallet'),
    })
    const { seen, definition } = recorder()
    core.consume(definition)
    await core.database.run(async (tx) => {
      await stranger.publish(tx, event('stranger', 'x'))
      await mixed.publish(tx, event('mixed', 'x'))
      await pretender.publish(tx, event('pretender', 'x'))
      await core.publisher('proofing').publish(tx, event('good', 'ok'))
    })
    await core.settle()
    expect(seen).toEqual(['ok'])
    const parked = await listParkedKeys(core.dependencies)
    expect(Object.fromEntries(parked.map((one) => [one.key, one.reason]))).toEqual({
      stranger: 'EVENT_PRODUCER_UNTRUSTED',
      pretender: 'EVENT_PRODUCER_UNTRUSTED',
      mixed: 'EVENT_ENVIRONMENT_MISMATCH',
    })
  })

  test('refuses a type that the producer may not produce', async () => {
    await using core = await openTemporaryEventCore()
    const { privateKey, publicKey } = generateKeyPairSync('ed25519')
    const trust = createEventTrust([{ publicKey, service: 'proofing', types: [TYPE] }])
    const { seen, definition } = recorder()
    const consumer = runConsumer(definition, { ...core.dependencies, trust })
    const publisher = createPublisher({
      service: 'proofing',
      environment: 'simulator',
      signer: createEventSigner(privateKey, publicKey),
      outbox: core.dependencies.outbox,
      clock: core.clock,
      random: core.dependencies.random,
      onPublished: () => core.relay.wake(),
    })
    await core.database.run(async (tx) => {
      await publisher.publish(tx, event('a', 'allowed'))
      await publisher.publish(tx, event('b', 'x', { type: 'watashi.policy.v1.AssuranceChanged' }))
    })
    await core.settle()
    await expect.poll(() => consumer.lag()).toBe(0)
    await consumer.stop()
    expect(seen).toEqual(['allowed'])
    expect(await listParkedKeys(core.dependencies)).toMatchObject([
      { key: 'b', reason: 'EVENT_PRODUCER_UNTRUSTED' },
    ])
  })

  test('parks a key when an event of it never came, and takes the last one of a compacted topic', async () => {
    await using core = await openTemporaryEventCore()
    const { seen, definition } = recorder()
    core.consume({ ...definition, topics: [TOPICS.subject, TOPICS.assurance] })
    await core.database.run(async (tx) => {
      const { outbox } = core.dependencies
      const publisher = core.publisher('policy')
      await outbox.nextVersion(tx, 'policy', TOPICS.subject, 'a')
      await outbox.nextVersion(tx, 'policy', TOPICS.assurance, 'a')
      await publisher.publish(tx, event('a', 'after a hole'))
      await publisher.publish(tx, event('a', 'compacted', { topic: TOPICS.assurance }))
    })
    await core.settle()
    expect(seen).toEqual(['compacted'])
    expect(await listParkedKeys(core.dependencies)).toMatchObject([
      { key: 'a', reason: 'EVENT_VERSION_GAP' },
    ])
  })

  test('drops what was delivered before, with its own version check', async () => {
    await using core = await openTemporaryEventCore()
    const { seen, definition } = recorder()
    await publish(core, event('a', '1'), event('a', '2'))
    await core.settle()
    // The same two events once more under other ids: what a relay does that died before it could mark them.
    const records = await recordsOf(core, TOPICS.subject)
    await core.eventLog.append(
      TOPICS.subject,
      records.map((one, i) => ({ ...one, id: `00000000-0000-7000-8000-00000000000${i}` })),
    )
    core.consume(definition)
    await core.settle()
    expect(seen).toEqual(['1', '2'])
    expect(await listParkedKeys(core.dependencies)).toEqual([])
  })

  test('delivers within milliseconds, without waiting for a poll', async () => {
    await using core = await openTemporaryEventCore()
    const { seen, definition } = recorder()
    core.consume(definition)
    await core.settle()
    const started = performance.now()
    for (let i = 1; i <= 10; i += 1) {
      await publish(core, event('a', String(i)))
      await core.settle()
    }
    expect(seen).toHaveLength(10)
    // Ten waits for the one-second poll would take ten seconds.
    expect(performance.now() - started).toBeLessThan(3000)
  })
})

async function recordsOf(core: TemporaryEventCore, topic: string): Promise<StoredRecord[]> {
  const found: StoredRecord[] = []
  for (const { partition } of await core.eventLog.watermarks(topic)) {
    for await (const one of core.eventLog.read({ topic, partition, from: 'earliest' })) {
      found.push(one)
    }
  }
  return found
}
