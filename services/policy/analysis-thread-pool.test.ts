import { afterAll, describe, expect, test } from 'vitest'
import { createLog } from '../kernel/log.ts'
import { createAnalysisDesk } from './analysis-thread-pool.ts'
import { PolicyStore } from './policy-store.ts'

const { documents } = new PolicyStore().library
const METI = 'meti-idtf-2016'
const RULES = `${METI}/proofing.rules.yaml`
const now = Date.parse('2026-12-01T00:00:00Z') / 1000
const desk = createAnalysisDesk(createLog('silent'))
const waits = new AbortController().signal

afterAll(() => desk.close())

function changed(path: string, from: string, to: string): ReadonlyMap<string, string> {
  const text = documents.get(path) ?? ''
  expect(text).toContain(from)
  return new Map(documents).set(path, text.replace(from, to))
}

const findings = { kind: 'findings', documents, pack: METI, axis: 'proofing', now } as const

describe('analysis in a thread of its own', () => {
  test('answers what is found on an axis', async () => {
    const report = await desk.ask(findings, waits)
    expect(report).toMatchObject({ axis: 'proofing', engine: 'exact' })
  })

  test('tells how a draft stands to what is in force, by a person', async () => {
    const after = changed(RULES, "proofing: '3'", "proofing: '4'")
    const question = {
      kind: 'difference',
      before: documents,
      pack: METI,
      axis: 'proofing',
    } as const
    const difference = await desk.ask({ ...question, after, now }, waits)
    expect(difference).toMatchObject({ change: 'only-raises', raised: { values: ['3', '4'] } })
    const same = await desk.ask({ ...question, after: documents, now }, waits)
    expect(same).toMatchObject({ change: 'equivalent' })
  })

  test('compares nobody over two catalogues of facts', async () => {
    const after = new Map(documents).set('facts.yaml', `${documents.get('facts.yaml') ?? ''}\n`)
    const difference = await desk.ask(
      { kind: 'difference', before: documents, after, pack: METI, axis: 'proofing', now },
      waits,
    )
    expect(difference).toMatchObject({ change: 'open' })
  })

  test('says where rules cannot be read, and that an axis is not there', async () => {
    const bad = changed(RULES, "proofing: '3'", "proofing: '33'")
    expect(await desk.ask({ ...findings, documents: bad }, waits)).toMatchObject({
      diagnostics: [{ code: 'unknown-level', place: { file: `policies/${RULES}` } }],
    })
    expect(await desk.ask({ ...findings, axis: 'IAL' }, waits)).toBe('no such axis')
    expect(await desk.ask({ ...findings, pack: 'nobody' }, waits)).toBe('no such axis')
  })

  test('stops for whoever no longer waits, and goes on with the next question', async () => {
    const leaving = new AbortController()
    const left = desk.ask({ ...findings, pack: 'nist-63-4', axis: 'IAL' }, leaving.signal)
    const next = desk.ask(findings, waits)
    leaving.abort(new Error('left'))
    await expect(left).rejects.toThrow('left')
    expect(await next).toMatchObject({ axis: 'proofing' })
    await expect(desk.ask(findings, leaving.signal)).rejects.toThrow('left')
  })
})
