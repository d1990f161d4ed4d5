import { describe, expect, test } from 'vitest'
import { parseDocument } from 'yaml'
import {
  analyze,
  changed,
  entry,
  now,
  replayed,
  rule,
  schema,
  shipped,
  store,
} from '../../../test/policy/analysis-stand.ts'
import { PolicyRejected } from '../language/diagnostic.ts'
import { T } from '../language/kleene.ts'
import type { Pack } from '../language/pack.ts'
import { compareAxis, gateOf } from './compare.ts'
import { isFault, type Finding } from './report.ts'

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

type Edit = (text: string, file: string) => string
const AS_IT_IS: Edit = (text) => text

/** A grant of an axis, and what has to be done to the pack for it to be there. */
function granted(pack: Pack, edit: Edit) {
  return [...pack.axes.values()].flatMap((axis) => {
    const grant = pack.grants.find(
      ({ gives, inForce }) =>
        gives.has(axis.name) && inForce.from === undefined && inForce.until === undefined,
    )
    if (axis.kind === 'answer' || grant === undefined) return []
    const level = 31 - Math.clz32(grant.gives.get(axis.name) ?? 1)
    const { members } = axis.type
    return [
      {
        folder: pack.framework,
        axis: axis.name,
        grant: grant.id,
        gives: members[level] ?? '',
        top: members.at(-1) ?? '',
        edit,
      },
    ]
  })
}

/** A draft without grants, completed by one grant of an axis as its author would begin. */
function completed(pack: Pack) {
  return [...pack.axes.values()].flatMap((axis) => {
    if (axis.kind !== 'levels') return []
    const effect = `    grant: { ${axis.name}: ${JSON.stringify(axis.type.members[1])} }\n`
    const grants = rule('grants', 'ZZ.BASE', `${effect}    when: proofing.consent\n`)
    const edit: Edit = (text, file) => (file === 'framework.yaml' ? `${text}${grants}` : text)
    const grant = { folder: pack.framework, axis: axis.name, grant: 'ZZ.BASE', edit }
    return [{ ...grant, gives: axis.type.members[1] ?? '', top: axis.type.members.at(-1) ?? '' }]
  })
}

const released = shipped.flatMap((pack) => granted(pack, AS_IT_IS))
const drafts = store
  .list()
  .map((name) => store.load(name).pack)
  .filter(({ status }) => status === 'draft')

test('faults are injected into every shipped pack that has rules of its own, and into the drafts', () => {
  const own = shipped.filter(({ grants }) => grants.length > 0).map(({ framework }) => framework)
  expect([...new Set(released.map(({ folder }) => folder))]).toEqual(own)
  expect(drafts.map(({ framework }) => framework)).toEqual(['jp-ds511-2025'])
})

