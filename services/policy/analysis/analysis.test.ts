import { describe, expect, test } from 'vitest'
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
import type { Pack } from '../language/pack.ts'
import { compareAxis, comparePacks, implies, neverRaises } from './compare.ts'
import { proveInvariants } from './invariants.ts'
import { isFault } from './report.ts'

describe.each(shipped.map((pack) => ({ name: pack.framework, pack })))(
  'the shipped pack $name',
  ({ pack }) => {
    test.each([...pack.axes.keys()])('has no fault on %s', (axis) => {
      const report = analyze(pack, axis)
      expect(report.findings.filter(isFault)).toEqual([])
      expect(report).toMatchObject({ engine: 'exact', open: [] })
      for (const { example } of report.findings) replayed(pack, axis, example)
    })

    test('is equivalent to itself and raises nobody', () => {
      const comparison = { before: pack, after: pack, schema, now }
      const differences = comparePacks(comparison)
      expect(
        differences.filter(({ change }) => change !== 'equivalent' && change !== 'open'),
      ).toEqual([])
    })
  },
)

describe('statements that a pack makes about itself', () => {
  const prove = (pack: Pack, before?: Pack) => proveInvariants({ pack, before, schema, now })
  const outcomes = (pack: Pack, before?: Pack) =>
    prove(pack, before).map(({ invariant, holds }) => `${invariant.kind} ${String(holds)}`)

  test.each(shipped.filter(({ invariants }) => invariants.length > 0))(
    'those of $framework hold',
    (pack) => expect(prove(pack).filter(({ holds }) => holds !== true)).toEqual([]),
  )

  test('a level without its condition is refuted by a person who has it', () => {
    const pack = changed('nist-63-4', '', (text) =>
      text.replace(/ +all_of: \[\{ check: biometric_sample, retained: true \}\]\n/, ''),
    )
    const [broken, ...more] = prove(pack).filter(({ holds }) => holds === false)
    expect(more).toEqual([])
    expect(broken?.invariant).toMatchObject({ kind: 'needs', axis: 'IAL', member: 'IAL3' })
    expect(replayed(pack, 'IAL', broken?.example).value).toBe('IAL3')
    expect(JSON.stringify(broken?.example?.facts)).not.toContain('biometric_sample')
  })

  test('without its exception, verifying a signature chain is a step down and shown as one', () => {
    const pack = changed('nist-63-4', '', (text) => text.replace(', except: [worth]', ''))
    const broken = prove(pack).find(({ holds }) => holds === false)
    expect(broken?.invariant).toMatchObject({ kind: 'monotone', except: [] })
    const before = broken?.example && { ...broken.example, facts: broken.example.before ?? {} }
    expect(replayed(pack, 'IAL', before).value).toBe('IAL1')
    expect(replayed(pack, 'IAL', broken?.example).value).toBe('no_ial')
    const kinds = analyze(pack, 'IAL').findings.filter(isFault)
    expect(kinds.map(({ kind, rule: id }) => `${kind} ${id ?? ''}`)).toEqual([
      'non-monotone IAL1',
      'non-monotone IAL2.EACH',
      'non-monotone IAL2.STRONGEST',
      'non-monotone IAL3',
    ])
  })

  test('an exception is for its derived field alone', () => {
    const document = `derive:\n  - for: Evidence e\n    set: zz_clean\n    title: { ja: 試, en: test }\n    cites: [test]\n    to: '!e.holder.exists(h, h.ok && h.method == kbv)'\n`
    const pack = changed(
      'nist-63-4',
      document +
        rule(
          'grants',
          'ZZ.FALLS',
          `    grant: { IAL: IAL3 }\n    when: evidence.exists(e, e.kind == vouch && e.zz_clean)\n`,
        ),
    )
    expect(outcomes(pack)).toContain('monotone false')
  })

  test('a level that nobody reaches', () => {
    const pack = changed('nist-63-4', '', (text) =>
      text.replaceAll('levels: [none, AAL1, AAL2, AAL3]', 'levels: [none, AAL0, AAL1, AAL2, AAL3]'),
    )
    expect(outcomes(pack)).toContain('reachable false')
  })

  test('a version that raises somebody', () => {
    const document = 'invariants:\n  - neverRaises: { against: released }\n'
    const before = store.load('nist-63-4').pack
    const laxer = changed('nist-63-4', document, (text) =>
      text.replace('f.length >= 15', 'f.length >= 14'),
    )
    const stricter = changed('nist-63-4', document, (text) =>
      text.replace('f.length >= 15', 'f.length >= 16'),
    )
    expect(outcomes(laxer, before)).toContain('never-raises false')
    expect(outcomes(stricter, before)).toContain('never-raises true')
  })

  test.each([
    ['monotone: { axis: IAL, except: [wurth] }\n    why: { ja: 試, en: test }', 'unknown-name'],
    ['monotone: { axis: IAL, except: [worth] }', 'missing-key'],
    ['monotone: { axis: ILA }', 'unknown-axis'],
    ['needs: { axis: IAL, at_least: IAL4, condition: proofing.consent }', 'unknown-level'],
    ['needs: { axis: IAL, at_least: IAL3, condition: proofing.konsent }', 'unknown-field'],
    ['needs: { axis: IAL, includes: IAL3, condition: proofing.consent }', 'missing-key'],
    ['reachable: some', 'wrong-form'],
    ['neverRaises: { against: draft }', 'wrong-form'],
    ['why: { ja: 試, en: test }', 'wrong-form'],
    ['reachable: all\n    neverRaises: { against: released }', 'wrong-form'],
    ['holds: always', 'unknown-key'],
  ])('%s is refused', (text, code) => {
    const codes = faultsOf(() => changed('nist-63-4', `invariants:\n  - ${text}\n`))
    expect(codes).toContain(code)
  })
})

