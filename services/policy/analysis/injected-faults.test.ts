import { describe, expect, test } from 'vitest'
import { parseDocument } from 'yaml'
import {
  analyze,
  changed,
  now,
  replayed,
  rule,
  schema,
  shipped,
  store,
} from '../../../test/policy/analysis-stand.ts'
import { PolicyRejected } from '../language/diagnostic.ts'
import { compareAxis, gateOf } from './compare.ts'
import { isFault } from './report.ts'

/** The header with one more level above the lowest, on each axis of the same levels, or with one more method. */
function withMember(text: string, axis: string, member: string): string {
  const document = parseDocument(text)
  const axes = document.toJS() as { axes: Record<string, { levels?: string[] }> } // as the pack's reader took it
  const levels = axes.axes[axis]?.levels
  if (levels === undefined) document.addIn(['axes', axis, 'methods', member], [])
  for (const [name, other] of Object.entries(axes.axes))
    if (levels !== undefined && other.levels?.join() === levels.join())
      document.setIn(['axes', name, 'levels'], levels.toSpliced(1, 0, member))
  return document.toString()
}

/** Axes on which faults are injected, with a grant of each. */
const axes = shipped.flatMap((pack) =>
  [...pack.axes.values()].flatMap((axis) => {
    const grant = pack.grants.find(
      ({ gives, inForce }) =>
        gives.has(axis.name) && inForce.from === undefined && inForce.until === undefined,
    )
    if (axis.kind === 'answer' || grant === undefined) return []
    return [
      {
        folder: pack.framework,
        axis: axis.name,
        grant: grant.id,
        top: axis.type.members.at(-1) ?? '',
      },
    ]
  }),
)

test('faults are injected into every shipped pack that has rules of its own', () => {
  const own = shipped.filter(({ grants }) => grants.length > 0).map(({ framework }) => framework)
  expect([...new Set(axes.map(({ folder }) => folder))]).toEqual(own)
})

describe.each(axes)('faults injected into $folder, axis $axis', ({ folder, axis, grant, top }) => {
  const gives = `    grant: { ${JSON.stringify(axis)}: ${JSON.stringify(top)} }\n`

  test('a rule that holds for nobody', () => {
    const when = `    all_of: [{ use: ${grant} }, 'proofing.channel == post && proofing.channel == face_to_face']\n`
    const pack = changed(folder, rule('grants', 'ZZ.DEAD', gives + when))
    const { engine, findings } = analyze(pack, axis)
    expect(engine).toBe('exact')
    expect(findings.filter(isFault)).toMatchObject([{ kind: 'dead-rule', rule: 'ZZ.DEAD' }])
  })

  test('a rule that adds nothing to another', () => {
    const [level] = [
      ...(store
        .load(folder)
        .pack.grants.find(({ id }) => id === grant)
        ?.gives.entries() ?? []),
    ]
      .filter(([name]) => name === axis)
      .map(([, mask]) => mask)
    const own = store.load(folder).pack.axes.get(axis)
    const same =
      own?.kind === 'answer' ? '' : (own?.type.members[31 - Math.clz32(level ?? 1)] ?? '')
    const document = rule(
      'grants',
      'ZZ.SHADOWED',
      `    grant: { ${JSON.stringify(axis)}: ${JSON.stringify(same)} }\n    all_of: [{ use: ${grant} }, 'rp.signature_verifier']\n`,
    )
    const pack = changed(folder, document)
    const finding = analyze(pack, axis).findings.find((one) => one.rule === 'ZZ.SHADOWED')
    expect(finding).toMatchObject({ kind: 'shadowed-rule', by: [grant] })
    expect(replayed(pack, axis, finding?.example).fired.map(({ id }) => id)).toContain(grant)
  })

  test('a level or a method that nobody reaches', () => {
    const pack = changed(folder, '', (text, file) =>
      file === 'framework.yaml' ? withMember(text, axis, 'ZZ_NOBODY') : text,
    )
    const { findings } = analyze(pack, axis)
    expect(findings.filter(isFault)).toMatchObject([
      { kind: 'unreachable-level', level: 'ZZ_NOBODY' },
    ])
    for (const { example } of findings) if (example !== undefined) replayed(pack, axis, example)
  })

  test('a rule that raises', () => {
    const pack = changed(
      folder,
      rule('grants', 'ZZ.RAISES', `${gives}    when: proofing.channel == post\n`),
    )
    const before = store.load(folder).pack
    const difference = compareAxis({ before, after: pack, schema, now }, axis)
    expect(difference).toMatchObject({ engine: 'exact', lowered: undefined })
    const values = [before, pack].map((one) => replayed(one, axis, difference.raised).value)
    expect(values[0]).not.toEqual(values[1])
    expect(gateOf([difference]).holds).toBe(false)
  })

  test('a misspelt member and a wrong unit', () => {
    const typo = rule('grants', 'ZZ.TYPO', `${gives}    when: proofing.channel == face_to_fase\n`)
    const unit = rule('grants', 'ZZ.UNIT', `${gives}    when: session.age_s <= "12 hours"\n`)
    expect(() => changed(folder, typo)).toThrow(PolicyRejected)
    expect(() => changed(folder, unit)).toThrow(PolicyRejected)
  })

  test('a grant that one more check takes away', () => {
    const derive = `derive:\n  - for: Evidence e\n    set: zz_clean\n    title: { ja: 試, en: test }\n    cites: [test]\n    to: '!e.holder.exists(h, h.ok && h.method == kbv)'\n`
    const document =
      derive +
      rule(
        'grants',
        'ZZ.FALLS',
        `${gives}    when: evidence.exists(e, e.kind == vouch && e.zz_clean)\n`,
      )
    const pack = changed(folder, document)
    const finding = analyze(pack, axis).findings.find(({ kind }) => kind === 'non-monotone')
    expect(finding?.rule).toBe('ZZ.FALLS')
    const after = replayed(pack, axis, finding?.example)
    const before = replayed(
      pack,
      axis,
      finding?.example && { ...finding.example, facts: finding.example.before ?? {} },
    )
    expect(after.value).not.toEqual(before.value)
  })
})
