import { expect, test } from 'vitest'
import { TOPICS, type ReceivedEvent } from '../kernel/event.ts'
import { subjectErased } from '../wallet/events.ts'
import type { StatusReport } from './check-statuses.ts'
import { createProofingConsumers, runRevocationMonitor } from './worker.ts'

const NOTHING: StatusReport = { checked: 0, changed: 0, unknown: 0 }

test('the monitor checks until it is told to stop', async () => {
  const stopping = new AbortController()
  let runs = 0
  const checkNow = async (): Promise<StatusReport> => {
    runs += 1
    if (runs === 3) stopping.abort()
    return NOTHING
  }
  await runRevocationMonitor({ checkNow }, { interval: 1, signal: stopping.signal })
  expect(runs).toBe(3)
})

test('a fault of the monitor ends it', async () => {
  const checkNow = (): Promise<StatusReport> => Promise.reject(new TypeError('a fault'))
  const { signal } = new AbortController()
  await expect(runRevocationMonitor({ checkNow }, { interval: 1, signal })).rejects.toThrow(
    TypeError,
  )
})

const erased = subjectErased({ subjectRef: 'a', keyIds: [], erasedAt: new Date(0) })
test.each([
  ['of another person than its key', { key: 'b' }],
  ['that is no message', { value: Uint8Array.of(0xff, 0xff) }],
])('an erasure %s is refused', async (_, bent) => {
  const [consumer] = createProofingConsumers({
    eraseSubject: () => Promise.reject(new Error('must not be called')),
  })
  const event = { ...erased, topic: TOPICS.subject, ...bent } as unknown as ReceivedEvent
  await expect(consumer?.apply(undefined as never, event)).rejects.toMatchObject({
    code: 'INVALID_INPUT',
  })
})
