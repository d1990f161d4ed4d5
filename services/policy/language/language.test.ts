import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createFactsValidator } from '../../kernel/facts-check.ts'
import { readTestFile } from '../case-file.ts'
import { POLICIES_DIRECTORY, PolicyStore } from '../policy-store.ts'
import { readCatalogue } from './catalogue.ts'
import { formatDiagnostic, PolicyRejected, type Diagnostic } from './diagnostic.ts'
import { didYouMean } from './hints.ts'
import { fromCases, not } from './kleene.ts'
import { parseExpression } from './parse-expression.ts'
import { readPack } from './read-pack.ts'
import { NoVersionInForce, Scorer } from './score.ts'
import { sameValue } from './score-value.ts'
import type { Facts } from './judged-facts.ts'
import { fillSlots } from './slots.ts'

const store = new PolicyStore()
const HEADER = `language: 1
framework: try-out
version: 1.0.0
status: draft
title: { ja: 試し, en: try-out }
zone: Asia/Tokyo
effective: { from: 2020-01-01, until: 2030-01-01 }
options: { strict: { default: false } }
axes:
  level: { title: { ja: 段, en: level }, scope: person, levels: [none, low, high] }
  ways:
    title: { ja: 方法, en: ways }
    methods:
      BY_CARD: [{ until: 2026-04-01, text: イ }, { text: ロ }]
      BY_POST:
`

function pack(rules: string, header = HEADER) {
  return readPack([{ path: 'try.yaml', text: header + rules }], store.catalogue)
}

function refusal(rules: string, header = HEADER): readonly Diagnostic[] {
  try {
    pack(rules, header)
    return []
  } catch (error) {
    if (error instanceof PolicyRejected) return error.diagnostics
    throw error
  }
}

function grant(when: string, gives = '{ level: high }'): string {
  return `grants:\n  - id: R1\n    title: { ja: 一, en: one }\n    grant: ${gives}\n    when: ${when}\n`
}

const at = (text: string) => Date.parse(text) / 1000
const NOW = at('2026-06-01T00:00:00Z')

function score(rules: string, facts: Facts, when = NOW, axis = 'level') {
  return new Scorer(pack(rules)).score({ axis, facts, at: when })
}

const person = (channel = 'face_to_face'): Facts => ({
  proofing: { channel },
  evidence: [],
  checks: [],
})

