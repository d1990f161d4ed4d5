import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import type { DecisionsReply, DecisionView, ExplanationReply, ReplayReply } from './api.ts'
import type { AnswerOccasion, AxisMinimum, CeremonyFacts, GivenAnswer } from './ports.ts'
import * as tables from './schema.sqlite.ts'
import {
  ANNA,
  LATER,
  changedHeader,
  openPolicyPages,
  openPolicyStand,
  PERSON,
  withoutEquivalence,
  type PolicyStand,
} from './release/stand-releases.ts'

const METI: AxisMinimum = { framework: 'meti-idtf-2016', axis: 'proofing', level: '2' }
const AAL: AxisMinimum = { framework: 'nist-800-63B-4', axis: 'AAL', level: 'AAL2' }
const ASKED = { axes: [METI, AAL], flags: ['device_bound'], maxAgeSeconds: 3600 } as const

/** A login a minute ago with a passkey that verified its user, and that is synchronised. */
const LOGIN: CeremonyFacts = {
  auth: {
    factors: [
      {
        ...{ type: 'mf_crypto', uv: true, exportable: true, be: true, intent: true },
        ...{ phishing_resistant: true, replay_resistant: true, authenticator: 'auth-canary' },
      },
    ],
  },
  authenticatedAt: new Date(LATER),
  lastActiveAt: new Date(LATER),
}

let stand: PolicyStand
let pages: Awaited<ReturnType<typeof openPolicyPages>>
beforeEach(async () => {
  stand = await openPolicyStand()
  pages = await openPolicyPages(stand)
})
afterEach(async () => {
  await pages[Symbol.asyncDispose]()
  await stand[Symbol.asyncDispose]()
})

/** A relying party is answered, as it is by a check. */
async function answer(
  { occasion = 'check', minimum = ASKED }: Partial<AskedOf> = {},
  at = new Date(LATER),
): Promise<GivenAnswer> {
  const { policy } = stand
  const question = { subjectRef: PERSON, ceremony: LOGIN, minimum, rp: { id: 'bank' }, at }
  const given = { question, assessment: await policy.assess(question), occasion }
  await policy.recordAnswer(given)
  return given
}
interface AskedOf {
  readonly occasion: AnswerOccasion
  readonly minimum: GivenAnswer['question']['minimum']
}

async function found(query: string): Promise<readonly DecisionView[]> {
  const reply = await pages.call(ANNA, 'GET', `decisions?${query}`)
  expect(reply.statusCode).toBe(200)
  return reply.json<DecisionsReply>().decisions
}

/** Pages of a search until its end. */
async function allPages(query: string): Promise<readonly (readonly DecisionView[])[]> {
  const pagesRead: (readonly DecisionView[])[] = []
  for (let after = ''; ;) {
    const reply = await pages.call(ANNA, 'GET', `decisions?${query}${after}`)
    const { decisions, next } = reply.json<DecisionsReply>()
    pagesRead.push(decisions)
    if (next === null) return pagesRead
    after = `&after=${next}`
  }
}

async function replay(body: object): Promise<ReplayReply> {
  const reply = await pages.call(ANNA, 'POST', 'decisions/replay', body)
  expect(reply.statusCode).toBe(200)
  return reply.json<ReplayReply>()
}

