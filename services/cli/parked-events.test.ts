import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { SubjectErased } from '../../proto/gen/watashi/wallet/v1/wallet.ts'
import { readConfig, type Config } from '../config.ts'
import { openEventCore, type EventCore } from '../context/event-core.ts'
import { systemClock } from '../kernel/clock.ts'
import { Conflict, InvalidInput, NotFound } from '../kernel/errors.ts'
import { TOPICS } from '../kernel/event.ts'
import { createLog } from '../kernel/log.ts'
import { systemRandom } from '../kernel/random.ts'
import { listParked, showParked } from './parked-events.ts'
import { replayParked } from './replay-parked.ts'

const CONSUMER = 'proofing.erasure'
const KEY = 'subject-1'
const parkedKey = { consumer: CONSUMER, key: KEY }
const log = createLog('silent')

let folder: string
let config: Config
beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'watashi-parked-'))
  config = readConfig({ DATA_DIR: folder })
})
afterEach(() => rm(folder, { recursive: true, force: true }))

describe('watashi log parked', () => {
  test('lists, shows and replays a key whose cause is mended', { timeout: 60_000 }, async () => {
    await park(erased(KEY))

    expect(await printed((io) => listParked(config, {}, io))).toEqual([
      expect.stringMatching(
        /^proofing\.erasure subject-1: INVALID_INPUT at subject\.events\.v1 offset 0, since 20/,
      ),
    ])
    const [row] = await json((io) => listParked(config, { json: true }, io))
    expect(row).toMatchObject({ ...parkedKey, topic: TOPICS.subject, reason: 'INVALID_INPUT' })

    const { code, out } = await call((io) => replayParked(config, parkedKey, log, io))
    expect({ code, out }).toEqual({ code: 0, out: ['applied 2'] })
    expect(await printed((io) => listParked(config, {}, io))).toEqual(['no key is parked'])
    expect(await json((io) => listParked(config, { json: true }, io))).toEqual([])
    await expect(call((io) => replayParked(config, parkedKey, log, io))).rejects.toThrow(NotFound)
  })

  test('shows what is known of each event, and its payload only when asked', async () => {
    await park(erased(KEY))
    const rows = await json((io) => showParked(config, parkedKey, { json: true }, io))
    expect(rows).toMatchObject([
      { at_fault: true, reason: 'INVALID_INPUT', version: '1', source: 'wallet' },
      { at_fault: false, reason: 'EVENT_KEY_PARKED', version: '2' },
    ])
    const payload = Buffer.from(erased(KEY)).toString('base64')
    const text = (await printed((io) => showParked(config, parkedKey, {}, io))).join('\n')
    expect(text).toContain('type=watashi.wallet.v1.SubjectErased')
    expect(JSON.stringify(rows) + text).not.toContain(payload)
    const options = { payload: true }
    expect((await printed((io) => showParked(config, parkedKey, options, io)))[0]).toContain(
      `payload=${payload}`,
    )
  })

  test('keeps the key parked while the cause is still there', { timeout: 60_000 }, async () => {
    await park(erased('another-subject'))
    const { code, out, complaints } = await call((io) => replayParked(config, parkedKey, log, io))
    expect({ code, out }).toEqual({ code: 1, out: [] })
    expect(complaints[0]).toContain('INVALID_INPUT')
    expect(await json((io) => showParked(config, parkedKey, { json: true }, io))).toHaveLength(2)
  })

  test('reads while the product runs, and refuses to replay then', async () => {
    await park(erased(KEY))
    await using _running = await running()
    expect(await json((io) => listParked(config, { json: true }, io))).toHaveLength(1)
    await expect(call((io) => replayParked(config, parkedKey, log, io))).rejects.toThrow(Conflict)
    expect(await json((io) => listParked(config, { json: true }, io))).toHaveLength(1)
  })

  test('knows neither another key nor another consumer', { timeout: 60_000 }, async () => {
    await park(erased(KEY))
    const other = { consumer: CONSUMER, key: 'other' }
    await expect(call((io) => showParked(config, other, {}, io))).rejects.toThrow(NotFound)
    const nobody = { consumer: 'nobody', key: KEY }
    await expect(call((io) => replayParked(config, nobody, log, io))).rejects.toThrow(CONSUMER)
  })

  test('makes no database where there is none', async () => {
    await expect(call((io) => listParked(config, {}, io))).rejects.toThrow(NotFound)
    await expect(call((io) => replayParked(config, parkedKey, log, io))).rejects.toThrow(NotFound)
    await expect(call((io) => listParked(config, {}, io))).rejects.toThrow(NotFound)
  })

  test('lets a key that came from outside not steer the terminal', async () => {
    await park(erased(KEY), '\u001b[31mred\n\u202e')
    const [line] = await printed((io) => listParked(config, {}, io))
    expect(line).toMatch(/^[ -~]+$/)
  })
})

function erased(subjectRef: string): Uint8Array {
  return SubjectErased.encode(
    SubjectErased.fromPartial({ subjectRef, erasedAt: new Date('2026-04-01T00:00:00Z') }),
  ).finish()
}

function core(): Promise<EventCore> {
  return openEventCore({
    config,
    keys: { dir: config.keysDir, makeMissing: true, random: systemRandom },
    clock: systemClock,
    random: systemRandom,
    log,
  })
}

async function running(): Promise<AsyncDisposable> {
  const opened = await core()
  return { [Symbol.asyncDispose]: () => opened.close() }
}

/** Two events that a consumer with a fault could not take. */
async function park(value: Uint8Array, key = KEY): Promise<void> {
  const opened = await core()
  const consumer = opened.consume({
    name: CONSUMER,
    topics: [TOPICS.subject],
    apply: () => Promise.reject(new InvalidInput('value', 'another')),
  })
  const occurredAt = new Date('2026-04-01T00:00:00Z')
  const event = { topic: TOPICS.subject, key, type: 'watashi.wallet.v1.SubjectErased', value }
  for (let i = 0; i < 2; i += 1) {
    await opened.database.run((tx) =>
      opened.publisher('wallet').publish(tx, { ...event, occurredAt }),
    )
  }
  await expect.poll(() => opened.relay.pending()).toBe(0)
  await expect.poll(() => consumer.lag()).toBe(0)
  await opened.close()
}

interface TestIo {
  print(line: string): void
  complain(line: string): void
}

async function call(command: (io: TestIo) => Promise<number>) {
  const out: string[] = []
  const complaints: string[] = []
  const io = {
    print: (line: string) => out.push(line),
    complain: (l: string) => complaints.push(l),
  }
  return { code: await command(io), out, complaints }
}

async function printed(command: (io: TestIo) => Promise<number>): Promise<string[]> {
  const { code, out } = await call(command)
  expect(code).toBe(0)
  return out
}

async function json(command: (io: TestIo) => Promise<number>): Promise<Record<string, unknown>[]> {
  return (await printed(command)).map((line) => JSON.parse(line) as Record<string, unknown>) // the command's own form
}