describe('messages to authors', () => {
  test('have place, code and a hint', () => {
    const [found] = refusal(grant('evidence.exists(e, e.kind == epasport)'))
    expect(found === undefined ? '' : formatDiagnostic(found)).toBe(
      'try.yaml:20:40 unknown member `epasport` of enum EvidenceKind [enum-member]\n  help: did you mean `epassport`?',
    )
  })

  test.each([
    ['quoted', `"evidence.exists(e, e.kind == \\"epasport\\")"`, '20:41'],
    ['single-quoted', `'evidence.exists(e, e.kind == "epasport")'`, '20:41'],
    ['literal', '|\n      evidence.exists(e,\n        e.kind == epasport)', '22:19'],
    ['folded', '>\n      evidence.exists(e,\n      e.kind == epasport)', '22:17'],
    ['plain over two lines', 'evidence.exists(e,\n        e.kind == epasport)', '21:19'],
  ])('point into a %s scalar', (_, when, place) => {
    expect(refusal(grant(when)).map(({ place: { line, column } }) => `${line}:${column}`)).toEqual([
      place,
    ])
  })

  test('are many per document, one per fault', () => {
    const rules = grant(
      'evidence.exists(e, e.knid == epassport && e.cls in [gov_foto_id]) && polcy.strict',
    )
    expect(refusal(rules).map(({ code }) => code)).toEqual([
      'unknown-field',
      'enum-member',
      'unknown-name',
    ])
  })

  test.each([
    ['an exclamation mark outside of quotes', '!a', 'yaml-syntax'],
    ['one equals sign', 'proofing.channel = post', 'expression-syntax'],
    ['a word instead of a sign', 'policy.strict and policy.strict', 'expression-syntax'],
    ['a list as a condition', 'evidence', 'type-mismatch'],
    ['a method of no list', 'proofing.exists(p, true)', 'type-mismatch'],
    ['an unknown function', 'withn(proofing.at, 1h)', 'unknown-function'],
    ['a duration without a unit', 'within(proofing.at, 12)', 'type-mismatch'],
    ['a zone that does not exist', 'withinDays(proofing.at, 3, "Asia/Tokio")', 'bad-date'],
    ['a day that does not exist', 'proofing.at < "2026-02-30"', 'bad-date'],
    ['an order of a time and a number', 'proofing.at < 20260401', 'type-mismatch'],
    ['an unknown axis', 'axis(levle) == low', 'unknown-axis'],
    ['an unknown level', 'axis(ways) == BY_KARD', 'unknown-level'],
    ['the axis itself', 'axis(level) == low', 'axis-cycle'],
    ['a count from above in a grant', 'evidence.count(e, true) <= 2', 'grant-negation'],
    ['a comparison of two kinds', 'proofing.channel == proofing.at', 'type-mismatch'],
    ['an order of flags', 'auth.factors.exists(f, f.uv > f.up)', 'type-mismatch'],
    ['a set asked for a stranger', 'password in session.reauth.factrs', 'unknown-field'],
    ['nesting without end', `${'('.repeat(100)}true${')'.repeat(100)}`, 'expression-syntax'],
  ])('%s is refused', (_, when, code) => {
    expect(refusal(grant(when)).map((found) => found.code)).toContain(code)
  })

  test.each([
    ['`and` for `&&`', 'policy.strict and policy.strict', 'write `&&`'],
    ['a wide sign', 'policy.strict ＆＆ policy.strict', 'write it in half width: `&`'],
    ['a wide bracket', 'proofing.channel in ［post］', 'write it in half width: `[`'],
    ['a wide space', 'policy.strict　&& policy.strict', undefined],
    ['years', 'within(proofing.at, 10y)', 'write years as days, such as `365d`'],
  ])('%s is told how it is written', (_, when, help) => {
    expect(refusal(grant(when)).map((found) => found.help?.en)).toEqual(
      help === undefined ? [] : [help],
    )
  })

  test.each([
    ['a line too far to the left', grant('true').replace('    when', '   when'), /same column/],
    ['a tab', grant('true').replace('    when', '\twhen'), /write spaces/],
    ['a title in one language', grant('true').replace(/title: .*/, 'title: one'), /\{ ja: …/],
    ['one thing for a list', 'grants: R1\n', /write `\[a, b\]`/],
  ])('%s is refused with the form that it should have', (_, rules, help) => {
    expect(refusal(rules)[0]?.help?.en).toMatch(help)
  })

  test('levels without brackets are one fault, and no fault of the rules that name them', () => {
    const header = HEADER.replace('[none, low, high]', '"none, low, high"')
    expect(refusal(grant('true'), header)).toMatchObject([
      { code: 'wrong-form', help: { en: 'write `[none, low, high]`' } },
    ])
  })

  test('a framework is named as its folder is', () => {
    const header = HEADER.replace('framework: try-out', 'framework: Try Out')
    expect(refusal('', header)).toMatchObject([
      { code: 'wrong-form', place: { line: 2, column: 12 } },
    ])
  })

  test('a hint is near in letters, or none', () => {
    expect(didYouMean('jpki_sing_cert', ['jpki_sign_cert', 'jpki_auth_cert'])).toEqual({
      ja: '`jpki_sign_cert` のことですか？',
      en: 'did you mean `jpki_sign_cert`?',
    })
    expect(didYouMean('5', ['1', '2'])).toBeUndefined()
  })
})

test('a day in an expression begins at midnight in the zone of the framework', () => {
  const rules = grant(`proofing.at < "2026-04-01" || '2026-05-01T00:00:00Z' <= proofing.at`)
  const proofedAt = (instant: string) =>
    score(rules, { proofing: { channel: 'post', at: instant } }).value
  expect(proofedAt('2026-03-31T14:59:59Z')).toBe('high')
  expect(proofedAt('2026-03-31T15:00:00Z')).toBe('none')
  expect(proofedAt('2026-04-30T23:59:59Z')).toBe('none')
  expect(proofedAt('2026-05-01T00:00:00Z')).toBe('high')
  expect(score(rules, person()).value).toBe('none')
})

describe('hostile documents', () => {
  const text = readFileSync(join(POLICIES_DIRECTORY, 'nist-63-4/authentication.rules.yaml'), 'utf8')
  const header = readFileSync(join(POLICIES_DIRECTORY, 'nist-63-4/framework.yaml'), 'utf8')
  const validator = createFactsValidator(store.factsSchema())
  const typed = (work: () => unknown) => {
    try {
      work()
    } catch (error) {
      if (
        !(error instanceof PolicyRejected) &&
        (error as { code?: unknown }).code !== 'INVALID_INPUT'
      )
        throw error
    }
  }
  const readAll = (source: string) => {
    typed(() => readPack([{ path: 'a', text: source }], store.catalogue))
    typed(() => readCatalogue({ path: 'a', text: source }))
    typed(() => readTestFile({ path: 'a', text: source }, validator))
  }

  test('any text ends in a typed error', () => {
    fc.assert(
      fc.property(
        fc.oneof(fc.string({ unit: 'binary' }), fc.json(), fc.string({ unit: 'grapheme' })),
        readAll,
      ),
      { numRuns: 300 },
    )
  })

  test('a pack with a piece cut out or put in ends in a typed error or is a pack', () => {
    const cut = fc.tuple(fc.nat(text.length), fc.nat(40), fc.string({ maxLength: 12 }))
    fc.assert(
      fc.property(cut, ([from, length, put]) => {
        const broken = text.slice(0, from) + put + text.slice(from + length)
        typed(() =>
          readPack(
            [
              { path: 'a', text: broken },
              { path: 'h', text: header },
            ],
            store.catalogue,
          ),
        )
      }),
      { numRuns: 60 },
    )
  })

  test.each([
    ['deep lists', '['.repeat(50_000)],
    ['deep maps', '{a: '.repeat(50_000)],
    ['deep blocks', Array.from({ length: 500 }, (_, i) => `${' '.repeat(i)}a:`).join('\n')],
    [
      'an alias bomb',
      `a: &a [x, x]\n${Array.from({ length: 20 }, (_, i) => `${'b'.repeat(i + 1)}: [*a, *a]`).join('\n')}`,
    ],
    ['a long text', 'x'.repeat(1_000_000)],
    ['a key of the prototype', '__proto__: { version: 1 }'],
    ['two documents', 'a: 1\n---\nb: 2'],
    ['a tag', 'version: !!js/function "x"'],
    ['a duplicate key', 'version: 1.0.0\nversion: 1.0.0'],
    ['nothing', ''],
  ])('%s', (_, source) => {
    expect(() => readPack([{ path: 'a', text: source }], store.catalogue)).toThrow(PolicyRejected)
  })

  test('any expression parses or has a fault inside its text', () => {
    const piece = fc.constantFrom(
      'a',
      '.b',
      '(',
      ')',
      '[',
      ']',
      '&&',
      '||',
      '!',
      '==',
      ' in ',
      '?',
      ':',
      ',',
      '1h',
      '7',
      '"x"',
      "'",
      ' ',
      '本',
    )
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(piece, { maxLength: 20 }).map((parts) => parts.join('')),
        ),
        (source) => {
          const parsed = parseExpression(source)
          if ('fault' in parsed) expect(parsed.at).toBeLessThanOrEqual(source.length)
        },
      ),
    )
  })
})

