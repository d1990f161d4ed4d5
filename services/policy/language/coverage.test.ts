import { describe, expect, test } from 'vitest'
import { PolicyStore } from '../policy-store.ts'
import { gapsOf, PackCoverage } from './coverage.ts'
import { readPack } from './read-pack.ts'
import { Scorer } from './score.ts'
import type { Facts } from './judged-facts.ts'

const store = new PolicyStore()
const PACK = `language: 1
framework: try-out
version: 1.0.0
status: draft
title: { ja: 試し, en: try-out }
axes:
  level: { title: { ja: 段, en: level }, scope: person, levels: [none, low, high] }
define:
  seen(e): e.presented.exists(c, c.ok)
grants:
  - id: LOW
    title: { ja: 低, en: low }
    grant: { level: low }
    when: |
      evidence.exists(e, seen(e)
        && (e.cls == gov_photo_id || e.kind == epassport))
  - id: HIGH
    title: { ja: 高, en: high }
    grant: { level: high }
    when: evidence.exists(e, seen(e) && e.kind == epassport)
`
const pack = readPack([{ path: 'try.yaml', text: PACK }], store.catalogue)

function coverage(...all: readonly Facts[]) {
  const found = new PackCoverage(pack)
  for (const facts of all) found.add(new Scorer(pack).trace({ axis: 'level', facts, at: 0 }))
  return found
}

const licence = { id: 'e1', kind: 'drivers_license', cls: 'gov_photo_id' }
const passport = { id: 'e1', kind: 'epassport', cls: 'pki_cert' }
const good = { type: 'status', on: 'e1', result: 'good' }
const shown = (result: string) => ({ type: 'presented', on: 'e1', result })

describe('coverage of conditions', () => {
  test('counts a definition once, wherever it is used', () => {
    const { conditions, totals } = coverage()
    expect(conditions.map(({ place, text }) => `${place.line}:${place.column} ${text}`)).toEqual([
      '9:12 e.presented.exists(c, c.ok)',
      '9:34 c.ok',
      '15:7 evidence.exists(e, seen(e) && (e.cls == gov_photo_id || e.kind == epassport))',
      '15:26 seen(e)',
      '16:13 e.cls == gov_photo_id',
      '16:38 e.kind == epassport',
      '20:11 evidence.exists(e, seen(e) && e.kind == epassport)',
      '20:30 seen(e)',
      '20:41 e.kind == epassport',
    ])
    expect(totals).toEqual({
      ...{ conditions: 9, decisions: 6, true: 0, false: 0, unknown: 0 },
      ...{ canBeUnknown: 6, mcdc: 0 },
    })
  })

  test('tells true, false and unknown apart, and what decided from what only held', () => {
    const { conditions } = coverage(
      { evidence: [licence], checks: [shown('pass')] },
      { evidence: [licence], checks: [shown('unknown')] },
    )
    const at = (text: string) => conditions.find((one) => one.text === text) ?? expect.fail()
    expect(at('c.ok')).toMatchObject({ true: 2, false: 0, unknown: 2, decidedTrue: true })
    expect(gapsOf(at('c.ok'))).toEqual(['never false'])
    // True with the only other way closed: without it the rule would not hold.
    expect(at('e.cls == gov_photo_id')).toMatchObject({ decidedTrue: true, decidedFalse: false })
    expect(gapsOf(at('e.cls == gov_photo_id'))).toEqual(['never false'])
  })

  test('a condition that holds beside another that is enough has decided nothing', () => {
    const both = { id: 'e1', kind: 'epassport', cls: 'gov_photo_id' }
    const { conditions } = coverage({ evidence: [both], checks: [shown('pass')] })
    const found = conditions.find(({ place }) => place.line === 16 && place.column === 38)
    expect(found).toMatchObject({ true: 1, decidedTrue: false })
    expect(gapsOf(found ?? expect.fail())).toEqual(['never false', 'never decided true'])
  })

  test('is complete once each condition was seen to decide both ways and to be unknown', () => {
    const { conditions, totals } = coverage(
      { evidence: [licence], checks: [shown('pass')] },
      { evidence: [licence], checks: [shown('fail')] },
      { evidence: [passport], checks: [shown('pass'), good] },
      { evidence: [passport], checks: [shown('fail'), good] },
      { evidence: [passport], checks: [shown('unknown'), good] },
      {
        evidence: [{ id: 'e1', kind: 'juminhyo', cls: 'gov_nonphoto_id' }],
        checks: [shown('pass')],
      },
    )
    expect(conditions.flatMap(gapsOf)).toEqual([])
    expect(totals).toMatchObject({ true: 9, false: 9, unknown: 6, mcdc: 9 })
  })
})
