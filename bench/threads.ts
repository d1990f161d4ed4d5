import { once } from 'node:events'
import { Worker } from 'node:worker_threads'

const BATCH = 16
const BATCHES = 600
const ROUNDS = 5

/** Proofs a second in one thread and in two, each asked for batches of 16: the best of five rounds in turns. */
export async function benchThreads(): Promise<{ readonly one: number; readonly two: number }> {
  const threads = [1, 2].map(() => new Worker(new URL('./proof-thread.ts', import.meta.url)))
  try {
    await proveIn(threads)
    const best = { one: 0, two: 0 }
    for (let round = 0; round < ROUNDS; round += 1) {
      best.one = Math.max(best.one, await proveIn(threads.slice(0, 1)))
      best.two = Math.max(best.two, await proveIn(threads))
    }
    return best
  } finally {
    await Promise.all(threads.map((thread) => thread.terminate()))
  }
}

async function proveIn(threads: readonly Worker[]): Promise<number> {
  const start = performance.now()
  await Promise.all(threads.map(proveInBatches))
  return (1e3 * BATCH * BATCHES * threads.length) / (performance.now() - start)
}

async function proveInBatches(thread: Worker): Promise<void> {
  for (let batch = 0; batch < BATCHES; batch += 1) {
    thread.postMessage(BATCH)
    const [passed] = (await once(thread, 'message')) as [number]
    if (passed !== BATCH) throw new Error('the bench’s own proof is refused')
  }
}