describe('an answer to a relying party', () => {
  test('stands in the log by axis, with who asked for what, and what it was made of', async () => {
    const { assessment } = await answer()
    const rows = await found('relyingParty=bank')
    expect(rows).toHaveLength(4)
    const byAxis = new Map(rows.map((row) => [row.axis, row]))
    const [proofing, aal, bound, age] = ['proofing', 'AAL', 'device_bound', 'max_age'].map((axis) =>
      byAxis.get(axis),
    )
    const common = {
      ...{
        subject: PERSON,
        occasion: 'check',
        relyingParty: 'bank',
        decidedAt: '2026-06-01T00:01:00.000Z',
      },
      ...{ policyDigest: stand.policy.digest, factsDigest: assessment.factsDigest },
      questionId: rows[0]?.questionId,
    }
    expect(rows.map(({ id }) => id)).toContain(rows[0]?.questionId)
    expect(proofing).toMatchObject({ ...common, level: '3', requested: '2', satisfied: true })
    expect(proofing?.firedRules).not.toEqual([])
    expect(aal).toMatchObject({ ...common, level: 'AAL2', requested: 'AAL2', satisfied: true })
    expect(aal?.validUntil).toMatch(/^2026-06-0/)
    expect(bound).toMatchObject({ ...common, level: 'no', requested: 'yes', satisfied: false })
    expect(age).toMatchObject({ ...common, requested: '3600', satisfied: true })
  })

  test('is found whole by its id, and no other is', async () => {
    await answer()
    await answer({ occasion: 'login' })
    const rows = await found('occasion=answer')
    const answers = [...new Set(rows.map(({ questionId }) => questionId))]
    expect(answers).toHaveLength(2)
    for (const one of answers) {
      const whole = rows.filter(({ questionId }) => questionId === one)
      expect(whole).toHaveLength(4)
      expect(await found(`questionId=${one}`)).toEqual(whole)
      expect(await found(`questionId=${one}&axis=AAL`)).toHaveLength(1)
    }
    expect(await found('questionId=nothing')).toEqual([])
  })

  test('to a question that asks for nothing is not left out', async () => {
    await answer({ occasion: 'login', minimum: { axes: [], flags: [] } })
    expect(await found('occasion=login')).toMatchObject([{ axis: '', satisfied: true }])
  })

  test('is found by whether it was enough, and apart from changes of level', async () => {
    await answer()
    const axes = async (query: string) => (await found(query)).map(({ axis }) => axis)
    expect(await axes('satisfied=no')).toEqual(['device_bound'])
    expect((await axes('satisfied=yes')).sort()).toEqual(['AAL', 'max_age', 'proofing'])
    expect(await axes('occasion=answer')).toHaveLength(4)
    expect(await axes('relyingParty=library')).toEqual([])
    expect(await axes('occasion=change')).not.toContain('device_bound')
    expect(
      new Set((await found('occasion=change')).map(({ relyingParty }) => relyingParty)),
    ).toEqual(new Set([null]))
  })

  test('is no change of level, and is forgotten with the person', async () => {
    const before = (await stand.policy.decisions(PERSON)).length
    await answer()
    expect(await stand.policy.decisions(PERSON)).toHaveLength(before)
    const { database } = stand.core
    const erased = { kind: 'erased', subjectRef: PERSON } as const
    await database.run((tx) => stand.policy.apply(tx, erased, 'e-2'))
    await answer()
    expect(await found(`subject=${PERSON}`)).toEqual([])
  })

  test('is evaluated again to the same level, a login as well', async () => {
    await answer()
    for (const { id, axis } of await found('occasion=check')) {
      const reply = await pages.call(ANNA, 'GET', `decisions/${id}`)
      const explained = reply.json<ExplanationReply>()
      expect([axis, explained.replay]).toEqual([axis, { outcome: 'same' }])
      if (axis === 'AAL') expect(explained.why).not.toEqual([])
    }
  })
})

describe('a search of more than a page', () => {
  test('goes on from page to page, each decision once, newest first', async () => {
    for (let i = 0; i < 60; i += 1) await answer({}, new Date(Date.parse(LATER) + i))
    const read = await allPages('occasion=check')
    expect(read.map(({ length }) => length)).toEqual([100, 100, 40])
    const ids = read.flat().map(({ id }) => id)
    expect(ids).toEqual([...new Set(ids)].sort().reverse())
  })

  test('by a rule gives the same as looking through everything', async () => {
    for (let i = 0; i < 60; i += 1) await answer({}, new Date(Date.parse(LATER) + i))
    const everything = (await allPages('occasion=check')).flat()
    const [rule = ''] = everything.find(({ axis }) => axis === 'AAL')?.firedRules ?? []
    const fitting = everything.filter(({ firedRules }) => firedRules.includes(rule))
    expect(fitting).toHaveLength(60)
    expect((await allPages(`occasion=check&rule=${rule}`)).flat()).toEqual(fitting)
    expect((await allPages('occasion=check&rule=RULE.OF.NOBODY')).flat()).toEqual([])
  })
})