describe('three values', () => {
  test('negation and join agree with the cases they stand for', () => {
    const cases: Readonly<Record<number, readonly boolean[]>> = {
      0: [false],
      2: [false, true],
      3: [true],
    }
    const of = (values: readonly boolean[]) =>
      fromCases(values.includes(true), !values.includes(false))
    for (const a of [0, 2, 3]) {
      expect(not(a)).toBe(of((cases[a] ?? []).map((value) => !value)))
      for (const b of [0, 2, 3]) {
        const pairs = (cases[a] ?? []).flatMap((x) => (cases[b] ?? []).map((y) => [x, y] as const))
        expect(a & b).toBe(of(pairs.map(([x, y]) => x && y)))
        expect(a | b).toBe(of(pairs.map(([x, y]) => x || y)))
      }
    }
  })

  test('an absent value is neither true nor false, and "not" passes it', () => {
    const facts = { auth: { factors: [{ type: 'mf_crypto', exportable: null }] } }
    const holds = (condition: string) =>
      score(grant(`auth.factors.exists(f, ${condition})`), facts).value
    expect(holds('f.exportable == false')).toBe('none')
    expect(holds('f.exportable == true')).toBe('none')
    expect(holds('f.exportable != true')).toBe('high')
    expect(holds('f.uv')).toBe('none')
  })

  test('a veto that may hold leaves the level open, unless the rule says otherwise', () => {
    const rules = (unknown: string) =>
      `${grant('proofing.channel == face_to_face')}vetoes:\n  - id: V\n    title: { ja: 二, en: two }\n    veto: [level]\n    when: checks.death_check.exists(c, c.failed)\n${unknown}`
    const facts = { ...person(), checks: [{ type: 'death_check', result: 'unknown' }] }
    expect(score(rules(''), facts)).toMatchObject({
      value: 'indeterminate',
      atLeast: 'none',
      atMost: 'high',
    })
    expect(score(rules('    unknown: ignore\n'), facts)).toMatchObject({
      value: 'high',
      status: 'decided',
    })
  })
})