describe.each([
  ...released,
  ...drafts.flatMap((pack) => [...granted(pack, AS_IT_IS), ...completed(pack)]),
])(
  'faults injected into $folder, axis $axis',
  ({ folder, axis, grant, gives: given, top, edit }) => {
    const gives = `    grant: { ${JSON.stringify(axis)}: ${JSON.stringify(top)} }\n`
    const withFault = (document: string, more: Edit = AS_IT_IS) =>
      changed(folder, document, (text, file) => more(edit(text, file), file))

    /** Faults that the pack does not have without the injected one: a draft may have some. */
    function added(pack: Pack) {
      const before = edit === AS_IT_IS ? [] : analyze(withFault(''), axis).findings
      const isOld = (fault: Finding) =>
        before.some(
          ({ kind, rule: id, level }) =>
            kind === fault.kind && id === fault.rule && level === fault.level,
        )
      return analyze(pack, axis).findings.filter((fault) => isFault(fault) && !isOld(fault))
    }

    test('a rule that holds for nobody', () => {
      const when = `    all_of: [{ use: ${grant} }, 'proofing.channel == post && proofing.channel == face_to_face']\n`
      const pack = withFault(rule('grants', 'ZZ.DEAD', gives + when))
      expect(analyze(pack, axis).engine).toBe('exact')
      expect(added(pack)).toMatchObject([{ kind: 'dead-rule', rule: 'ZZ.DEAD' }])
    })

    test('a rule that adds nothing to another', () => {
      const document = rule(
        'grants',
        'ZZ.SHADOWED',
        `    grant: { ${JSON.stringify(axis)}: ${JSON.stringify(given)} }\n    all_of: [{ use: ${grant} }, 'rp.signature_verifier']\n`,
      )
      const pack = withFault(document)
      const finding = analyze(pack, axis).findings.find((one) => one.rule === 'ZZ.SHADOWED')
      expect(finding).toMatchObject({ kind: 'shadowed-rule', by: [grant] })
      expect(replayed(pack, axis, finding?.example).fired.map(({ id }) => id)).toContain(grant)
    })

    test('a level or a method that nobody reaches', () => {
      const pack = withFault('', (text, file) =>
        file === 'framework.yaml' ? withMember(text, axis, 'ZZ_NOBODY') : text,
      )
      expect(added(pack)).toMatchObject([{ kind: 'unreachable-level', level: 'ZZ_NOBODY' }])
      for (const { example } of analyze(pack, axis).findings)
        if (example !== undefined) replayed(pack, axis, example)
    })

    test('a rule that raises', () => {
      const pack = withFault(
        rule('grants', 'ZZ.RAISES', `${gives}    when: proofing.channel == post\n`),
      )
      const before = withFault('')
      const difference = compareAxis({ before, after: pack, schema, now }, axis)
      expect(difference).toMatchObject({ engine: 'exact', lowered: undefined })
      const values = [before, pack].map((one) => replayed(one, axis, difference.raised).value)
      expect(values[0]).not.toEqual(values[1])
      expect(gateOf([difference]).holds).toBe(false)
    })

    test('a misspelt member and a wrong unit', () => {
      const typo = rule('grants', 'ZZ.TYPO', `${gives}    when: proofing.channel == face_to_fase\n`)
      const unit = rule('grants', 'ZZ.UNIT', `${gives}    when: session.age_s <= "12 hours"\n`)
      expect(() => withFault(typo)).toThrow(PolicyRejected)
      expect(() => withFault(unit)).toThrow(PolicyRejected)
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
      const pack = withFault(document)
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
  },
)

const weakest = shipped.flatMap((pack) =>
  [...pack.axes.values()].flatMap((axis) =>
    axis.kind === 'levels' && axis.minimum !== undefined
      ? [{ folder: pack.framework, axis: axis.name, levels: axis.type.members }]
      : [],
  ),
)

describe.each(weakest)(
  'faults injected into $folder, axis $axis, the weakest of others',
  ({ folder, axis, levels }) => {
    const vetoes = `    veto: [${axis}]\n`

    test('a veto that holds for nobody', () => {
      const when = `    when: proofing.channel == post && proofing.channel == face_to_face\n`
      const pack = changed(folder, rule('vetoes', 'ZZ.DEAD', vetoes + when))
      const { engine, findings } = analyze(pack, axis)
      expect(engine).toBe('exact')
      expect(findings.filter(isFault)).toMatchObject([{ kind: 'dead-rule', rule: 'ZZ.DEAD' }])
    })

    test('a veto that adds nothing to another', () => {
      const document =
        rule('vetoes', 'ZZ.FIRST', `${vetoes}    when: proofing.consent\n`) +
        entry('ZZ.SHADOWED', `${vetoes}    when: proofing.consent && rp.signature_verifier\n`)
      const pack = changed(folder, document)
      const { findings } = analyze(pack, axis)
      expect(findings.filter(isFault)).toMatchObject([
        { kind: 'shadowed-rule', rule: 'ZZ.SHADOWED', by: ['ZZ.FIRST'] },
      ])
    })

    test('a level that a cap keeps everybody from', () => {
      const [below = '', top = ''] = levels.slice(-2)
      const caps = `    cap: { ${axis}: ${JSON.stringify(below)} }\n`
      const pack = changed(folder, rule('caps', 'ZZ.CAP', caps))
      const { findings } = analyze(pack, axis)
      expect(findings.filter(isFault)).toMatchObject([{ kind: 'unreachable-level', level: top }])
    })

    test('a part that is left out raises', () => {
      const pack = changed(folder, '', (text, file) => {
        if (file !== 'framework.yaml') return text
        const document = parseDocument(text)
        document.deleteIn(['axes', axis, 'min', 0])
        return document.toString()
      })
      const before = store.load(folder).pack
      const difference = compareAxis({ before, after: pack, schema, now }, axis)
      expect(difference).toMatchObject({ engine: 'exact', change: 'only-raises' })
      const [was, is] = [before, pack].map((one) => replayed(one, axis, difference.raised).value)
      expect(was).not.toEqual(is)
      expect(gateOf([difference]).holds).toBe(false)
    })

    test('a misspelt member and a wrong unit', () => {
      const typo = rule(
        'vetoes',
        'ZZ.TYPO',
        `${vetoes}    when: proofing.channel == face_to_fase\n`,
      )
      const unit = rule('vetoes', 'ZZ.UNIT', `${vetoes}    when: session.age_s <= "12 hours"\n`)
      expect(() => changed(folder, typo)).toThrow(PolicyRejected)
      expect(() => changed(folder, unit)).toThrow(PolicyRejected)
    })
  },
)

/** Answers with a flag, and what is not said where no rule holds. */
const answers = shipped.flatMap((pack) =>
  [...pack.axes.values()].flatMap((axis) => {
    if (axis.kind !== 'answer') return []
    const field = Object.keys(axis.fields).find((name) => axis.fields[name]?.kind === 'truth')
    if (field === undefined) return []
    const part = axis.otherwise[field]
    const isTrue = part?.kind === 'value' && part.ir.op === 'truth' && part.ir.value === T
    return [{ folder: pack.framework, axis: axis.name, set: `{ ${field}: ${String(!isTrue)} }` }]
  }),
)

describe.each(answers)('faults injected into $folder, answer $axis', ({ folder, axis, set }) => {
  const says = `    answer: ${axis}\n    set: ${set}\n`

  test('a rule that holds for nobody', () => {
    const when = `    when: proofing.channel == post && proofing.channel == face_to_face\n`
    const pack = changed(folder, rule('answers', 'ZZ.DEAD', says + when))
    const { engine, findings } = analyze(pack, axis)
    expect(engine).toBe('exact')
    expect(findings.filter(isFault)).toMatchObject([{ kind: 'dead-rule', rule: 'ZZ.DEAD' }])
  })

  test('a rule that another one always comes before', () => {
    const document =
      rule('answers', 'ZZ.FIRST', `${says}    when: proofing.consent\n`) +
      entry('ZZ.SHADOWED', `${says}    when: proofing.consent && rp.signature_verifier\n`)
    const { findings } = analyze(changed(folder, document), axis)
    expect(findings.filter(isFault)).toMatchObject([
      { kind: 'shadowed-rule', rule: 'ZZ.SHADOWED', by: ['ZZ.FIRST'] },
    ])
  })

  test('a rule that answers otherwise', () => {
    const document = rule('answers', 'ZZ.OTHER', `${says}    when: proofing.channel == post\n`)
    const pack = changed(folder, document)
    const before = store.load(folder).pack
    const difference = compareAxis({ before, after: pack, schema, now }, axis)
    expect(difference).toMatchObject({ engine: 'exact', change: 'differs' })
    const [was, is] = [before, pack].map((one) => replayed(one, axis, difference.raised).value)
    expect(was).not.toEqual(is)
    expect(gateOf([difference]).holds).toBe(false)
  })

  test('a misspelt member and a wrong unit', () => {
    const typo = rule('answers', 'ZZ.TYPO', `${says}    when: proofing.channel == face_to_fase\n`)
    const unit = rule('answers', 'ZZ.UNIT', `${says}    when: session.age_s <= "12 hours"\n`)
    expect(() => changed(folder, typo)).toThrow(PolicyRejected)
    expect(() => changed(folder, unit)).toThrow(PolicyRejected)
  })
})

test('faults are injected into every axis that is the weakest of others and into every answer with a flag', () => {
  expect(weakest.map(({ axis }) => axis)).toEqual(['overall', 'overall_authentication'])
  expect(answers.map(({ axis }) => axis)).toEqual([
    'prior',
    'watashi_minimum',
    'binding',
    'recovery',
    'authenticator',
    'xal_claim',
  ])
})
