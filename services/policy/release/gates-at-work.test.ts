import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { createTaskDesk } from '../../kernel/task-desk.ts'
import type { CeremonyFacts } from '../ports.ts'
import { createGateDesk, type GateDesk } from './gate-thread-pool.ts'
import type { GateAnswers, GateTask } from './gate-thread.ts'
import { authorCode } from './release.ts'
import {
  ANNA,
  BO,
  changedDocument,
  GATES,
  LATER,
  openPolicyPages,
  openPolicyStand,
  PERSON,
  propose,
  publish,
  withoutEquivalence,
  type PolicyStand,
} from './stand-releases.ts'

const CLO = 'subject-clo'
const SILENT = { error: () => undefined }
const CONFLICT = { code: 'CONFLICT' }

let stand: PolicyStand
let meanwhile: () => Promise<unknown>
let ended: () => void

/** The desk of the product, where something happens while the gates are at work. */
const desk: GateDesk = {
  async ask(task, signal) {
    const happens = meanwhile
    meanwhile = nothing
    const answer = GATES.ask(task, signal).finally(ended)
    await happens()
    return answer
  },
  close: () => GATES.close(),
}

const nothing = (): Promise<void> => Promise.resolve()

beforeEach(async () => {
  meanwhile = nothing
  ended = () => undefined
  stand = await openPolicyStand({ gates: desk })
  await stand.policy.authors.askForRole(CLO)
  await stand.policy.authors.grantRole(authorCode(CLO), true)
})
afterEach(() => stand[Symbol.asyncDispose]())

async function stateOf(id: string): Promise<string> {
  return (await stand.policy.proposals.one(id)).row.state
}

function approve(subjectRef: string, row: { readonly id: string; readonly contentDigest: string }) {
  return stand.policy.releases.approve(subjectRef, row.id, row.contentDigest)
}

/** A second process on the same database. */
async function otherProcess() {
  const other = stand.open({ gates: GATES })
  await other.activate()
  return other
}

describe('while the gates look at an approved proposal', () => {
  test('its author may withdraw it, and it is not published', async () => {
    const { row } = await propose(stand.policy)
    meanwhile = () => stand.policy.proposals.withdraw(ANNA, row.id)
    await expect(approve(BO, row)).rejects.toMatchObject(CONFLICT)
    expect(await stateOf(row.id)).toBe('withdrawn')
    expect(stand.policy.releases.current().sequence).toBe(0)
    expect(await stand.policy.releases.releases()).toEqual([])
  })

  test('another release may come into force, and the proposal stays open for what it was made from', async () => {
    const other = await otherProcess()
    const { row } = await propose(stand.policy)
    meanwhile = () => publish(other, withoutEquivalence(other, '1.9.0'))
    await expect(approve(BO, row)).rejects.toMatchObject(CONFLICT)
    expect(await stateOf(row.id)).toBe('open')
    const [only, ...more] = await stand.policy.releases.releases()
    expect([only?.content.sequence, more]).toEqual([1, []])
    await stand.policy.rescoreDue(stand.core.clock.now())
    expect(stand.policy.digest).toBe(other.digest)
    expect((await stand.policy.proposals.one(row.id)).current).toBe(false)
  })

  test('the approver may lose the role, and it stays open', async () => {
    const { row } = await propose(stand.policy)
    meanwhile = () => stand.policy.authors.grantRole(authorCode(BO), false)
    await expect(approve(BO, row)).rejects.toMatchObject({ code: 'PERMISSION_DENIED' })
    expect(await stateOf(row.id)).toBe('open')
    expect(await approve(CLO, row)).toMatchObject({ content: { sequence: 1 } })
  })

  test('of two who approve it at once, one publishes it', async () => {
    const { row } = await propose(stand.policy)
    const both = await Promise.allSettled([approve(BO, row), approve(CLO, row)])
    expect(both.map(({ status }) => status).sort()).toEqual(['fulfilled', 'rejected'])
    expect(both).toContainEqual({
      status: 'rejected',
      reason: expect.objectContaining(CONFLICT) as unknown,
    })
    expect(await stand.policy.releases.releases()).toHaveLength(1)
  })

  test('of two proposals that are approved at once, also in two processes, one is published', async () => {
    const other = await otherProcess()
    const { row: first } = await propose(stand.policy)
    const { row: second } = await propose(stand.policy, withoutEquivalence(stand.policy, '1.2.0'))
    const both = await Promise.allSettled([
      approve(BO, first),
      other.releases.approve(CLO, second.id, second.contentDigest),
    ])
    expect(both).toContainEqual({
      status: 'rejected',
      reason: expect.objectContaining(CONFLICT) as unknown,
    })
    const states = [await stateOf(first.id), await stateOf(second.id)]
    expect(states.sort()).toEqual(['open', 'published'])
    expect(await stand.policy.releases.releases()).toHaveLength(1)
  })
})