describe('rules', () => {
  test('of a method axis give a set, named by the day', () => {
    const rules = grant('proofing.channel == face_to_face', '{ ways: [BY_CARD, BY_POST] }')
    expect(score(rules, person(), at('2026-03-31T14:59:59Z'), 'ways')).toMatchObject({
      value: ['イ', 'BY_POST'],
      validUntil: at('2026-03-31T15:00:00Z'),
    })
    expect(score(rules, person(), at('2026-03-31T15:00:00Z'), 'ways').value).toEqual([
      'ロ',
      'BY_POST',
    ])
    expect(score(rules, person('post'), NOW, 'ways').value).toEqual([])
  })

  test('in force for a period give that period as an end', () => {
    const rules = `${grant('proofing.channel == face_to_face')}    in_force: { until: 2026-07-01 }\n`
    expect(score(rules, person())).toMatchObject({
      value: 'high',
      validUntil: at('2026-06-30T15:00:00Z'),
    })
    expect(score(rules, person(), at('2026-06-30T15:00:00Z')).value).toBe('none')
    expect(
      score(
        rules,
        { proofing: { channel: 'face_to_face', at: '2026-06-01' } },
        at('2027-01-01T00:00:00Z'),
      ).value,
    ).toBe('high')
  })

  test('outside of the version there is no answer', () => {
    expect(() => score(grant('true'), person(), at('2019-12-31T14:59:59Z'))).toThrow(
      NoVersionInForce,
    )
    expect(() => score(grant('true'), person(), at('2030-01-01T00:00:00Z'))).toThrow(
      NoVersionInForce,
    )
    expect(score(grant('true'), person()).validUntil).toBe(at('2029-12-31T15:00:00Z'))
  })

  test('n_of asks for so many of its clauses', () => {
    const rules = `grants:\n  - id: R1\n    title: { ja: 一, en: one }\n    grant: { level: low }\n    n_of: { n: 2, of: [proofing.channel == post, policy.strict, 'evidence.exists(e, true)'] }\n`
    const one = { id: 'e1', kind: 'other', cls: 'vouch' }
    expect(score(rules, person('post')).value).toBe('none')
    expect(score(rules, { ...person('post'), evidence: [one] }).value).toBe('low')
    expect(score(rules, { ...person('post'), policy: { strict: true } }).value).toBe('low')
  })

  test('a calendar limit ends at local midnight, across a clock change too', () => {
    const header = HEADER.replace('Asia/Tokyo', 'Europe/London')
    const scorer = new Scorer(pack(grant('withinDays(proofing.at, 180)'), header))
    const facts = { proofing: { channel: 'post', at: '2026-05-05T10:00:00+01:00' } }
    const end = at('2026-11-01T00:00:00Z')
    expect(scorer.score({ axis: 'level', facts, at: NOW })).toMatchObject({
      value: 'high',
      validUntil: end,
    })
    expect(scorer.score({ axis: 'level', facts, at: end - 1 }).value).toBe('high')
    expect(scorer.score({ axis: 'level', facts, at: end }).value).toBe('none')
  })
})

