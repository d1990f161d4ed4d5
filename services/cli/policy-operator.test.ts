import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import type { DecisionView, ImpactReply, OperatorReplayReply } from '../policy/api.ts'
import { KEYS_PATH, orderAboutKeys } from '../policy/keys-order.ts'
import {
  EXPORT_PATH,
  IMPACT_PATH,
  orderExport,
  orderImpact,
  orderReplay,
  POLICY_BODY_LIMITS,
  REPLAY_PATH,
} from '../policy/policy-orders.ts'
import { POLICIES_DIRECTORY } from '../policy/policy-store.ts'
import {
  LATER,
  openPolicyStand,
  PERSON,
  type PolicyStand,
} from '../policy/release/stand-releases.ts'
import { createOperatorFace, type OperatorFace } from '../rpc/operator-http.ts'
import { giveOrder } from './operator-order.ts'
import { exportDecisions } from './policy-decisions.ts'
import { policyImpact } from './policy-impact.ts'
import { policyKey } from './policy-key.ts'

const METI = 'meti-idtf-2016'
let stand: PolicyStand
let face: OperatorFace
let config: { readonly ports: never }
let folder: string
const printed: string[] = []
const io = {
  print: (line: string) => void printed.push(line),
  read: (path: string) => readFileSync(path, 'utf8'),
}

/** The product's operator face over a policy service with one person. */
beforeAll(async () => {
  stand = await openPolicyStand()
  const { policy } = stand
  face = createOperatorFace({
    log: { error: () => undefined },
    notReady: () => [],
    gauges: {},
    bodyLimits: POLICY_BODY_LIMITS,
    orders: {
      [IMPACT_PATH]: (body) => orderImpact(policy, body),
      [REPLAY_PATH]: (body) => orderReplay(policy, body),
      [EXPORT_PATH]: async (body) => orderExport(policy, body),
      [KEYS_PATH]: (body) => orderAboutKeys(policy.releaseKeys, body),
    },
  })
  config = { ports: { operator: await face.listen(0) } as never }
  folder = mkdtempSync(join(tmpdir(), 'watashi-draft-'))
  cpSync(POLICIES_DIRECTORY, folder, { recursive: true })
  const header = join(folder, 'watashi-default/framework.yaml')
  const text = readFileSync(header, 'utf8')
  writeFileSync(header, text.replace('jpki_equivalence: true', 'jpki_equivalence: false'))
})
afterAll(async () => {
  await face.close()
  await stand[Symbol.asyncDispose]()
  rmSync(folder, { recursive: true })
})
beforeEach(() => void (printed.length = 0))

async function exported(options = {}): Promise<readonly DecisionView[]> {
  printed.length = 0
  expect(await exportDecisions(config, options, io)).toBe(0)
  return printed.map((line) => JSON.parse(line) as DecisionView)
}

describe('policy impact', () => {
  test('counts everybody by the level now and with the draft, and changes nothing', async () => {
    const before = stand.policy.digest
    expect(await policyImpact(config, folder, { json: true }, io)).toBe(0)
    const { subjects, axes } = JSON.parse(printed[0] ?? '') as ImpactReply
    expect(subjects).toBe(1)
    expect(axes.find(({ axis }) => axis === 'proofing')).toMatchObject({ lowered: 1, raised: 0 })
    expect(stand.policy.digest).toBe(before)
  })

  test('says in words who moves from where to where', async () => {
    expect(await policyImpact(config, folder, {}, io)).toBe(0)
    expect(printed[0]).toBe('1 persons')
    const at = printed.indexOf(`${METI} proofing: 0 raised, 1 lowered, 0 unchanged`)
    expect(printed[at + 1]).toBe('  3 -> 1: 1')
  })

  test('takes the folder of one pack for that pack alone', async () => {
    const pack = join(folder, 'watashi-default')
    expect(await policyImpact(config, pack, {}, io)).toBe(0)
    expect(printed).toContain('  3 -> 1: 1')
    printed.length = 0
    const asItIs = join(POLICIES_DIRECTORY, METI)
    expect(await policyImpact(config, asItIs, { json: true }, io)).toBe(0)
    const { axes } = JSON.parse(printed[0] ?? '') as ImpactReply
    expect(axes.every(({ raised, lowered }) => raised === 0 && lowered === 0)).toBe(true)
  })

  test('refuses what is no folder of packs, and says what is wrong with a draft', async () => {
    const nowhere = policyImpact(config, join(folder, 'nowhere'), {}, io)
    await expect(nowhere).rejects.toMatchObject({ code: 'INVALID_INPUT', path: 'DRAFT' })
    const bad = join(folder, 'broken')
    cpSync(join(folder, METI), join(bad, METI), { recursive: true })
    const header = join(bad, METI, 'framework.yaml')
    writeFileSync(header, 'language: 1\n')
    const refused = policyImpact(config, join(bad, METI), {}, io)
    await expect(refused).rejects.toMatchObject({ code: 'POLICY_REJECTED' })
    rmSync(bad, { recursive: true })
    expect(printed).toEqual([])
  })
})