describe('while the gates look at a draft that is proposed', () => {
  test('another release may come into force, and nothing is proposed', async () => {
    const other = await otherProcess()
    meanwhile = () => publish(other, withoutEquivalence(other, '1.9.0'))
    await expect(propose(stand.policy)).rejects.toMatchObject(CONFLICT)
    const proposals = await stand.policy.proposals.list()
    expect(proposals.map(({ row }) => row.state)).toEqual(['published'])
  })

  test('its author may lose the role, and nothing is proposed', async () => {
    meanwhile = () => stand.policy.authors.grantRole(authorCode(ANNA), false)
    await expect(propose(stand.policy)).rejects.toMatchObject({ code: 'PERMISSION_DENIED' })
    expect(await stand.policy.proposals.list()).toEqual([])
  })
})

describe('gates that come to no end', () => {
  const ending = (): GateDesk =>
    createTaskDesk<GateTask, GateAnswers>({
      program: new URL(`data:text/javascript,${encodeURIComponent(ENDS)}`),
      ...{ work: 'the check of the gates', log: SILENT },
    })
  const ENDS = `import { parentPort } from 'node:worker_threads'
    parentPort.on('message', () => process.exit(1))`

  test.each([
    ['that take too long', () => createGateDesk(SILENT, { patience: 1, waiting: 1 })],
    ['whose thread ends', ending],
  ])('%s leave a proposal as it was, and who waits is told', async (_which, open) => {
    const { row } = await propose(stand.policy)
    const broken = open()
    const policy = stand.open({ gates: broken })
    await policy.activate()
    const approval = policy.releases.approve(BO, row.id, row.contentDigest)
    await expect(approval).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    expect((await stand.policy.proposals.one(row.id)).row).toEqual(row)
    await expect(propose(policy)).rejects.toMatchObject({ code: 'UNAVAILABLE' })
    expect(await stand.policy.proposals.list()).toHaveLength(1)
    expect(await approve(BO, row)).toMatchObject({ content: { sequence: 1 } })
    await broken.close()
  })
})

test('pages and checks of relying parties are answered while the gates are at work', async () => {
  const { policy } = stand
  await using pages = await openPolicyPages(stand)
  const order: string[] = []
  const check = async () => {
    const question = { ...CHECK, at: stand.core.clock.now() }
    const given = {
      question,
      assessment: await policy.assess(question),
      occasion: 'check',
    } as const
    await policy.recordAnswer(given)
    order.push('check')
  }
  meanwhile = async () => {
    for (let i = 0; i < 5; i += 1) {
      expect((await pages.call(BO, 'GET', 'releases')).statusCode).toBe(200)
      order.push('page')
      await check()
    }
  }
  const header = changedDocument(policy, 'nist-63-4/framework.yaml', '1.1.0', (text) => text)
  const body = { changes: header, intent: 'raises_nobody' }
  ended = () => order.push('gates')
  const reply = await pages.call(ANNA, 'POST', 'check', body)
  expect(reply.statusCode).toBe(200)
  expect(order).toEqual([...Array.from({ length: 5 }, () => ['page', 'check']).flat(), 'gates'])
})

const LOGIN: CeremonyFacts = {
  auth: { factors: [{ type: 'mf_crypto', uv: true, phishing_resistant: true }] },
  authenticatedAt: new Date(LATER),
  lastActiveAt: new Date(LATER),
}
const CHECK = {
  subjectRef: PERSON,
  ceremony: LOGIN,
  minimum: { axes: [{ framework: 'nist-800-63B-4', axis: 'AAL', level: 'AAL1' }], flags: [] },
  rp: { id: 'bank' },
} as const
