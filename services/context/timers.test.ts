import { expect, test } from 'vitest'
import { systemClock } from '../kernel/clock.ts'
import { createLog } from '../kernel/log.ts'
import type { Services } from './services.ts'
import { startTimers } from './timers.ts'

const log = createLog('silent')
const quiet = async (): Promise<void> => undefined
// As far as the timers use them.
const services = {
  proofing: { monitor: quiet, sweep: quiet },
  policy: { rescoreDue: quiet, forgetOldDecisions: async () => 0 },
  wallet: { sweep: quiet },
  authenticator: { sweep: quiet },
  federation: { sweep: quiet },
} as unknown as Services

test('the log is cleaned up from the start on', async () => {
  const cleaned = Promise.withResolvers<void>()
  const timers = startTimers(
    services,
    { cleanUpLog: async () => cleaned.resolve() },
    systemClock,
    log,
  )
  await cleaned.promise
  await timers.stop()
})

test('every service forgets what has run out', async () => {
  const swept = ['wallet', 'proofing', 'authenticator', 'federation'].map((name) => {
    const { promise, resolve } = Promise.withResolvers<void>()
    return { promise, service: { [name]: { monitor: quiet, sweep: async () => resolve() } } }
  })
  const sweeping = Object.assign({}, services, ...swept.map(({ service }) => service)) as Services
  const timers = startTimers(sweeping, { cleanUpLog: quiet }, systemClock, log)
  await Promise.all(swept.map(({ promise }) => promise))
  await timers.stop()
})

test('a fault of the clean-up is told', async () => {
  const fault = new TypeError('a fault')
  const timers = startTimers(
    services,
    { cleanUpLog: () => Promise.reject(fault) },
    systemClock,
    log,
  )
  await expect(timers.failed).rejects.toBe(fault)
  await timers.stop()
})
