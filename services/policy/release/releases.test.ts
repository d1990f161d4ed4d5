import { describe, expect, test } from 'vitest'
import { TOPICS } from '../../kernel/event.ts'
import type { Policy } from '../policy.ts'
import * as tables from '../schema.sqlite.ts'
import { authorCode, releaseFlaw } from './release.ts'
import {
  ANNA,
  BO,
  HEADER,
  KEYS,
  LATER,
  openPolicyStand,
  PERSON,
  propose,
  publish,
  withoutEquivalence,
} from './stand-releases.ts'
import { trustedFrom } from './trusted-keys.ts'

const METI = { framework: 'meti-idtf-2016', axis: 'proofing' }

async function metiLevel(policy: Policy, at = new Date(LATER)): Promise<string | undefined> {
  const levels = await policy.identityLevels(PERSON, at)
  return levels.find(({ axis }) => axis === METI.axis)?.level
}

describe('publishing by two persons', () => {
  test('what another person approves is signed, in force at once, and scores everybody again', async () => {
    await using given = await openPolicyStand()
    const { policy, core } = given
    const before = await policy.decisions(PERSON)
    expect(before.map(({ axis, level }) => `${axis} ${level}`)).toContain('proofing 3')
    const old = policy.digest

    const release = await publish(policy)
    expect(release.content).toMatchObject({ sequence: 1, previous: null, rolledBackTo: null })
    expect(release.content.author).not.toBe(release.content.approver)
    expect(releaseFlaw(release, trustedFrom(KEYS.pinned), null)).toBeNull()
    expect(policy.digest).toBe(release.content.policyDigest)
    expect(policy.digest).not.toBe(old)

    await policy.rescoreDue(core.clock.now())
    expect(await metiLevel(policy)).toBe('1')
    const after = (await policy.decisions(PERSON)).at(-1)
    expect(after).toMatchObject({ ...METI, level: '1', policyDigest: policy.digest })
    await core.settle()
    const told = (await core.events(TOPICS.policy)).filter(({ type }) => type.endsWith('Activated'))
    expect(told).toHaveLength(2)
  })

  test.each([
    ['its author', ANNA, 'PERMISSION_DENIED'],
    ['nobody’s author', PERSON, 'PERMISSION_DENIED'],
  ])('%s cannot approve it', async (_who, subjectRef, code) => {
    await using given = await openPolicyStand()
    const { row } = await propose(given.policy)
    const approval = given.policy.releases.approve(subjectRef, row.id, row.contentDigest)
    await expect(approval).rejects.toMatchObject({ code })
    expect(given.policy.releases.current().sequence).toBe(0)
  })

  test('an approval is of what was looked at, of an open proposal, and of what is in force', async () => {
    await using given = await openPolicyStand()
    const { releases } = given.policy
    const first = await propose(given.policy)
    const second = await propose(given.policy, withoutEquivalence(given.policy, '1.2.0'))
    await expect(
      releases.approve(BO, first.row.id, second.row.contentDigest),
    ).rejects.toMatchObject({
      code: 'CONFLICT',
    })
    await releases.approve(BO, first.row.id, first.row.contentDigest)
    for (const { row } of [first, second]) {
      const again = releases.approve(BO, row.id, row.contentDigest)
      await expect(again).rejects.toMatchObject({ code: 'CONFLICT' })
    }
    expect((await given.policy.proposals.one(second.row.id)).current).toBe(false)
    const late = given.policy.proposals.propose(ANNA, {
      basePolicyDigest: first.row.basePolicyDigest,
      changes: withoutEquivalence(given.policy, '1.3.0'),
      note: 'late',
    })
    await expect(late).rejects.toMatchObject({ code: 'CONFLICT' })
  })

  test('its author withdraws, and another refuses', async () => {
    await using given = await openPolicyStand()
    const { releases, proposals } = given.policy
    const { row } = await propose(given.policy)
    await expect(proposals.refuse(ANNA, row.id, 'mine')).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
    })
    await expect(proposals.withdraw(BO, row.id)).rejects.toMatchObject({
      code: 'PERMISSION_DENIED',
    })
    const refused = await proposals.refuse(BO, row.id, 'the table says otherwise')
    expect(refused.row).toMatchObject({ state: 'refused', refusal: 'the table says otherwise' })
    await expect(proposals.withdraw(ANNA, row.id)).rejects.toMatchObject({ code: 'CONFLICT' })
    await expect(releases.approve(BO, row.id, row.contentDigest)).rejects.toMatchObject({
      code: 'CONFLICT',
    })
  })

  test('a person whose role was taken proposes nothing', async () => {
    await using given = await openPolicyStand()
    await given.policy.authors.grantRole(authorCode(ANNA), false)
    await expect(propose(given.policy)).rejects.toMatchObject({ code: 'PERMISSION_DENIED' })
    await expect(given.policy.authors.grantRole('0'.repeat(16), true)).rejects.toMatchObject({
      code: 'NOT_FOUND',
    })
  })
})

