import { expect, test } from 'vitest'
import { TOPICS, type ReceivedEvent } from '../kernel/event.ts'
import { subjectErased } from '../wallet/events.ts'
import { createProofingConsumers } from './worker.ts'

const erased = subjectErased({ subjectRef: 'a', keyIds: [], erasedAt: new Date(0) })
test.each([
  ['of another person than its key', { key: 'b' }],
  ['that is no message', { value: Uint8Array.of(0xff, 0xff) }],
])('an erasure %s is refused', async (_, bent) => {
  const mustNot = () => Promise.reject(new Error('must not be called'))
  const [consumer] = createProofingConsumers({ eraseSubject: mustNot, countCardless: mustNot })
  const event = { ...erased, topic: TOPICS.subject, ...bent } as unknown as ReceivedEvent
  await expect(consumer?.apply(undefined as never, event)).rejects.toMatchObject({
    code: 'INVALID_INPUT',
  })
})