describe('policy decisions export', () => {
  test('writes every decision that fits, oldest first, one a line', async () => {
    const all = await exported()
    expect(all.length).toBeGreaterThan(1)
    expect(all.map(({ id }) => id)).toEqual(all.map(({ id }) => id).toSorted())
    expect(all.every(({ subject }) => subject === PERSON)).toBe(true)
    const some = await exported({ axis: 'proofing', framework: METI })
    expect(some).toEqual(all.filter(({ axis }) => axis === 'proofing'))
    expect(await exported({ from: LATER })).toEqual([])
    expect(await exported({ answer: all[0]?.id ?? '' })).toEqual([])
    expect(await exported({ from: '2026-05-31', to: LATER })).toEqual(all)
  })

  test.each([
    [{ from: 'yesterday' }, 'INVALID_INPUT'],
    [{ occasion: 'party' as never }, 'INVALID_INPUT'],
  ])('refuses %j', async (options, code) => {
    await expect(exportDecisions(config, options, io)).rejects.toMatchObject({ code })
    expect(printed).toEqual([])
  })

  test('is refused where nothing runs', async () => {
    const nobody = { ports: { operator: 9 } as never }
    await expect(exportDecisions(nobody, {}, io)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
  })
})

describe('policy impact --log', () => {
  async function replayed(lines: readonly string[], options = {}): Promise<string[]> {
    const log = join(folder, 'decisions.ndjson')
    writeFileSync(log, `${lines.join('\n')}\n`)
    printed.length = 0
    expect(await policyImpact(config, folder, { log, ...options }, io)).toBe(0)
    return [...printed]
  }

  test('tells what the draft would have decided of exported decisions, and of no other', async () => {
    const meti = await exported({ framework: METI, axis: 'proofing' })
    const lines = meti.map((one) => JSON.stringify(one))
    const [json] = await replayed([...lines, ...lines], { json: true })
    expect(JSON.parse(json ?? '') as OperatorReplayReply).toMatchObject({
      ...{ decisions: 1, changed: 1, notReplayable: 0, notFound: 0 },
      axes: [{ framework: METI, axis: 'proofing', lowered: 1 }],
    })
    expect(await replayed(lines)).toContain('  3 -> 1: 1')
  })

  test('counts what the log does not have, and guesses nothing of it', async () => {
    const [first] = await exported({ framework: METI, axis: 'proofing' })
    const [json] = await replayed([JSON.stringify({ ...first, id: 'gone' })], { json: true })
    expect(JSON.parse(json ?? '')).toMatchObject({ decisions: 0, notFound: 1, axes: [] })
  })

  test.each(['{"level":"3"}', 'no line of ours', ''])('refuses a file with %j', async (line) => {
    await expect(replayed([line])).rejects.toMatchObject({ code: 'INVALID_INPUT' })
    expect(printed).toEqual([])
  })
})

describe('policy key', () => {
  test('lists the key that signs, and makes one that follows it', async () => {
    expect(await policyKey(config, undefined, {}, io)).toBe(0)
    expect(printed).toEqual([expect.stringMatching(/^[\w-]{43} current policy-releases\.pem$/)])
    expect(await policyKey(config, 'rotate', { json: true }, io)).toBe(0)
    expect(await policyKey(config, 'rotate', { json: true }, io)).toBe(0)
    expect(printed[1]).toBe(printed[2])
    expect(JSON.parse(printed[1] ?? '')).toMatchObject({
      keys: [
        { state: 'current', held: true },
        { file: 'policy-releases-2.pem', state: 'next', held: true },
      ],
    })
  })

  test('takes no other step', async () => {
    const refused = policyKey(config, 'burn', {}, io)
    await expect(refused).rejects.toMatchObject({ code: 'INVALID_INPUT' })
    const { ports } = config as unknown as { ports: { operator: number } }
    const order = giveOrder(ports.operator, KEYS_PATH, { rotate: 'yes' })
    expect((await order).answer.error).toMatchObject({ code: 'INVALID_INPUT' })
    expect(printed).toEqual([])
  })
})
