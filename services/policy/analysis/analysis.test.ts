import { cpSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, describe, expect, test } from 'vitest'
import { parseDocument } from 'yaml'
import { createFactsValidator } from '../../kernel/facts-check.ts'
import { readTime } from '../language/dates.ts'
import { PolicyRejected } from '../language/diagnostic.ts'
import type { Pack } from '../language/pack.ts'
import { Scorer } from '../language/score.ts'
import { POLICIES_DIRECTORY, PolicyStore } from '../policy-store.ts'
import { analyzeAxis } from './analyze.ts'
import { compareAxis, comparePacks, gateOf, implies, neverRaises } from './compare.ts'
import { proveInvariants } from './invariants.ts'
import { isFault, type Example } from './report.ts'

const store = new PolicyStore()
const schema = store.factsSchema()
const validator = createFactsValidator(schema)
const now = readTime('2026-12-01T00:00:00Z', 'UTC') ?? 0
const shipped = store
  .list()
  .map((name) => store.load(name).pack)
  .filter(({ status }) => status === 'released')

const folders: string[] = []
afterEach(() => {
  for (const folder of folders.splice(0)) rmSync(folder, { recursive: true })
})

/** The pack with a further document, and with changes in the documents it has. */
function changed(
  name: string,
  document: string,
  edit: (text: string, file: string) => string = (text) => text,
): Pack {
  const root = mkdtempSync(join(tmpdir(), 'policy-analysis-'))
  folders.push(root)
  cpSync(POLICIES_DIRECTORY, root, { recursive: true })
  const folder = join(root, name)
  for (const file of ['framework.yaml', 'authentication.rules.yaml', 'identity.rules.yaml']) {
    const path = join(folder, file)
    try {
      writeFileSync(path, edit(readFileSync(path, 'utf8'), file))
    } catch (error) {
      if (!(error instanceof Error && 'code' in error && error.code === 'ENOENT')) throw error
    }
  }
  writeFileSync(
    join(folder, 'zz.rules.yaml'),
    `language: 1\nframework: ${store.load(name).pack.framework}\n${document}`,
  )
  return new PolicyStore(root).load(name).pack
}

function analyze(pack: Pack, axis: string) {
  return analyzeAxis({ pack, schema, now }, axis)
}

/** The example is valid, and the ordinary engine says of it what the finding says. */
function replayed(pack: Pack, axis: string, example: Example | undefined) {
  if (example === undefined) throw new Error('no example')
  const { policy, ...facts } = example.facts
  validator.facts(facts)
  return new Scorer(pack).score({
    axis,
    facts,
    at: readTime(example.at, 'UTC') ?? 0,
    ...(typeof policy === 'object' ? { policy: policy as Record<string, boolean> } : {}),
  })
}

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

const rule = (stratum: string, id: string, rest: string) =>
  `${stratum}:\n  - id: ${id}\n    title: { ja: 試, en: test }\n    cites: [test]\n${rest}`

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
