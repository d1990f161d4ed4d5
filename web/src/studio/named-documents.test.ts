import { describe, expect, test } from 'vitest'
import { NAMED_FOLDERS } from './named-documents.ts'
import { wantedAt } from './wanted.ts'
import { FACTS, folderOf, Workbench, type Documents } from './workbench.ts'

const PRODUCT = 'watashi-default'
const HEADER = `${PRODUCT}/framework.yaml`
const PROFILES = 'profiles/watashi.yaml'
const files = import.meta.glob<string>('../../../policies/**/*.yaml', {
  query: '?raw',
  import: 'default',
  eager: true,
})
const all = new Map(
  Object.entries(files).map(([path, text]) => [path.replace('../../../policies/', ''), text]),
)
const isBad = (path: string) => path.includes('/bad/')
const shipped: Documents = new Map([...all].filter(([path]) => !isBad(path)))
const workbench = new Workbench()

function places(documents: Documents, folder: string, file: string): readonly string[] {
  return workbench
    .check(documents, folder)
    .diagnostics.filter(({ place }) => place.file === file)
    .map(({ code, place: { line, column } }) => `${code} ${line}:${column}`)
}

function changed(path: string, from: string, to: string): Documents {
  const text = shipped.get(path) ?? ''
  expect(text).toContain(from)
  return new Map(shipped).set(path, text.replace(from, to))
}

describe.each(NAMED_FOLDERS)('%s', (folder) => {
  test('that are shipped have no fault', () => {
    expect(workbench.check(shipped, folder).diagnostics).toEqual([])
  })

  const bad = [...all.keys()].filter((path) => path.startsWith(`${folder}/bad/`))
  test.each(bad)('%s is refused at the place that it names', (path) => {
    const text = all.get(path) ?? ''
    const [, expected] = /^# expect: (\S+ \d+:\d+)\n/.exec(text) ?? []
    const place = [...shipped.keys()].find(
      (one) => folderOf(one) === folder && !one.endsWith('.test.yaml'),
    )
    if (place === undefined) throw new TypeError('each folder has a document')
    expect(places(new Map(shipped).set(place, text), folder, place)).toEqual([expected])
  })

  test('are not at fault while the rules of a framework are', () => {
    const faulty = changed('nist-63-4/framework.yaml', 'axes:', 'axis:')
    expect(workbench.check(faulty, 'nist-63-4').diagnostics).not.toEqual([])
    expect(workbench.check(faulty, folder).diagnostics).toEqual([])
  })
})

describe('what a pack names', () => {
  test('and is there is no fault', () => {
    expect(workbench.check(shipped, PRODUCT).diagnostics).toEqual([])
  })

  test.each([
    ['profile', 'fresh-login', 'fresh-logon', 'did you mean `fresh-login`?'],
    ['trustmark', 'trustmark: watashi', 'trustmark: watashy', 'did you mean `watashi`?'],
  ])('a %s that is not there is a fault at its name', (_, from, to, help) => {
    const documents = changed(HEADER, from, to)
    const { diagnostics, pack } = workbench.check(documents, PRODUCT)
    expect(diagnostics).toMatchObject([
      { code: 'unknown-rule', help: { en: help }, place: { file: HEADER } },
    ])
    // The rules themselves are whole: what people get is still shown.
    expect(pack?.framework).toBe(PRODUCT)
  })

  test('and has a fault is told of in its own document', () => {
    const documents = changed(PROFILES, 'level: AAL1', 'level: AAL9')
    expect(workbench.check(documents, PRODUCT).diagnostics).toMatchObject([
      { code: 'unknown-level', place: { file: PROFILES } },
    ])
  })
})

describe('words that may stand in such a document', () => {
  const wordsAt = (path: string, text: string) => {
    const from = text.indexOf('@')
    const documents = new Map(shipped).set(path, text.replace('@', ''))
    return wantedAt(documents, { path, from, to: from }, undefined).map(({ name }) => name)
  }
  const profile = (body: string) =>
    `language: 1\n\nprofiles:\n  - id: mine\n    title: { ja: 私の, en: mine }\n    ${body}\n`
  const axis = (body: string) => profile(`axes:\n      - { ${body} }`)

  test.each([
    ['a framework', axis('framework: @, axis: AAL, level: AAL1'), ['nist-800-63B-4'], ['AAL']],
    ['an axis', axis('framework: nist-800-63B-4, axis: @, level: AAL1'), ['AAL'], ['IAL']],
    ['a level', axis('framework: nist-800-63B-4, axis: AAL, level: @'), ['AAL1', 'AAL3'], ['IAL1']],
    ['a flag', profile('flags: [@]'), ['phishing_resistant', 'device_bound'], ['AAL']],
    ['a key', profile('flags: [device_bound]\n    @'), ['axes', 'max_age_seconds'], ['grant']],
  ])('%s', (_, text, some, others) => {
    const words = wordsAt('profiles/mine.yaml', text)
    expect(words).toEqual(expect.arrayContaining(some))
    expect(words).not.toEqual(expect.arrayContaining(others))
  })

  test('and in a header, the names of profiles', () => {
    const text = (shipped.get(HEADER) ?? '').replace('profiles: [', 'profiles: [@, ')
    expect(wordsAt(HEADER, text)).toEqual(expect.arrayContaining(['fresh-login', 'meti-level-3']))
  })
})

test('the facts belong to no such folder', () => {
  expect(workbench.check(shipped, folderOf(FACTS)).diagnostics).toEqual([])
})
