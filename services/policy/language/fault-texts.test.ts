import fc from 'fast-check'
import { describe, expect, test } from 'vitest'
import { createFactsValidator } from '../../kernel/facts-check.ts'
import { untranslated } from '../../../test/policy/untranslated.ts'
import { readTestFile } from '../case-file.ts'
import { PolicyStore } from '../policy-store.ts'
import {
  formatDiagnostic,
  PolicyRejected,
  type Diagnostic,
  type DiagnosticCode,
  type Fault,
} from './diagnostic.ts'
import type { SourceFile } from './document.ts'
import { readPack } from './read-pack.ts'
import { yamlFault } from './yaml-faults.ts'

const store = new PolicyStore()
const validator = createFactsValidator(store.factsSchema())

const HEADER = `language: 1
framework: try-out
version: 1.0.0
title: { ja: 試し, en: try-out }
options: { strict: { default: false } }
axes: { level: { title: { ja: 段, en: level }, levels: [none, low, high] } }
`
const RULE = `grants:
  - id: R1
    title: { ja: 一, en: one }
    grant: { level: high }
`

function when(condition: string): string {
  return `${HEADER}${RULE}    when: ${condition}\n`
}

function faultsOf(read: () => unknown): readonly Diagnostic[] {
  try {
    read()
    return []
  } catch (error) {
    if (error instanceof PolicyRejected) return error.diagnostics
    throw error
  }
}

function faultsIn(text: string): readonly Diagnostic[] {
  const source: SourceFile = { path: 'try.yaml', text }
  return faultsOf(() =>
    /^tests:/m.test(text) ? readTestFile(source, validator) : readPack([source], store.catalogue),
  )
}

interface Example extends Omit<Fault, 'code'> {
  readonly document: string
}

/** Each kind of fault once. */
const EXAMPLES: Readonly<Record<DiagnosticCode, Example>> = {
  'yaml-syntax': {
    document: when('!a'),
    message: { ja: 'タグ（`!`）は使えません', en: 'tags are not part of the language' },
  },
  'too-large': {
    document: '['.repeat(400),
    message: { ja: 'リストや鍵の入れ子が深すぎます', en: 'lists or maps nested too deeply' },
  },
  'language-version': {
    document: HEADER.replace('language: 1', 'language: 2'),
    message: { ja: '言語の版 `2` には対応していません', en: 'language version `2` is not known' },
    help: { ja: '使えるもの：1', en: 'known: 1' },
  },
  'unknown-key': {
    document: `${when('true')}    wehn: true\n`,
    message: { ja: '鍵 `wehn` はここでは使えません', en: 'unknown key `wehn`' },
    help: { ja: '`when` のことですか？', en: 'did you mean `when`?' },
  },
  'missing-key': {
    document: when('true').replace('    grant: { level: high }\n', ''),
    message: { ja: '鍵 `grant` がありません', en: 'key `grant` is missing' },
  },
  'duplicate-key': {
    document: `${HEADER}version: 1.0.0\n`,
    message: { ja: '同じ鍵が二つあります', en: 'map keys must be unique' },
  },
  'wrong-form': {
    document: `${HEADER}grants: R1\n`,
    message: { ja: '`grants` はリストで書きます', en: '`grants` must be a list' },
    help: {
      ja: '`[a, b]` と書くか、`- ` の後に一つずつ行を分けて書きます',
      en: 'write `[a, b]`, or each on a line of its own after `- `',
    },
  },
  'bad-date': {
    document: `${HEADER}effective: { from: 2026-02-30 }\n`,
    message: { ja: '`2026-02-30` は日付ではありません', en: '`2026-02-30` is no date' },
    help: {
      ja: '2026-04-01 か 2026-04-01T09:00:00+09:00 と書きます',
      en: 'write 2026-04-01 or 2026-04-01T09:00:00+09:00',
    },
  },
  'expression-syntax': {
    document: when('policy.strict and policy.strict'),
    message: {
      ja: '式の終わりが必要なところに `and` があります',
      en: '`and` where the end of the expression was expected',
    },
    help: { ja: '`&&` と書きます', en: 'write `&&`' },
  },
  'unknown-name': {
    document: when('polcy.strict'),
    message: { ja: '`polcy` という名前はありません', en: 'unknown name `polcy`' },
  },
  'unknown-field': {
    document: when('evidence.exists(e, e.knid == epassport)'),
    message: { ja: 'Evidence に項目 `knid` はありません', en: 'unknown field `knid` of Evidence' },
    help: { ja: '`kind` のことですか？', en: 'did you mean `kind`?' },
  },
  'unknown-function': {
    document: when('withn(proofing.at, 1h)'),
    message: { ja: '関数 `withn` はありません', en: 'unknown function `withn`' },
    help: { ja: '`within` のことですか？', en: 'did you mean `within`?' },
  },
  'enum-member': {
    document: when('proofing.channel == psot'),
    message: {
      ja: '列挙型 Channel に値 `psot` はありません',
      en: 'unknown member `psot` of enum Channel',
    },
    help: { ja: '`post` のことですか？', en: 'did you mean `post`?' },
  },
  'type-mismatch': {
    document: when('proofing.at < 20260401'),
    message: {
      ja: '「日時」と「数」を `<` で比べることはできません',
      en: 'cannot compare timestamp with number by `<`',
    },
  },
  'chained-comparison': {
    document: when('axis(level) < low < high'),
    message: { ja: '比べる式は続けて書けません：`<`', en: 'comparisons cannot be chained: `<`' },
    help: { ja: '二つの比べる式を `&&` でつなぎます', en: 'join two comparisons with `&&`' },
  },
  'grant-negation': {
    document: when('policy.strict && !evidence.exists(e, true)'),
    message: {
      ja: 'grant では、リストの中についての条件を否定できません',
      en: 'a grant cannot negate what it finds in a list',
    },
    help: {
      ja: 'veto や cap、または `derive` の項目を使います',
      en: 'use a veto or a cap, or a derived field',
    },
  },
  'unknown-axis': {
    document: when('true').replace('{ level: high }', '{ levle: high }'),
    message: { ja: '軸 `levle` はありません', en: 'unknown axis `levle`' },
    help: { ja: '`level` のことですか？', en: 'did you mean `level`?' },
  },
  'unknown-level': {
    document: when('true').replace('level: high }', 'level: top }'),
    message: { ja: '軸 level に値 `top` はありません', en: 'unknown level `top` of axis level' },
    help: { ja: '`low` のことですか？', en: 'did you mean `low`?' },
  },
  'unknown-rule': {
    document: `${HEADER}${RULE}    use: R2\n`,
    message: { ja: '規則 `R2` はありません', en: 'unknown rule `R2`' },
    help: { ja: '`R1` のことですか？', en: 'did you mean `R1`?' },
  },
  'unknown-option': {
    document: when('policy.strcit'),
    message: { ja: '選択肢 `strcit` はありません', en: 'unknown field `strcit` of policy options' },
    help: { ja: '`strict` のことですか？', en: 'did you mean `strict`?' },
  },
  'duplicate-id': {
    document: when('true') + RULE.replace('grants:\n', ''),
    message: { ja: '規則の id `R1` はすでに使われています', en: 'rule id `R1` is used already' },
  },
  'axis-cycle': {
    document: when('axis(level) == low'),
    message: {
      ja: '軸 `level` が自分自身を読んでいます：level → level',
      en: 'axis `level` reads itself through level → level',
    },
  },
  'define-cycle': {
    document: `${when('again')}define: { again: again }\n`,
    message: { ja: '`again` が自分自身を使っています', en: '`again` uses itself' },
  },
  'date-overlap': {
    document: `${HEADER}effective: { from: 2026-04-01, until: 2026-04-01 }\n`,
    message: {
      ja: '`until` は `from` より後でなければなりません',
      en: '`until` must come after `from`',
    },
  },
  'missing-cites': {
    document: `${when('true')}status: released\n`,
    message: { ja: '規則 `R1` に根拠の条項がありません', en: 'rule `R1` cites no clause' },
  },
  'table-row': {
    document: `${HEADER}tables: { worth: { key: EvidenceKind, value: Strength, rows: { epasport: STRONG } } }\n`,
    message: {
      ja: '列挙型 EvidenceKind に値 `epasport` はありません',
      en: 'unknown member `epasport` of enum EvidenceKind',
    },
    help: { ja: '`epassport` のことですか？', en: 'did you mean `epassport`?' },
  },
  'wrong-facts': {
    document:
      'framework: try-out\ntests: [{ name: a, facts: { proofing: { channel: psot } }, expect: { level: none } }]\n',
    message: {
      ja: 'facts.proofing.channel：次のどれかが必要です：face_to_face, onsite_kiosk_attended, onsite_unattended, remote_attended, remote_unattended, post',
      en: 'facts.proofing.channel: expected one of face_to_face, onsite_kiosk_attended, onsite_unattended, remote_attended, remote_unattended, post',
    },
  },
}

