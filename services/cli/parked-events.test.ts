import { mkdtempSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { SubjectErased } from '../../proto/gen/watashi/wallet/v1/wallet.ts'
import { readConfig, type Config } from '../config.ts'
import { openEventCore, type EventCore } from '../context/event-core.ts'
import { SIGNATURE_HEADER, toHeaders } from '../eventlog/event-headers.ts'
import { eventKeyId } from '../eventlog/event-trust.ts'
import { systemClock } from '../kernel/clock.ts'
import { Conflict, InvalidInput, NotFound } from '../kernel/errors.ts'
import { TOPICS } from '../kernel/event.ts'
import { createLog } from '../kernel/log.ts'
import { systemRandom } from '../kernel/random.ts'
import { loadSigningKey, type KeyFiles } from '../rpc/key-file-store.ts'
import { discardParked, replayParked, type DiscardOrder } from './mend-parked.ts'
import { listDiscarded, listParked, showParked } from './parked-events.ts'

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

describe('watashi log parked discard', { timeout: 60_000 }, () => {
  const REASON = 'INC-42: nobody of ours wrote it'
  const order = { ...parkedKey, topic: TOPICS.subject, offset: '0', reason: REASON }
  const discard = (over: Partial<DiscardOrder> = {}) =>
    call((io) => discardParked(config, { ...order, ...over }, log, io))
  const faults = () => json((io) => listParked(config, { json: true }, io))

  test('takes a forged event out of the way, and the key goes on after it', async () => {
    await arrive('forged', 'genuine', 'genuine')
    expect(await faults()).toMatchObject([{ ...parkedKey, reason: FORGED }])
    expect((await call((io) => replayParked(config, parkedKey, log, io))).code).toBe(1)

    expect(await discard()).toEqual({ code: 0, out: ['discarded 1, applied 2'], complaints: [] })
    expect(await faults()).toEqual([])
    expect(await json((io) => listDiscarded(config, { json: true }, io))).toEqual([
      {
        ...parkedKey,
        topic: TOPICS.subject,
        offset: 0,
        reason: FORGED,
        id: FORGED_ID,
        type: 'watashi.wallet.v1.SubjectErased',
        discarded_at: expect.stringMatching(/^20/) as unknown,
        discard_reason: REASON,
      },
    ])
    await expect(discard()).rejects.toThrow(NotFound)
    // What comes later is taken at once.
    await arrive('genuine')
    expect(await faults()).toEqual([])
  })

  test('stops again at the next one that is forged, until that is discarded too', async () => {
    await arrive('forged', 'genuine', 'forged', 'genuine')
    const { code, out, complaints } = await discard()
    expect({ code, out }).toEqual({ code: 1, out: ['discarded 1, applied 1'] })
    expect(complaints).toEqual([expect.stringContaining(FORGED)])
    expect(await faults()).toMatchObject([{ ...parkedKey, offset: 2, reason: FORGED }])
    expect(await discard({ offset: '2' })).toMatchObject({ code: 0 })
    expect(await faults()).toEqual([])
    const texts = await printed((io) => listDiscarded(config, {}, io))
    expect(texts).toEqual([0, 2].map((at) => expect.stringContaining(` offset=${at} `) as unknown))
  })

  test('leaves no gap behind an event of our own that is given up', async () => {
    await park(erased(KEY))
    expect(await discard()).toMatchObject({ code: 0, out: ['discarded 1, applied 1'] })
    expect(await faults()).toEqual([])
  })

  test.each<[string, Partial<DiscardOrder>, new (...values: never[]) => Error]>([
    ['another key', { key: 'subject-2' }, NotFound],
    ['another consumer', { consumer: 'proofing.nobody' }, NotFound],
    ['another topic', { topic: TOPICS.policy }, NotFound],
    ['an event that is not parked', { offset: '7' }, NotFound],
    ['an event that only waits behind', { offset: '1' }, Conflict],
    ['a place that is none', { offset: '-1' }, InvalidInput],
    ['no reason', { reason: '  ' }, InvalidInput],
    ['a reason without end', { reason: 'x'.repeat(501) }, InvalidInput],
  ])('refuses %s, and changes nothing', async (_, over, refusal) => {
    await arrive('forged', 'genuine')
    await expect(discard(over)).rejects.toThrow(refusal)
    expect(await json((io) => showParked(config, parkedKey, { json: true }, io))).toHaveLength(2)
    expect(await printed((io) => listDiscarded(config, {}, io))).toEqual(['no event was discarded'])
  })

  test('is refused while the product runs on SQLite', async () => {
    await arrive('forged')
    await using _running = await running()
    await expect(discard()).rejects.toThrow(Conflict)
    expect(await faults()).toHaveLength(1)
  })

  test('keeps the reason out of the log', async () => {
    await arrive('forged')
    const lines: string[] = []
    const written = createLog('debug', { write: (line: string) => void lines.push(line) })
    await call((io) => discardParked(config, order, written, io))
    expect(lines.join('')).toContain('"msg":"EVENT_DISCARDED"')
    expect(lines.join('')).not.toContain('INC-42')
  })
})

const FORGED = 'EVENT_SIGNATURE_INVALID'
const FORGED_ID = '01a3b6f2-0000-7000-8000-000000000000'

/** Events of one key as they come to its consumer: our own, and what somebody else wrote into the log. */
async function arrive(...kinds: readonly ('forged' | 'genuine')[]): Promise<void> {
  const opened = await core()
  for (const [at, kind] of kinds.entries()) {
    if (kind === 'forged') await forge(opened, `${FORGED_ID.slice(0, -1)}${at}`)
    else await publish(opened, KEY, erased(KEY))
    await expect.poll(() => opened.relay.pending()).toBe(0)
  }
  const apply = async (): Promise<void> => undefined
  const consumer = opened.consume({ name: CONSUMER, topics: [TOPICS.subject], apply })
  await expect.poll(() => consumer.lag()).toBe(0)
  await opened.close()
}

/** All that our own producer writes, the version of its next event as well, but for the signature. */
async function forge({ eventLog }: EventCore, id: string): Promise<void> {
  const { publicKey } = loadSigningKey(keyFiles(), 'events-wallet')
  const at = new Date('2026-04-01T00:00:00Z')
  const headers = {
    ...toHeaders({
      ...{ id, type: 'watashi.wallet.v1.SubjectErased', source: 'wallet', keyVersion: 1 },
      ...{ environment: 'simulator', occurredAt: at, recordedAt: at, kid: eventKeyId(publicKey) },
    }),
    [SIGNATURE_HEADER]: 'A'.repeat(86),
  }
  await eventLog.append(TOPICS.subject, [{ id, key: KEY, headers, value: erased(KEY) }])
}

function erased(subjectRef: string): Uint8Array {
  return SubjectErased.encode(
    SubjectErased.fromPartial({ subjectRef, erasedAt: new Date('2026-04-01T00:00:00Z') }),
  ).finish()
}

function keyFiles(): KeyFiles {
  return { dir: config.keysDir, makeMissing: true, random: systemRandom }
}

function core(): Promise<EventCore> {
  return openEventCore({
    config,
    keys: keyFiles(),
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
  for (let i = 0; i < 2; i += 1) await publish(opened, key, value)
  await expect.poll(() => opened.relay.pending()).toBe(0)
  await expect.poll(() => consumer.lag()).toBe(0)
  await opened.close()
}

async function publish(opened: EventCore, key: string, value: Uint8Array): Promise<void> {
  const occurredAt = new Date('2026-04-01T00:00:00Z')
  const event = { topic: TOPICS.subject, key, type: 'watashi.wallet.v1.SubjectErased', value }
  await opened.database.run((tx) =>
    opened.publisher('wallet').publish(tx, { ...event, occurredAt }),
  )
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
