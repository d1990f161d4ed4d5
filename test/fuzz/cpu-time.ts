import { createPublicKey, sign, verify } from 'node:crypto'
import { testKey } from '../pki/keys.ts'

const { privateKey } = testKey('reference of speed')
const publicKey = createPublicKey(privateKey)
const MESSAGE = new Uint8Array(32)
const SIGNATURE = sign('sha256', MESSAGE, privateKey)
const ROUNDS = 100
/** What one verification with RSA-2048 takes where the limits of time were set, in microseconds. */
const REFERENCE = 17

/** CPU time of `work` in microseconds. */
export async function cpuTimeOf(work: () => unknown): Promise<number> {
  const before = process.cpuUsage()
  await work()
  const { user, system } = process.cpuUsage(before)
  return user + system
}

/** How many times slower this core is just now than the one that the limits were set for; at least 1. */
export async function slowness(): Promise<number> {
  const took = await cpuTimeOf(() => {
    for (let i = 0; i < ROUNDS; i++) verify('sha256', MESSAGE, publicKey, SIGNATURE)
  })
  return Math.max(1, took / ROUNDS / REFERENCE)
}