describe('the export', () => {
  test('gives every decision of the range, a line each, and no login', async () => {
    for (let i = 0; i < 60; i += 1) await answer({}, new Date(Date.parse(LATER) + i))
    const reply = await pages.call(ANNA, 'GET', 'decisions/export?occasion=check')
    expect(reply.headers['content-type']).toBe('application/x-ndjson')
    const lines = reply.body.trimEnd().split('\n')
    expect(lines).toHaveLength(240)
    const rows = lines.map((line) => JSON.parse(line) as DecisionView)
    expect(new Set(rows.map(({ id }) => id)).size).toBe(240)
    expect(rows.map(({ decidedAt }) => decidedAt)).toEqual(
      rows.map(({ decidedAt }) => decidedAt).sort(),
    )
    expect(reply.body).not.toContain('auth-canary')
    const until = encodeURIComponent('2026-06-01T00:01:00.001Z')
    const first = await pages.call(ANNA, 'GET', `decisions/export?occasion=check&until=${until}`)
    expect(first.body.trimEnd().split('\n')).toHaveLength(4)
    const framework = await pages.call(ANNA, 'GET', 'decisions/export?framework=nist-800-63B-4')
    expect(framework.body.trimEnd().split('\n')).toHaveLength(60)
    const [rule = ''] = rows.find(({ axis }) => axis === 'AAL')?.firedRules ?? []
    const fired = await pages.call(ANNA, 'GET', `decisions/export?occasion=answer&rule=${rule}`)
    expect(fired.body.trimEnd().split('\n')).toHaveLength(60)
  })

  test('of nothing is empty, and is for authors alone', async () => {
    expect((await pages.call(ANNA, 'GET', 'decisions/export?framework=none')).body).toBe('')
    for (const who of ['', PERSON, `weak:${ANNA}`]) {
      const reply = await pages.call(who, 'GET', 'decisions/export')
      expect(reply.statusCode).toBe(who === '' ? 401 : 403)
      expect(reply.body).not.toContain(PERSON)
    }
  })

  test.each(['from=yesterday', 'occasion=guess', 'satisfied=maybe', 'limit=5'])(
    '`%s` is refused',
    async (query) => {
      expect((await pages.call(ANNA, 'GET', `decisions/export?${query}`)).statusCode).toBe(400)
    },
  )
})

describe('the log under a draft', () => {
  test('tells which decisions would have been others, with examples', async () => {
    await answer()
    const changes = withoutEquivalence(stand.policy)
    const impact = await replay({ changes, occasion: 'check' })
    expect(impact).toMatchObject({
      ...{ decisions: 4, changed: 1, noLongerSatisfied: 1, newlySatisfied: 0 },
      ...{ notReplayable: 0, notAnswered: 0 },
    })
    const meti = impact.axes.find(({ axis }) => axis === 'proofing')
    expect(meti).toMatchObject({ lowered: 1, raised: 0, examples: [{ from: '3', to: '1' }] })
    const [row, column] = ['3', '1'].map((level) => meti?.levels.indexOf(level) ?? -1)
    expect(meti?.matrix[row ?? -1]?.[column ?? -1]).toBe(1)
    const [example] = meti?.examples ?? []
    expect((await found('axis=proofing&occasion=check')).map(({ id }) => id)).toContain(example?.id)
    // With the changes of level as well.
    expect((await replay({ changes })).decisions).toBeGreaterThan(4)
    expect(stand.policy.releases.current().sequence).toBe(0)
  })

  test('is as it was under a draft that decides alike', async () => {
    await answer()
    const changes = changedHeader(stand.policy, '1.1.0', 'title: {', 'title: { ')
    expect(await replay({ changes })).toMatchObject({ changed: 0, notReplayable: 0 })
  })

  test('guesses nothing where the facts of then are gone', async () => {
    await answer()
    await stand.core.database.run(async (tx) => {
      await tx.delete(tables.facts)
    })
    const changes = withoutEquivalence(stand.policy)
    expect(await replay({ changes, occasion: 'check' })).toMatchObject({
      ...{ decisions: 4, changed: 0, notReplayable: 3, axes: [] },
    })
  })

  test('counts what the draft does not answer', async () => {
    const given = await answer({ occasion: 'explain' })
    const level = { framework: 'framework-of-once', axis: 'LOA', level: 'high' }
    const assessment = { ...given.assessment, levels: [level] }
    await stand.policy.recordAnswer({ ...given, assessment, occasion: 'check' })
    const changes = withoutEquivalence(stand.policy)
    expect(await replay({ changes, occasion: 'check' })).toMatchObject({ notAnswered: 1 })
  })
})
