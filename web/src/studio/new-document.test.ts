import { describe, expect, test } from 'vitest'
import { beginningOf, isNewPath } from './new-document.ts'
import { folderOf, Workbench, yamlFaults } from './workbench.ts'

const files = import.meta.glob<string>(
  [
    '../../../policies/facts.yaml',
    '../../../policies/{watashi-default,meti-idtf-2016,nist-63-4}/*.yaml',
  ],
  { query: '?raw', import: 'default', eager: true },
)
const shipped = new Map(
  Object.entries(files).map(([path, text]) => [path.replace('../../../policies/', ''), text]),
)

describe('a new document begins without a fault', () => {
  test.each([
    'town-card/framework.yaml',
    'nist-63-4/more.rules.yaml',
    'profiles/mine.yaml',
    'equivalences/mine.yaml',
    'trustmarks/mine.yaml',
  ])('%s', (path) => {
    const documents = new Map(shipped).set(path, beginningOf(path, '2026-06-01'))
    const { diagnostics } = new Workbench().check(documents, folderOf(path))
    expect(diagnostics.filter(({ place }) => place.file === path)).toEqual([])
  })

  test('tests of a framework too', () => {
    const path = 'town-card/town.test.yaml'
    expect(yamlFaults(path, beginningOf(path, '2026-06-01'))).toEqual([])
  })

  test('and a framework can be asked from that day on', () => {
    const path = 'town-card/framework.yaml'
    const documents = new Map(shipped).set(path, beginningOf(path, '2026-06-01'))
    const { pack } = new Workbench().check(documents, 'town-card')
    expect([...(pack?.serves.keys() ?? [])]).toEqual(['town-card'])
    expect(pack?.effective.from).toBe(Date.parse('2026-06-01T00:00:00+09:00') / 1000)
  })
})

test.each([
  ['town-card/framework.yaml', true],
  ['profiles/a.b.yaml', true],
  ['facts.yaml', false],
  ['Town/framework.yaml', false],
  ['../a/framework.yaml', false],
  ['a/b/framework.yaml', false],
  ['a/framework.yml', false],
])('%s is a place for a new document: %s', (path, is) => {
  expect(isNewPath(path)).toBe(is)
})