function faultsOf(read: () => unknown): readonly string[] {
  try {
    read()
    return []
  } catch (error) {
    if (!(error instanceof PolicyRejected)) throw error
    return error.diagnostics.map(({ code }) => code)
  }
}

describe('levels and versions', () => {
  test('a level that nobody reaches', () => {
    const pack = changed('nist-63-4', '', (text) =>
      text.replaceAll('levels: [none, AAL1, AAL2, AAL3]', 'levels: [none, AAL0, AAL1, AAL2, AAL3]'),
    )
    expect(analyze(pack, 'AAL').findings.filter(isFault)).toMatchObject([
      { kind: 'unreachable-level', level: 'AAL0' },
    ])
  })

  test('a grant that a cap always lowers', () => {
    const pack = changed(
      'nist-63-4',
      rule(
        'caps',
        'ZZ.CAP',
        '    cap: { AAL: AAL2 }\n    when: auth.factors.exists(f, f.exportable == false)\n',
      ),
    )
    const kinds = analyze(pack, 'AAL').findings.filter(isFault)
    expect(kinds).toEqual(
      expect.arrayContaining([
        expect.objectContaining({
          kind: 'always-capped',
          rule: 'AAL3.MULTI',
          by: expect.arrayContaining(['ZZ.CAP']) as string[],
        }),
      ]),
    )
    expect(kinds).toEqual(
      expect.arrayContaining([
        expect.objectContaining({ kind: 'unreachable-level', level: 'AAL3' }),
      ]),
    )
  })

  test('a stricter version only lowers, a laxer one only raises, both is mixed', () => {
    const before = store.load('nist-63-4').pack
    const edited = (edit: (text: string) => string) => changed('nist-63-4', '', edit)
    const stricter = edited((text) => text.replace('f.length >= 15', 'f.length >= 16'))
    const laxer = edited((text) => text.replace('f.length >= 15', 'f.length >= 14'))
    const both = edited((text) =>
      text.replace('f.length >= 15', 'f.length >= 14').replace('f.length >= 8', 'f.length >= 9'),
    )
    const change = (after: Pack) => compareAxis({ before, after, schema, now }, 'AAL').change
    expect([stricter, laxer, both, before].map(change)).toEqual([
      'only-lowers',
      'only-raises',
      'mixed',
      'equivalent',
    ])
    expect(neverRaises({ before, after: stricter, schema, now })).toMatchObject({
      holds: true,
      raised: [],
      open: [],
    })
  })

  test('a rule written otherwise is the same rule', () => {
    const after = changed('nist-63-4', '', (text) =>
      text.replace(
        'fs.exists(f, f.possessed && f.replay_resistant) && fs.exists(f, f.second)',
        'fs.exists(f, f.second) && fs.exists(f, f.replay_resistant && f.possessed)',
      ),
    )
    expect(
      compareAxis({ before: store.load('nist-63-4').pack, after, schema, now }, 'AAL').change,
    ).toBe('equivalent')
  })

  test('one framework implies another, or somebody shows that it does not', () => {
    const [nist, meti] = ['nist-63-4', 'meti-idtf-2016'].map((name) => store.load(name).pack)
    if (nist === undefined || meti === undefined) throw new Error('shipped')
    const aal2 = { pack: nist, axis: 'AAL', level: 'AAL2' }
    expect(implies(aal2, { pack: meti, axis: 'token', level: '2' }, schema, now)).toMatchObject({
      holds: true,
    })
    const refuted = implies(aal2, { pack: meti, axis: 'token', level: '4' }, schema, now)
    expect(refuted.holds).toBe(false)
    expect(replayed(nist, 'AAL', refuted.example).value).toBe('AAL2')
  })
})