describe('a table of grants', () => {
  const table = (more: string, columns = '[factors, channel]', rows = ['[1, post]', '[2, post]']) =>
    `grant_table:
  id: T
  title: { ja: 行 $row, en: row $row }
  columns: ${columns}
${more}  rows:
${rows.map((row, i) => `    R${i + 1}: ${row}`).join('\n')}
`
  const WHEN = `  grant: { level: low }
  when: proofing.channel == $channel && auth.factors.count(f, f.uv) >= $factors
  missing: { ja: $factors 要素が必要です, en: needs $factors factors by $channel }
`
  const logins = (n: number): Facts => ({
    proofing: { channel: 'post' },
    auth: { factors: Array.from({ length: n }, () => ({ type: 'mf_crypto', uv: true })) },
  })

  test('gives each row as a grant with an id, a title and a text of its own', () => {
    const { grants } = pack(table(WHEN))
    expect(grants.map(({ id, title, missing }) => [id, title.ja, missing?.en])).toEqual([
      ['T.R1', '行 R1', 'needs 1 factors by post'],
      ['T.R2', '行 R2', 'needs 2 factors by post'],
    ])
  })

  test('puts the cells of the row in the place of its columns', () => {
    const fired = (n: number) => score(table(WHEN), logins(n)).fired.map(({ id }) => id)
    expect([fired(0), fired(1), fired(2)]).toEqual([[], ['T.R1'], ['T.R1', 'T.R2']])
  })

  test('may give a level that stands in a cell, and be one of several', () => {
    const rules = `grant_table:
  - id: A
    title: { ja: 甲, en: a }
    columns: [level, n]
    grant: { level: $level }
    when: auth.factors.count(f, f.uv) >= $n
    rows: { ONE: [low, 1], TWO: [high, 2] }
  - { id: B, title: { ja: 乙, en: b }, columns: [], grant: { level: low }, use: A.TWO, rows: { ONE: [] } }
`
    expect([0, 1, 2].map((n) => score(rules, logins(n)).value)).toEqual(['none', 'low', 'high'])
    const { grants } = pack(rules)
    expect(grants.map(({ id }) => id)).toEqual(['A.ONE', 'A.TWO', 'B.ONE'])
    expect(grants[2]?.condition).toEqual(
      expect.objectContaining({ right: expect.objectContaining({ op: 'and' }) as unknown }),
    )
  })

  test('names the grant that gave the level, by the order of the rows', () => {
    const shown = HEADER.replace(
      'levels: [none, low, high]',
      'levels: [none, low, high], shows: by',
    )
    const rules = table(`${WHEN}  as: $row\n`, undefined, ['[2, post]', '[1, post]'])
    const named = (n: number) =>
      new Scorer(pack(rules, shown)).score({ axis: 'level', facts: logins(n), at: NOW }).value
    expect([named(0), named(1), named(2)]).toEqual([
      { level: 'none' },
      { level: 'low', by: 'R2' },
      { level: 'low', by: 'R1' },
    ])
  })

  test.each([
    [
      'a cell of another kind',
      table(WHEN, undefined, ['[1, post]', '[two, post]']),
      'type-mismatch',
      '25:10',
    ],
    ['a fraction', table(WHEN, undefined, ['[1.5, post]']), 'type-mismatch', '24:10'],
    ['nothing in a cell', table(WHEN, undefined, ['[~, post]']), 'type-mismatch', '24:10'],
    [
      'a member that does not exist',
      table(WHEN, undefined, ['[1, post]', '[2, pots]']),
      'enum-member',
      '25:13',
    ],
    ['a row that is too long', table(WHEN, undefined, ['[1, post, 2]']), 'wrong-form', '24:5'],
    [
      'a column named twice',
      table(WHEN, '[factors, channel, factors]', ['[1, post, 1]']),
      'duplicate-id',
      '19:31',
    ],
    [
      'a column that cannot be named',
      table(WHEN, '[factors, channel, "a b"]', ['[1, post, 1]']),
      'wrong-form',
      '19:31',
    ],
    ['no row', table(WHEN).replace(/rows:[^]*/, 'rows: {}\n'), 'wrong-form', '17:3'],
    ['a name without an axis that shows it', table(`${WHEN}  as: $row\n`), 'wrong-form', '23:7'],
    [
      'a column that is not there in a text',
      table(WHEN.replace('by $channel', 'by $chanel')),
      'unknown-name',
      '22:12',
    ],
    [
      'a column as a variable',
      table(WHEN.replace('count(f, f.uv)', 'count($x, true)')),
      'type-mismatch',
      '21:54',
    ],
    [
      'pieces that are no list',
      table(
        `${WHEN}  slots: { from: evidence as e, need_each: { in: $factors, where: e.doc == $0 } }\n`,
      ),
      'wrong-form',
      '25:10',
    ],
  ])('%s is refused at its place', (_, rules, code, place) => {
    expect(refusal(rules).map((d) => [d.code, `${d.place.line}:${d.place.column}`])[0]).toEqual([
      code,
      place,
    ])
  })

  test('one slot for each piece may be asked for without a table too', () => {
    const rules = (pieces: string) => `grants:
  - id: R1
    title: { ja: 一, en: one }
    grant: { level: high }
    slots: { from: scores.evidence as e, distinct: [e.doc], need_each: { in: ${pieces}, where: e.strength >= $0 } }
`
    const scores = (...strengths: number[]): Facts => ({
      scores: {
        evidence: strengths.map((strength, i) => ({ doc: `d${i}`, strength, validity: 0 })),
        activity: 0,
        fraud: 0,
        verification: 0,
      },
    })
    expect(score(rules('[3, 2]'), scores(2, 3)).value).toBe('high')
    expect(score(rules('[3, 2]'), scores(3, 1)).value).toBe('none')
    expect(score(rules('[3, 2]'), scores(3)).value).toBe('none')
    expect(refusal(rules('[]')).map(({ code }) => code)).toEqual(['wrong-form'])
    expect(refusal(rules('$pieces')).map(({ code }) => code)).toEqual(['unknown-name'])
  })
})