describe('the gates', () => {
  test('a fault is told at its place, and is not published', async () => {
    await using given = await openPolicyStand()
    const path = 'nist-63-4/identity.rules.yaml'
    const text = given.policy.releases.current().documents.get(path) ?? ''
    const changes = [{ path, text: text.replace('jpki_sign_cert', 'jpki_sing_cert') }]
    const { row } = await propose(given.policy, changes)
    expect(row.report).toMatchObject({
      passed: false,
      diagnostics: [{ path: `policies/${path}`, code: 'table-row' }],
    })
    const approval = given.policy.releases.approve(BO, row.id, row.contentDigest)
    await expect(approval).rejects.toMatchObject({ code: 'CONFLICT' })
  })

  test('a test that fails is told, and is not published', async () => {
    await using given = await openPolicyStand()
    const path = 'watashi-default/watashi.test.yaml'
    const wrong = [
      'framework: watashi-default',
      'tests:',
      '  - name: nobody is resistant',
      '    facts: {}',
      "    expect: { phishing_resistant: 'yes' }",
      '',
    ].join('\n')
    const report = await given.policy.releases.check([{ path, text: wrong }])
    expect(report).toMatchObject({
      passed: false,
      tests: { failed: [{ axis: 'phishing_resistant', miss: { en: 'expected "yes", got "no"' } }] },
    })
  })

  test('a changed framework needs a version above the one in force', async () => {
    await using given = await openPolicyStand()
    const same = await given.policy.releases.check(withoutEquivalence(given.policy, '1.0.0'))
    expect(same).toMatchObject({ passed: false, objections: [{ en: /above 1\.0\.0/ }] })
    const next = await given.policy.releases.check(withoutEquivalence(given.policy))
    expect(next.passed).toBe(true)
  })

  test('a draft is not put in force', async () => {
    await using given = await openPolicyStand()
    const [header] = withoutEquivalence(given.policy)
    const text = header?.text.replace('status: released', 'status: draft') ?? ''
    const report = await given.policy.releases.check([{ path: HEADER, text }])
    expect(report).toMatchObject({ passed: false, objections: [{ en: /is a draft/ }] })
  })

  test.each(['facts.schema.json', 'README.md', '../facts.yaml', 'nist-63-4/bad/alias.yaml'])(
    'a change of %s is refused',
    async (path) => {
      await using given = await openPolicyStand()
      await expect(given.policy.releases.check([{ path, text: '' }])).rejects.toThrow(
        /expected facts.yaml/,
      )
    },
  )
})

test('rolling back publishes old documents anew, and never goes back in number', async () => {
  await using given = await openPolicyStand()
  const { policy, core } = given
  const installed = policy.digest
  const on = withoutEquivalence(policy)
  await publish(policy, on)
  const [header] = on
  const back = header?.text
    .replace('jpki_equivalence: false', 'jpki_equivalence: true')
    .replace('version: 1.1.0', 'version: 1.2.0')
  await publish(policy, [{ path: HEADER, text: back ?? '' }])
  await policy.rescoreDue(core.clock.now())
  expect(await metiLevel(policy)).toBe('3')

  const { row } = await policy.proposals.rollBack(BO, 1, { note: 'back to the table' })
  expect(row.report.passed).toBe(true)
  const release = await policy.releases.approve(ANNA, row.id, row.contentDigest)
  expect(release.content).toMatchObject({ sequence: 3, rolledBackTo: 1 })
  await policy.rescoreDue(core.clock.now())
  expect(await metiLevel(policy)).toBe('1')
  expect(policy.digest).not.toBe(installed)
  const [third, second, first] = await policy.releases.releases()
  expect([third?.content.previous, second?.content.previous]).toEqual([
    second?.digest,
    first?.digest,
  ])
})

