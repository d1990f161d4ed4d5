import { expect, test } from 'vitest'
import { title, tryOut } from '../../../test/policy/try-out.ts'
import { PolicyStore } from '../policy-store.ts'
import { analyzeAxis } from './analyze.ts'
import { compareAxis } from './compare.ts'

const store = new PolicyStore()
const AXES = '  level: { title: { ja: 段, en: level }, scope: person, levels: [none, low, high] }'
const question = { schema: store.factsSchema(), now: Date.parse('2026-06-01T00:00:00Z') / 1000 }

function packOf(condition: string) {
  const rule = `  - { id: R1, ${title}, grant: { level: high }, when: '${condition}' }`
  return tryOut(store.catalogue, AXES, `grants:\n${rule}\n`)
}

const STATUS = 'evidence.exists(e, e.status.exists(s, s.ok))'

test('why an axis is not proved is told in both languages', () => {
  const report = analyzeAxis({ ...question, pack: packOf(STATUS) }, 'level')
  expect(report).toMatchObject({
    engine: 'none',
    reason: {
      ja: '失効の確認を一つずつ問う規則があります',
      en: 'a rule asks for status checks one by one',
    },
    findings: [],
  })
  const [before, after] = [packOf('true'), packOf(STATUS)]
  expect(compareAxis({ ...question, before, after }, 'level')).toMatchObject({
    change: 'open',
    reason: report.reason,
  })
})

test('an axis that is proved needs no reason', () => {
  const report = analyzeAxis({ ...question, pack: packOf('proofing.channel == post') }, 'level')
  expect(report).toMatchObject({ engine: 'exact', reason: undefined })
})
