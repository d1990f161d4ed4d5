import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import type { GateReport, ProposalView, ReleaseView } from '../api.ts'
import { FACTS } from '../policy-library.ts'
import {
  ANNA,
  BO,
  changedDocument,
  changedHeader,
  HEADER,
  openPolicyPages,
  openPolicyStand,
  withoutEquivalence,
  type PolicyStand,
} from './stand-releases.ts'

const NIST = 'nist-63-4/framework.yaml'
const LOGINS = 'nist-63-4/authentication.rules.yaml'

let stand: PolicyStand
let pages: Awaited<ReturnType<typeof openPolicyPages>>
beforeAll(async () => {
  stand = await openPolicyStand()
  pages = await openPolicyPages(stand)
})
afterAll(async () => {
  await pages[Symbol.asyncDispose]()
  await stand[Symbol.asyncDispose]()
})

type Changes = readonly { readonly path: string; readonly text: string }[]

/** More or fewer passwords are enough for a login than 15 characters or more; no test of the pack asks for these. */
const MORE = '(f.length >= 15 || f.length == 11)'
const FEWER = '(f.length >= 15 && f.length < 200)'

/** The rules of logins with another condition on passwords, under a version of its own. */
function passwords(enough: string): Changes {
  const { policy } = stand
  const header = changedDocument(policy, NIST, '1.1.0', (text) => text)
  const rules = changedDocument(policy, LOGINS, '', (text) =>
    text.replace('f.length >= 15', enough),
  )
  return [...header, ...rules]
}

async function check(changes: Changes, intent = 'raises_nobody'): Promise<GateReport> {
  const reply = await pages.call(ANNA, 'POST', 'check', { changes, intent })
  expect(reply.statusCode).toBe(200)
  return reply.json()
}

async function propose(changes: Changes, intent: string): Promise<ProposalView> {
  const { policyDigest: basePolicyDigest } = stand.policy.releases.current()
  const body = { basePolicyDigest, changes, note: 'as announced', intent }
  const reply = await pages.call(ANNA, 'POST', 'proposals', body)
  expect(reply.statusCode).toBe(200)
  return reply.json<{ readonly proposal: ProposalView }>().proposal
}

function approve({ id, contentDigest }: ProposalView) {
  return pages.call(BO, 'POST', `proposals/${id}/approve`, { contentDigest })
}

describe('a proposal that says it raises nobody', () => {
  test('and raises somebody is refused, with a person whom it raises', async () => {
    const proposal = await propose(passwords(MORE), 'raises_nobody')
    expect(proposal).toMatchObject({ intent: 'raises_nobody', report: { passed: false } })
    const { raisesNobody, objections } = proposal.report
    expect(raisesNobody).toMatchObject({
      verdict: 'refuted',
      raised: [{ framework: 'nist-800-63B-4', axis: 'AAL', before: 'none', after: 'AAL1' }],
      open: [],
    })
    const [person] = raisesNobody?.raised ?? []
    stand.policy.validator.facts(person?.facts)
    expect(JSON.stringify(person?.facts)).toContain('"length":11')
    expect(objections[0]?.en).toMatch(/^somebody is raised on nist-800-63B-4 AAL from/)
    expect((await approve(proposal)).statusCode).toBe(409)
    expect(stand.policy.releases.current().sequence).toBe(0)
  })

  test('and does not say so is not held to it', async () => {
    const proposal = await propose(passwords(MORE), 'any')
    expect(proposal.report).toMatchObject({ passed: true })
    expect(proposal.report).not.toHaveProperty('raisesNobody')
  })

  test('and only lowers is proved, and its release says so', async () => {
    const proposal = await propose(passwords(FEWER), 'raises_nobody')
    expect(proposal.report).toMatchObject({
      passed: true,
      raisesNobody: { verdict: 'proved', raised: [], open: [] },
    })
    const reply = await approve(proposal)
    expect(reply.statusCode).toBe(200)
    const { release } = reply.json<{ readonly release: ReleaseView }>()
    expect(release).toMatchObject({ intent: 'raises_nobody', sequence: 1 })
  })

  test('is compared with the options that the pack in force sets', async () => {
    const { policy } = stand
    expect((await check(withoutEquivalence(policy, '1.1.0'))).raisesNobody?.verdict).toBe('proved')
    const weaker = changedHeader(policy, '1.1.0', 'axis: AAL, session: session', 'axis: AAL')
    expect(await check(weaker)).toMatchObject({
      passed: false,
      raisesNobody: { verdict: 'not_proved', raised: [], open: [{ en: /another rule for sess/ }] },
    })
  })

  test('is refused where a rule that will hold for a while only would raise somebody', async () => {
    const { policy } = stand
    const header = changedDocument(policy, HEADER, '1.1.0', (text) =>
      text.replace(
        'grants:\n',
        `grants:
  - id: WATASHI.FAIR
    title: { ja: 試, en: test }
    cites: [test]
    in_force: { from: 2027-01-01, until: 2027-02-01 }
    grant: { device_bound: 'yes' }
    when: proofing.channel == post
`,
      ),
    )
    expect(await check(header)).toMatchObject({
      raisesNobody: { verdict: 'refuted', raised: [{ axis: 'device_bound' }] },
    })
  })

  test('is not proved where the facts themselves are others', async () => {
    const text = stand.policy.releases.current().documents.get(FACTS) ?? ''
    const report = await check([{ path: FACTS, text: `${text}# another line\n` }])
    expect(report).toMatchObject({
      passed: false,
      raisesNobody: { verdict: 'not_proved', open: [{ en: /facts\.yaml changed/ }] },
      objections: [{ en: /^that nobody is raised is not proved/ }],
    })
  })
})

test.each(['raises_everybody', '', null])('an intent of %j is refused', async (intent) => {
  const reply = await pages.call(ANNA, 'POST', 'check', { changes: passwords(FEWER), intent })
  expect(reply.statusCode).toBe(400)
})

test('a refusal over HTTP needs a reason, which the author reads', async () => {
  const { id } = await propose(withoutEquivalence(stand.policy, '1.9.0'), 'any')
  const path = `proposals/${id}`
  expect((await pages.call(BO, 'POST', `${path}/refuse`, {})).statusCode).toBe(400)
  expect((await pages.call(BO, 'POST', `${path}/refuse`, { reason: '' })).statusCode).toBe(400)
  const reason = '表のとおりではありません'
  expect((await pages.call(BO, 'POST', `${path}/refuse`, { reason })).statusCode).toBe(200)
  const read = await pages.call(ANNA, 'GET', path)
  expect(read.json()).toMatchObject({ proposal: { state: 'refused', refusal: reason } })
})

test.each(['', 'subject-person', `weak:${ANNA}`])('`%s` is no author at work', async (who) => {
  const reply = await pages.call(who, 'POST', 'check', { changes: passwords(FEWER) })
  expect(reply.statusCode).toBe(who === '' ? 401 : 403)
})