describe('slots', () => {
  test('agree with trying every assignment', () => {
    const matrix = fc
      .tuple(fc.integer({ min: 1, max: 3 }), fc.integer({ min: 1, max: 5 }))
      .chain(([slots, pieces]) =>
        fc.record({
          cells: fc.array(
            fc.array(fc.constantFrom(0, 2, 3), { minLength: slots, maxLength: slots }),
            { minLength: pieces, maxLength: pieces },
          ),
          keys: fc.array(fc.tuple(fc.constantFrom('a', 'b', 'c', undefined)), {
            minLength: pieces,
            maxLength: pieces,
          }),
          ranks: fc.array(fc.constantFrom(1, 2, 4), { minLength: pieces, maxLength: pieces }),
          strongest: fc.array(fc.constantFrom(0, 3), { minLength: pieces, maxLength: pieces }),
        }),
      )
    fc.assert(
      fc.property(matrix, ({ cells, keys, ranks, strongest }) => {
        const slots = cells[0]?.length ?? 0
        const holds = (bit: number) =>
          tuples(cells.length, slots).some(
            (chosen) =>
              new Set(chosen).size === slots &&
              chosen.every((piece, slot) => ((cells[piece]?.[slot] ?? 0) & bit) !== 0) &&
              distinctKeys(chosen.map((piece) => keys[piece]?.[0])) &&
              chosen.some(
                (piece) =>
                  strongest[piece] === 3 &&
                  (ranks[piece] ?? 0) === Math.max(...chosen.map((other) => ranks[other] ?? 0)),
              ),
          )
        expect(fillSlots({ cells, keys, ranks, strongest })).toBe(fromCases(holds(2), holds(1)))
      }),
      { numRuns: 2000 },
    )
  })
})

function tuples(values: number, length: number): number[][] {
  if (length === 0) return [[]]
  return tuples(values, length - 1).flatMap((head) =>
    Array.from({ length: values }, (_, value) => [...head, value]),
  )
}

function distinctKeys(keys: readonly (string | undefined)[]): boolean {
  const known = keys.filter((key) => key !== undefined)
  return new Set(known).size === known.length
}

const EVIDENCE = [
  { kind: 'jpki_sign_cert', cls: 'pki_cert' },
  { kind: 'epassport', cls: 'gov_photo_id' },
  { kind: 'drivers_license', cls: 'gov_photo_id', strength: 'STRONG' },
  { kind: 'bank_account', cls: 'financial_account' },
  { kind: 'health_insurance', cls: 'gov_nonphoto_id' },
] as const
const outcome = fc.constantFrom('pass', 'fail', 'unknown')
const on = fc.constantFrom('e0', 'e1', 'e2')
const check = fc.oneof(
  fc.record({ type: fc.constant('presented'), on, result: outcome }),
  fc.record({
    type: fc.constant('authentic'),
    on,
    result: outcome,
    method: fc.constantFrom('crypto', 'visual'),
  }),
  fc.record({
    type: fc.constant('status'),
    on,
    result: fc.constantFrom('good', 'revoked', 'unknown'),
  }),
  fc.record({
    type: fc.constant('signed'),
    on,
    payload: fc.constant('application'),
    valid: fc.boolean(),
  }),
  fc.record({
    type: fc.constant('match'),
    result: outcome,
    scope: fc.constantFrom('core', 'all'),
    source: fc.constantFrom('government', 'financial', 'signed_attributes'),
  }),
  fc.record({
    type: fc.constant('holder'),
    on,
    result: outcome,
    method: fc.constantFrom('pin', 'face_visual', 'microtx'),
  }),
  fc.record({ type: fc.constant('recorded'), purpose: fc.constant('non_repudiation') }),
  fc.record({ type: fc.constant('biometric_sample'), retained: fc.constant(true) }),
  fc.record({ type: fc.constant('death_check'), result: outcome }),
)
const facts = fc
  .record({
    channel: fc.constantFrom('face_to_face', 'remote_unattended'),
    evidence: fc.array(
      fc.tuple(
        fc.constantFrom(...EVIDENCE),
        fc.option(fc.constantFrom('d1', 'd2'), { nil: undefined }),
      ),
      { minLength: 1, maxLength: 3 },
    ),
    checks: fc.array(check, { minLength: 3, maxLength: 10 }),
  })
  .map(({ channel, evidence, checks }) => ({
    proofing: { channel },
    evidence: evidence.map(([piece, doc], i) => ({
      id: `e${i}`,
      ...piece,
      ...(doc === undefined ? {} : { doc }),
    })),
    checks: checks.filter((one) => !('on' in one) || Number(one.on.slice(1)) < evidence.length),
    bindings: [{ authenticator: 'a1', method: 'onsite_enroll' }],
    policy: { jpki_equivalence: true },
  }))
