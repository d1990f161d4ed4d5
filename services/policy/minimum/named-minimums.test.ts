import { readdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { PolicyRejected, type Diagnostic } from '../language/diagnostic.ts'
import { PolicyLibrary } from '../policy-library.ts'
import { POLICIES_DIRECTORY, PolicyStore } from '../policy-store.ts'
import type { AskedMinimum } from '../ports.ts'
import { missesOfTrustmark, readTrustmarkCases, testedTrustmark } from './trustmark-cases.ts'

const { library } = new PolicyStore()
const policy = library.policyOf('watashi-default')
const NOTHING = { axes: [], flags: [] }

/** The documents shipped, some of them others. */
function changed(texts: Readonly<Record<string, string>>) {
  return new PolicyLibrary(new Map([...library.documents, ...Object.entries(texts)]))
}

function refusal(work: () => unknown): readonly Diagnostic[] {
  try {
    work()
    return []
  } catch (error) {
    if (error instanceof PolicyRejected) return error.diagnostics
    throw error
  }
}

function places(found: readonly Diagnostic[]): readonly string[] {
  return found.map(({ code, place: { line, column } }) => `${code} ${line}:${column}`)
}

describe.each(['trustmarks', 'profiles'])('%s', (folder) => {
  const bad = join(POLICIES_DIRECTORY, folder, 'bad')
  test.each(readdirSync(bad))('refuse %s at the place it names', (name) => {
    const text = readFileSync(join(bad, name), 'utf8')
    const [, expected] = /^# expect: (\S+ \d+:\d+)\n/.exec(text) ?? []
    const place = `${folder}/watashi.yaml`
    const found = refusal(() => changed({ [place]: text }).policyOf('watashi-default'))
    const own = found.filter(({ place: { file } }) => file === `policies/${place}`)
    expect(places(own)).toEqual([expected])
  })
})

describe('the trustmark', () => {
  const { trustmark } = policy
  if (trustmark === undefined) throw new TypeError('the pack names one')

  test.each(library.testsOf('trustmarks').map((source) => [source.path, source] as const))(
    'makes of levels what %s says',
    (_, source) => {
      expect(testedTrustmark(source.text)).toBe('watashi')
      const cases = readTrustmarkCases(source, policy)
      expect(cases.length).toBeGreaterThan(9)
      expect(cases.flatMap((one) => missesOfTrustmark(one, policy, trustmark))).toEqual([])
    },
  )

  test('a case that expects something else is a miss, with what was got', () => {
    const text = `trustmark: watashi
tests:
  - name: no login
    told: {}
    vtr: [P1]
    expect: { vot: P1, met: P1 }
`
    const [one] = readTrustmarkCases({ path: 'x.test.yaml', text }, policy)
    expect(one && missesOfTrustmark(one, policy, trustmark)).toMatchObject([
      { label: 'x.test.yaml:3 no login', member: 'vot', expected: 'P1', got: 'At' },
      { member: 'met', expected: 'P1', got: null },
    ])
  })

  test('that a pack names and that is not there is refused at the name', () => {
    const header = library.documents.get('watashi-default/framework.yaml') ?? ''
    const text = header.replace('trustmark: watashi', 'trustmark: watashy')
    const [fault] = refusal(() =>
      changed({ 'watashi-default/framework.yaml': text }).policyOf('watashi-default'),
    )
    expect(fault).toMatchObject({ code: 'unknown-rule', help: { en: 'did you mean `watashi`?' } })
    expect(fault?.place.file).toContain('watashi-default/framework.yaml')
  })

  test('is one: a second document of that name is refused', () => {
    const twin = library.documents.get('trustmarks/watashi.yaml') ?? ''
    const twice = changed({ 'trustmarks/twin.yaml': twin })
    expect(refusal(() => twice.policyOf('watashi-default'))).toMatchObject([
      { code: 'unknown-rule', message: { en: expect.stringContaining('found 2') as string } },
    ])
  })
})

describe('what a request asks for', () => {
  test('is each of its vectors in order, by the minimums of their values', () => {
    const { vectors } = policy.readMinimum({ ...NOTHING, vectors: ['C2.Pb', 'C1'] })
    expect(vectors.map(({ vector }) => vector)).toEqual(['Pb.C2', 'C1'])
    expect(vectors[0]?.minimums.flatMap(({ axes }) => axes.map(({ level }) => level))).toEqual([
      'AAL2',
      'IAL2',
    ])
  })

  test('is what its profile asks for, beside its own', () => {
    const own = { axes: [], flags: ['device_bound'] } as const
    expect(policy.readMinimum({ ...own, profile: 'fresh-login' })).toEqual({
      own,
      profile: {
        axes: [{ framework: 'nist-800-63B-4', axis: 'AAL', level: 'AAL2' }],
        flags: [],
        maxAgeSeconds: 300,
      },
      vectors: [],
    })
    expect(policy.readMinimum({ ...own, profile: '', vectors: [] })).toEqual({ own, vectors: [] })
  })

  test.each<[AskedMinimum, string, string]>([
    [{ ...NOTHING, profile: 'proofed' }, 'minimum.profile', 'one of returning-visitor'],
    [{ ...NOTHING, profile: '__proto__' }, 'minimum.profile', 'one of returning-visitor'],
    [{ ...NOTHING, vectors: ['C1', 'P0'] }, 'minimum.vectors[1]', 'P1, P2, Pb'],
    [{ ...NOTHING, vectors: [''] }, 'minimum.vectors[0]', 'values such as'],
    [
      { axes: [{ framework: 'nist-800-63A-4', axis: 'IAL', level: 'IAL9' }], flags: [] },
      'level',
      'one of no_ial',
    ],
  ])('%j is refused at %s', (asked, path, expected) => {
    expect(() => policy.readMinimum(asked)).toThrow(
      expect.objectContaining({ path, message: expect.stringContaining(expected) as string }),
    )
  })

  test('is no vector and no profile where the pack in force names none', () => {
    const header = library.documents.get('watashi-default/framework.yaml') ?? ''
    const text = header.replace(/profiles: .*\ntrustmark: watashi\n/, '')
    expect(text).not.toBe(header)
    const bare = changed({ 'watashi-default/framework.yaml': text }).policyOf('watashi-default')
    for (const asked of [{ vectors: ['C1'] }, { profile: 'fresh-login' }])
      expect(() => bare.readMinimum({ ...NOTHING, ...asked })).toThrow('none')
  })
})
