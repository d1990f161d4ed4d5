import { describe, expect, test } from 'vitest'
import { PolicyStore } from '../policy-store.ts'
import { PolicyRejected } from './diagnostic.ts'
import { readPack } from './read-pack.ts'
import { Scorer } from './score.ts'
import type { Facts } from './judged-facts.ts'

const { catalogue } = new PolicyStore()

/** A table of matches; its condition begins in line 13, its rows after it. */
function pack(columns: string, condition: string, rows: readonly string[]) {
  const text = `language: 1
framework: try-out
version: 1.0.0
status: draft
title: { ja: 試し, en: try-out }
axes: { level: { title: { ja: 段, en: level }, levels: [none, low, high] } }
grant_table:
  id: T
  title: { ja: 行 $row, en: row $row }
  columns: ${columns}
  grant: { level: $level }
  rows:
${rows.map((row, i) => `    R${i + 1}: ${row}`).join('\n')}
  all_of: [${condition}]
`
  return readPack([{ path: 'try.yaml', text }], catalogue)
}

function score(rules: ReturnType<typeof pack>, ...checks: readonly Facts[]) {
  const facts = { proofing: { channel: 'post' }, evidence: [], checks }
  return new Scorer(rules).score({ axis: 'level', facts, at: 0 }).value
}

function faults(...asked: Parameters<typeof pack>): readonly string[] {
  try {
    pack(...asked)
    return []
  } catch (error) {
    if (!(error instanceof PolicyRejected)) throw error
    return error.diagnostics.map(({ code, place: { line, column } }) => `${code} ${line}:${column}`)
  }
}

const match = (scope: string, source?: string): Facts => ({
  type: 'match',
  scope,
  ...(source !== undefined && { source }),
})

describe('a column in the keys of a check', () => {
  test('is the value of its cell, one or a list', () => {
    const rules = pack(
      '[level, scopes, source]',
      '{ check: match, scope_any: $scopes, source: $source }',
      ['[low, [core, all], financial]', '[high, [all], government]'],
    )
    expect(score(rules, match('core', 'financial'))).toBe('low')
    expect(score(rules, match('all', 'government'))).toBe('high')
    expect(score(rules, match('core', 'government'))).toBe('none')
    expect(score(rules, match('application', 'financial'))).toBe('none')
    // Both on the same check: of two that have one each, none counts.
    expect(score(rules, match('all'), match('application', 'government'))).toBe('none')
  })

  test('may stand in a list beside members, and be true or false', () => {
    const scopes = pack('[level, scope]', '{ check: match, scope_any: [$scope, all] }', [
      '[low, core]',
      '[high, application]',
    ])
    expect(['core', 'application', 'all'].map((scope) => score(scopes, match(scope)))).toEqual([
      'low',
      'high',
      'high',
    ])
    const mail = pack('[level, delivered]', '{ check: mail, delivered: $delivered }', [
      '[low, false]',
      '[high, true]',
    ])
    const sent = (delivered: boolean) => ({ type: 'mail', method: 'no_forward', delivered })
    expect([score(mail, sent(false)), score(mail, sent(true))]).toEqual(['low', 'high'])
  })

  test.each([
    [
      'a member that does not exist, at its cell',
      '[level, scope]',
      '{ check: match, scope: $scope }',
      ['[low, core]', '[high, whole]'],
      'enum-member 14:16',
    ],
    [
      'a number, at its cell',
      '[level, scope]',
      '{ check: match, scope: $scope }',
      ['[low, 3]'],
      'enum-member 13:15',
    ],
    [
      'a list of lists, at its cell',
      '[level, scope]',
      '{ check: match, scope_any: $scope }',
      ['[low, [[core]]]'],
      'type-mismatch 13:16',
    ],
    [
      'a column that there is not, where it is named',
      '[level]',
      '{ check: match, scope: $scope }',
      ['[low]'],
      'unknown-name 14:35',
    ],
    [
      'a column that no key names',
      '[level, scope]',
      '{ check: match, scope: core }',
      ['[low, core]'],
      'unknown-name 10:20',
    ],
  ])('refuses %s', (_, columns, condition, rows, expected) => {
    expect(faults(columns, condition, rows)).toEqual([expected])
  })
})

test('outside of a table a check has no columns', () => {
  const text = `language: 1
framework: try-out
version: 1.0.0
status: draft
title: { ja: 試し, en: try-out }
axes: { level: { title: { ja: 段, en: level }, levels: [none, low] } }
grants:
  - id: R
    title: { ja: 一, en: one }
    grant: { level: low }
    all_of: [{ check: match, scope: $scope }]
`
  expect(() => readPack([{ path: 'try.yaml', text }], catalogue)).toThrow(
    'try.yaml:11:37 unknown column `$scope` [unknown-name]\n  help: only a `grant_table` has columns',
  )
})