describe('a fault', () => {
  test.each(Object.entries(EXAMPLES))('%s is told in both languages', (code, example) => {
    const [found, ...others] = faultsIn(example.document).filter((fault) => fault.code === code)
    const { document: _, ...texts } = example
    expect(found).toEqual({ code, place: expect.anything() as object, ...texts })
    expect(others).toEqual([])
    expect(found && untranslated(found)).toEqual([])
  })

  test('whatever it is, names the author’s words and leaves no English in Japanese', () => {
    const shipped = store.library.rulesOf('gpg45')
    // Backticks of the author would open and close those of the message.
    const put = fc.string({ maxLength: 12 }).map((text) => text.replaceAll('`', ''))
    const cut = fc.tuple(fc.nat(), fc.nat(), fc.nat(40), put)
    fc.assert(
      fc.property(cut, ([document, from, length, inserted]) => {
        const sources = shipped.map(({ path, text }, i) => {
          const start = i === document % shipped.length ? from % text.length : undefined
          if (start === undefined) return { path, text }
          return { path, text: text.slice(0, start) + inserted + text.slice(start + length) }
        })
        const found = faultsOf(() => readPack(sources, store.catalogue))
        expect(found.flatMap(untranslated)).toEqual([])
      }),
      { numRuns: 40 },
    )
  })

  test('that only the YAML parser has words for is told with these words after our own', () => {
    const { message } = yamlFault({ code: 'BAD_ALIAS', message: 'Alias cannot be an empty string' })
    expect(message).toEqual({
      ja: 'アンカーや別名の書き方が違います（YAML：alias cannot be an empty string）',
      en: 'alias cannot be an empty string',
    })
  })

  test('that is still English is noticed', () => {
    const en = 'key `when` is missing in a rule'
    expect(untranslated({ code: 'missing-key', message: { ja: en, en } })).toHaveLength(2)
    const ja = '鍵がありません'
    expect(untranslated({ code: 'missing-key', message: { ja, en } })).toEqual([
      'no `when` in: 鍵がありません',
    ])
  })

  test('is printed in the language that is asked for', () => {
    const [found] = faultsIn(when('polcy.strict'))
    expect(found && formatDiagnostic(found)).toBe(
      'try.yaml:11:11 unknown name `polcy` [unknown-name]',
    )
    expect(found && formatDiagnostic(found, 'ja')).toBe(
      'try.yaml:11:11 `polcy` という名前はありません [unknown-name]',
    )
  })
})