const AXES = [
  ['meti-idtf-2016', 'proofing'],
  ['nist-63-4', 'IAL'],
] as const

describe.each(AXES)('%s %s, for any facts', (framework, axis) => {
  const { pack: shipped } = store.load(framework)
  const scorer = new Scorer(shipped)
  const type = shipped.axes.get(axis)
  const rank = (value: unknown) =>
    type?.kind === 'levels' ? type.type.members.indexOf(String(value)) : -1
  const ask = (given: Facts) => scorer.score({ axis, facts: given, at: NOW })

  test('an answer that comes never contradicts what was decided, nor leaves the bounds', () => {
    fc.assert(
      fc.property(facts, fc.boolean(), (given, good) => {
        const open = given.checks.findIndex((one) => 'result' in one && one.result === 'unknown')
        fc.pre(open >= 0)
        const before = ask(given)
        const answered = given.checks.map((one, i) => {
          if (i !== open) return one
          return {
            ...one,
            result: one.type === 'status' ? (good ? 'good' : 'revoked') : good ? 'pass' : 'fail',
          }
        })
        const after = ask({ ...given, checks: answered })
        if (before.status === 'decided') expect(after.value).toBe(before.value)
        else {
          expect(before.missing).not.toEqual([])
          expect(rank(after.atLeast)).toBeGreaterThanOrEqual(rank(before.atLeast))
          expect(rank(after.atMost)).toBeLessThanOrEqual(rank(before.atMost))
        }
      }),
      { numRuns: 400 },
    )
  })

  test('order and repetition do not matter', () => {
    fc.assert(
      fc.property(facts, fc.nat(), (given, seed) => {
        const turned = <E>(list: readonly E[]) =>
          [
            ...list.slice(seed % (list.length || 1)),
            ...list.slice(0, seed % (list.length || 1)),
          ].reverse()
        const mixed = {
          ...given,
          evidence: turned(given.evidence),
          checks: [...turned(given.checks), ...given.checks.slice(0, 2)],
        }
        expect(sameValue(ask(mixed).value, ask(given).value)).toBe(true)
      }),
      { numRuns: 400 },
    )
  })

  test('a piece that is taken away together with its checks was never there', () => {
    fc.assert(
      fc.property(facts, (given) => {
        const id = given.evidence.at(-1)?.id
        const doc = given.evidence.at(-1)
        fc.pre(doc !== undefined && !('doc' in doc) && given.evidence.length > 1)
        const revoked = { type: 'status', on: id, result: 'revoked' }
        const checks = given.checks.filter((one) => !('on' in one && one.on === id))
        const without = ask({ ...given, evidence: given.evidence.slice(0, -1), checks })
        expect(ask({ ...given, checks: [...given.checks, revoked] } as Facts).value).toEqual(
          without.value,
        )
      }),
      { numRuns: 300 },
    )
  })
})

