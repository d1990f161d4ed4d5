import { once } from 'node:events'
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import type { TestProject } from 'vitest/node'
import type { StartedTier } from './started-tier.ts'
import { startTier, type TierName } from './tiers.ts'

declare module 'vitest' {
  interface ProvidedContext {
    /** Where a test file asks for a real server; it is started at the first question and shared by the whole run. */
    tiers: string
  }
}

/** vitest's `globalSetup`: real servers for the whole run, each started when the first test file asks for it. */
export default async function setup(project: TestProject): Promise<() => Promise<void>> {
  const started = new Map<TierName, Promise<StartedTier>>()
  const desk = createServer((request, response) => {
    const name: TierName = request.url === '/kafka' ? 'kafka' : 'postgres'
    const tier = started.get(name) ?? startTier[name]()
    started.set(name, tier)
    tier.then(
      (one) => response.end(JSON.stringify(one.tier)),
      (error: unknown) => {
        response.statusCode = 500
        response.end(String(error))
      },
    )
  })
  desk.listen(0, '127.0.0.1')
  await once(desk, 'listening')
  project.provide('tiers', `http://127.0.0.1:${(desk.address() as AddressInfo).port}`)
  return async () => {
    desk.close()
    desk.closeAllConnections()
    for (const tier of started.values()) await (await tier).stop()
  }
}
