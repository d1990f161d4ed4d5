import { afterAll, describe, expect, test } from 'vitest'
import { Unavailable } from './errors.ts'
import { createTaskDesk, type DeskLimits } from './task-desk.ts'

type Work =
  | { readonly kind: 'add'; readonly a: number; readonly b: number }
  | { readonly kind: 'for ever' | 'fault' | 'exit' }
interface Results {
  readonly add: number
  readonly 'for ever': never
  readonly fault: never
  readonly exit: never
}

const PROGRAM = `
  import { parentPort } from 'node:worker_threads'
  parentPort.on('message', ({ id, task }) => {
    if (task.kind === 'for ever') for (;;);
    if (task.kind === 'fault') throw new TypeError('somebody’s facts')
    if (task.kind === 'exit') process.exit(1)
    parentPort.postMessage({ id, answer: task.a + task.b })
  })
`

const told: unknown[] = []
const desks = [desk()]
const waits = new AbortController().signal
const sum = { kind: 'add', a: 2, b: 3 } as const

function desk(limits?: DeskLimits) {
  const program = new URL(`data:text/javascript,${encodeURIComponent(PROGRAM)}`)
  const log = { error: (...said: unknown[]) => void told.push(said) }
  const made = createTaskDesk<Work, Results>({
    program,
    work: 'the sum',
    log,
    ...(limits && { limits }),
  })
  return made
}

afterAll(async () => {
  for (const one of desks) await one.close()
})

describe('a desk of tasks', () => {
  const [usual = desk()] = desks

  test('answers one after the other', async () => {
    const asked = [1, 2, 3].map((a) => usual.ask({ kind: 'add', a, b: 1 }, waits))
    expect(await Promise.all(asked)).toEqual([2, 3, 4])
  })

  test('stops for whoever no longer waits, and goes on with the next', async () => {
    const leaving = new AbortController()
    const left = usual.ask({ kind: 'for ever' }, leaving.signal)
    const next = usual.ask(sum, waits)
    leaving.abort(new Error('left'))
    await expect(left).rejects.toThrow('left')
    expect(await next).toBe(5)
    await expect(usual.ask(sum, leaving.signal)).rejects.toThrow('left')
  })

  test('refuses what takes too long, and what waits with too many', async () => {
    const strict = desk({ patience: 1, waiting: 1 })
    desks.push(strict)
    const [slow, second, third] = [1, 2, 3].map(() => strict.ask({ kind: 'for ever' }, waits))
    await expect(third).rejects.toThrow(new Unavailable('too many wait for the sum'))
    await expect(slow).rejects.toThrow(new Unavailable('the sum takes too long'))
    await expect(second).rejects.toThrow(Unavailable)
  })

  test.each(['fault', 'exit'] as const)(
    'tells the operator of a thread that ends by %s, and whoever asked nothing of it',
    async (kind) => {
      told.length = 0
      const asked = usual.ask({ kind }, waits)
      await expect(asked).rejects.toThrow(new Unavailable('the sum failed'))
      expect(told).toMatchObject([['TASK_FAILED', { reason: 'the sum' }, expect.any(Error)]])
      expect(await usual.ask(sum, waits)).toBe(5)
      expect(told).toHaveLength(1)
    },
  )
})