describe('until when a value holds', () => {
  const GRID = 40
  const second = (n: number) => new Date((NOW + n) * 1000).toISOString()
  const moment = fc.integer({ min: -10, max: GRID - 5 }).map(second)

  /** First second at which asking again gives another value, as far as the grid goes. */
  function byAsking(scorer: Scorer, axis: string, given: Facts, ages = false): number | undefined {
    const value = (n: number) =>
      scorer.score({ axis, facts: ages ? older(given, n) : given, at: NOW + n }).value
    const first = value(0)
    for (let n = 1; n <= GRID; n += 1) if (!sameValue(value(n), first)) return NOW + n
    return undefined
  }

  function older(given: Facts, n: number): Facts {
    const { session } = given as { session: { age_s: number; idle_s: number } }
    return { session: { ...session, age_s: session.age_s + n, idle_s: session.idle_s + n } }
  }

  function agree(scorer: Scorer, axis: string, given: Facts, ages = false): void {
    const { validUntil } = scorer.score({ axis, facts: given, at: NOW })
    const asked = byAsking(scorer, axis, given, ages)
    expect(validUntil !== undefined && validUntil <= NOW + GRID ? validUntil : undefined).toBe(
      asked,
    )
  }

  test('is what asking every second finds, for signals about a certificate', () => {
    const signal = fc.record({
      type: fc.constantFrom(
        'cert_revoked',
        'cert_suspended',
        'cert_resumed',
        'death_notice',
        'fraud_confirmed',
        'fraud_cleared',
      ),
      at: moment,
      learned_at: moment,
      revoked_at: moment,
      on: fc.constant('e1'),
      reason: fc.constantFrom('key_compromise', 'basic4_change'),
    })
    const scorer = new Scorer(store.load('nist-63-4').pack)
    fc.assert(
      fc.property(fc.array(signal, { maxLength: 4 }), moment, (signals, proofedAt) => {
        agree(scorer, 'IAL', {
          proofing: { channel: 'remote_unattended', at: proofedAt },
          evidence: [{ id: 'e1', kind: 'jpki_sign_cert', cls: 'pki_cert' }],
          checks: [
            { type: 'authentic', on: 'e1', method: 'crypto' },
            { type: 'status', on: 'e1', result: 'good' },
            { type: 'match', scope: 'core', source: 'signed_attributes' },
            { type: 'holder', on: 'e1', method: 'pin' },
          ],
          signals,
        })
      }),
      { numRuns: 150 },
    )
  })

  test('is what asking every second finds, for sessions', () => {
    const scorer = new Scorer(store.load('nist-63-4').pack)
    const near = (limit: number) => fc.integer({ min: limit - 30, max: limit + 3 })
    const session = fc.oneof(
      fc.record({ auth_aal: fc.constant('AAL2'), age_s: near(86_400), idle_s: near(3600) }),
      fc.record({ auth_aal: fc.constant('AAL3'), age_s: near(43_200), idle_s: near(900) }),
    )
    fc.assert(
      fc.property(session, (given) => agree(scorer, 'session', { session: given }, true)),
      { numRuns: 150 },
    )
  })

  test('is what asking every second finds, for durations and comparisons with now', () => {
    const condition = fc.oneof(
      fc.integer({ min: 0, max: 30 }).map((n) => `within(proofing.at, ${n}s)`),
      fc.constantFrom('<', '<=', '>', '>=').map((sign) => `proofing.at ${sign} now`),
      fc.integer({ min: 0, max: 30 }).map((n) => `!within(auth.at, ${n}s)`),
    )
    const rules = fc
      .tuple(condition, fc.constantFrom('&&', '||'), condition)
      .map(([a, sign, b]) => grant(`"${a} ${sign} ${b}"`))
    fc.assert(
      fc.property(rules, moment, moment, (text, proofedAt, loggedInAt) => {
        const given = {
          proofing: { channel: 'post', at: proofedAt },
          auth: { at: loggedInAt, factors: [] },
        }
        agree(new Scorer(pack(text)), 'level', given)
      }),
      { numRuns: 100 },
    )
  })
})

describe('the fact catalogue', () => {
  test('has the fields, enum members and check types of the schema', () => {
    const definitions = store.factsSchema()['$defs'] as Readonly<
      Record<string, { readonly properties?: object; readonly enum?: readonly string[] }>
    >
    const records: Readonly<Record<string, string>> = {
      Proofing: 'proofing',
      Evidence: 'evidence',
      Verified: 'verified',
      Factor: 'factor',
      Session: 'session',
      Binding: 'bindingRecord',
      BindingRequest: 'bindingRequest',
      Recovery: 'recovery',
      Authenticator: 'authenticatorState',
      Signal: 'signal',
      RelyingParty: 'rp',
      Assertion: 'assertion',
      Enrolment: 'enrolment',
      Means: 'means',
      Scores: 'scores',
    }
    const computed = ['revoked', ...store.catalogue.checkTypes]
    for (const [record, definition] of Object.entries(records)) {
      const known = Object.keys(definitions[definition]?.properties ?? {})
      const fields = [...(store.catalogue.records.get(record)?.keys() ?? [])].filter(
        (name) => !computed.includes(name),
      )
      expect(fields.filter((name) => !known.includes(name))).toEqual([])
    }
    const enums = {
      Channel: 'channel',
      EvidenceKind: 'evidenceKind',
      EvidenceClass: 'evidenceClass',
      FactorType: 'factorType',
      Attribute: 'attribute',
      RevocationReason: 'revocationReason',
      BindingMethod: 'bindingMethod',
      Ial: 'ial',
      Aal: 'aal',
      Fal: 'fal',
      EidasLevel: 'eidasLevel',
    }
    for (const [name, definition] of Object.entries(enums)) {
      expect(store.catalogue.enums.get(name)?.members).toEqual(definitions[definition]?.enum)
    }
    const checks = Object.keys(definitions).filter((name) => name.startsWith('check_'))
    expect([...store.catalogue.checkTypes].map((name) => `check_${name}`).sort()).toEqual(
      checks.sort(),
    )
  })
})
