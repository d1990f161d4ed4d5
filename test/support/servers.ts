import { randomBytes } from 'node:crypto'
import { Client } from 'pg'
import { afterAll, inject } from 'vitest'
import './global-setup.ts'
import type { StartedTier, Tier } from './started-tier.ts'
import { startTier, type TierName } from './tiers.ts'

/**
 * The real server that this test file needs, shared by the whole run; call it at the top of the file and pass it to
 * `describe.skipIf(!tier.available)`. Without one the reason is printed, and under `CI=true` that is a failure.
 */
export async function realServer(name: TierName): Promise<Tier> {
  const tier = await ask(name)
  if (tier.available) return tier
  if (process.env['CI'] === 'true') throw new Error(`no ${name} for the tests: ${tier.reason}`)
  console.warn(`SKIPPED: the ${name} tier does not run: ${tier.reason}`)
  return tier
}

async function ask(name: TierName): Promise<Tier> {
  const desk = inject('tiers') as string | undefined
  if (desk !== undefined) {
    const response = await fetch(`${desk}/${name}`)
    if (!response.ok) throw new Error(await response.text())
    return (await response.json()) as Tier
  }
  // Run without the global set-up: a server for this file alone.
  const started: StartedTier = await startTier[name]()
  afterAll(() => started.stop())
  return started.tier
}

/** A new, empty database on the server of `address`, so that test files do not meet. */
export async function freshDatabase(address: string): Promise<string> {
  const name = `watashi_${randomBytes(6).toString('hex')}`
  const client = new Client({ connectionString: address })
  await client.connect()
  try {
    await client.query(`create database ${name}`)
  } finally {
    await client.end()
  }
  const url = new URL(address)
  url.pathname = `/${name}`
  return url.href
}

/** A prefix of topics and groups that no other test uses, since a given broker keeps what earlier runs wrote. */
export function freshPrefix(): string {
  return `test-${randomBytes(6).toString('hex')}.`
}