describe('another process', () => {
  test('takes a release when it looks, and starts with it', async () => {
    await using given = await openPolicyStand()
    const other = given.open()
    await other.activate()
    await publish(given.policy)
    expect(other.digest).not.toBe(given.policy.digest)
    await other.rescoreDue(given.core.clock.now())
    expect(other.digest).toBe(given.policy.digest)
    const third = given.open()
    await third.activate()
    expect(third.digest).toBe(given.policy.digest)
  })

  test.each([
    ['signature', { signature: new Uint8Array(64) }],
    ['note', { note: 'another one' }],
    ['number', { sequence: 7 }],
    ['key', { kid: 'somebody else’s' }],
  ])(
    'keeps what is in force when the %s of a release was changed, and does not start with it',
    async (_what, change) => {
      await using given = await openPolicyStand()
      const other = given.open()
      await other.activate()
      const before = other.digest
      await publish(given.policy)
      await given.core.database.run(async (tx) => {
        await tx.update(tables.releases).set(change)
      })
      await other.rescoreDue(given.core.clock.now())
      expect(other.digest).toBe(before)
      await expect(given.open().activate()).rejects.toMatchObject({ code: 'CONFIG_INVALID' })
    },
  )
})

describe('the decision log', () => {
  test('explains a decision with the policy of then, after another took its place', async () => {
    await using given = await openPolicyStand()
    const { policy, core } = given
    await publish(policy)
    await policy.rescoreDue(core.clock.now())
    const { decisions } = await policy.decisionLog.find({ subjectRef: PERSON, ...METI })
    const [newest, ...older] = decisions
    expect([newest?.level, older[0]?.level]).toEqual(['1', '3'])
    const was = await policy.decisionLog.explain(older[0]?.id ?? '')
    const is = await policy.decisionLog.explain(newest?.id ?? '')
    expect([was.replay, is.replay]).toEqual([{ outcome: 'same' }, { outcome: 'same' }])
    expect(was.why.map(({ id }) => id)).toEqual(older[0]?.firedRules)
    expect(is.whyNot.length).toBeGreaterThan(0)
    const [rule] = older[0]?.firedRules ?? []
    expect((await policy.decisionLog.find({ rule })).decisions).toHaveLength(1)
    const until = new Date('2026-06-01T00:00:00Z')
    expect(await policy.decisionLog.find({ until })).toEqual({ decisions: [], next: undefined })
  })

  test('says what is lacking where it cannot replay', async () => {
    await using given = await openPolicyStand()
    const { policy, core } = given
    const { decisions } = await policy.decisionLog.find({ subjectRef: PERSON, ...METI })
    const [decision] = decisions
    await core.database.run(async (tx) => {
      await tx.delete(tables.facts)
    })
    const lost = await policy.decisionLog.explain(decision?.id ?? '')
    expect(lost).toMatchObject({
      replay: { outcome: 'not_replayable', lacking: 'facts' },
      why: [],
      facts: null,
    })
    await core.database.run(async (tx) => {
      await tx.delete(tables.policies)
    })
    const unknown = await policy.decisionLog.explain(decision?.id ?? '')
    expect(unknown.replay).toEqual({ outcome: 'not_replayable', lacking: 'policy' })
    await expect(policy.decisionLog.explain('nowhere')).rejects.toMatchObject({ code: 'NOT_FOUND' })
  })
})

test('the impact of a draft counts every person by the level now and then, and changes nothing', async () => {
  await using given = await openPolicyStand()
  const { policy } = given
  const { subjects, axes } = await policy.impact(withoutEquivalence(policy))
  expect(subjects).toBe(1)
  const meti = axes.find(({ axis }) => axis === METI.axis)
  const [from, to] = ['3', '1'].map((level) => meti?.levels.indexOf(level) ?? -1)
  expect(meti?.matrix[from ?? -1]?.[to ?? -1]).toBe(1)
  expect(meti).toMatchObject({ lowered: 1, raised: 0 })
  expect(axes.find(({ axis }) => axis === 'IAL')).toMatchObject({ lowered: 0, raised: 0 })
  expect(await metiLevel(policy)).toBe('3')
  await expect(policy.impact([{ path: HEADER, text: 'language: 1' }])).rejects.toMatchObject({
    code: 'POLICY_REJECTED',
  })
})
