import { expect, test } from 'vitest'
import { every } from './every.ts'

test('the work comes back until it is told to stop', async () => {
  const stopping = new AbortController()
  let runs = 0
  await every(1, stopping.signal, async () => {
    runs += 1
    if (runs === 3) stopping.abort()
  })
  expect(runs).toBe(3)
})

test('a fault of the work ends it', async () => {
  const { signal } = new AbortController()
  const work = (): Promise<void> => Promise.reject(new TypeError('a fault'))
  await expect(every(1, signal, work)).rejects.toThrow(TypeError)
})
