import { describe, expect, test } from 'vitest'
import { PolicyLibrary } from '../policy-library.ts'
import { PolicyStore } from '../policy-store.ts'
import { passGates } from './gates.ts'

const before = new PolicyStore().library
const PLACE = 'trustmarks/watashi.yaml'
const TESTS = 'trustmarks/watashi.test.yaml'

/** What the gates say of the installed documents with changes in these. */
function gates(changes: Readonly<Record<string, (text: string) => string>>) {
  const changed = Object.entries(changes).map(([place, change]) => {
    const text = before.documents.get(place) ?? ''
    expect(change(text)).not.toBe(text)
    return [place, change(text)] as const
  })
  const documents = new PolicyLibrary(new Map([...before.documents, ...changed])).documents
  const now = new Date('2026-11-01T00:00:00Z')
  const pack = 'watashi-default'
  return passGates({ documents, pack, before, rolledBackTo: null, intent: 'any', now })
}

const lowerC3 = (text: string) => text.replace('level: AAL3', 'level: AAL2')
const nextVersion = (text: string) => text.replace('version: 1.0.0', 'version: 1.1.0')
const withoutC3 = (text: string) => text.replace('vtr: [P2.C1, Pb.C2]', 'vtr: [P2.C1]')

describe('a trustmark in a release', () => {
  test('passes as it is, and with better words', () => {
    const { passed, tests } = gates({
      [PLACE]: (text) => text.replace('the identity was proofed', 'proofed'),
    })
    expect({ passed, failed: tests.failed }).toEqual({ passed: true, failed: [] })
    expect(tests.passed).toBeGreaterThan(9)
  })

  test('that means something else has to have another version', () => {
    const change = (text: string) =>
      text.replace(
        'cites: [RFC 8485 §A.3]\n    axes:',
        'cites: [RFC 8485 §A.3]\n    flags: [device_bound]\n    axes:',
      )
    const [objection] = gates({ [PLACE]: change }).objections
    expect(objection?.en).toBe(
      'what trustmark watashi means changed, so its version has to be above 1.0.0',
    )
    expect(gates({ [PLACE]: (text) => nextVersion(change(text)) }).objections).toEqual([])
  })

  test('that its tests contradict does not pass, with what was expected and got', () => {
    const { passed, tests } = gates({ [PLACE]: (text) => nextVersion(lowerC3(text)) })
    expect(passed).toBe(false)
    expect(tests.failed).toContainEqual({
      label: expect.stringContaining(`policies/${TESTS}:`) as string,
      axis: 'vot',
      miss: {
        ja: '"P1.P2.Pb.C1.C2.Ce.Mb.At" のはずが "P1.P2.Pb.C1.C2.C3.Ce.Mb.At" です',
        en: 'expected "P1.P2.Pb.C1.C2.Ce.Mb.At", got "P1.P2.Pb.C1.C2.C3.Ce.Mb.At"',
      },
    })
  })

  test('that cannot be read is not put in force, and says where', () => {
    const { passed, diagnostics } = gates({ [PLACE]: (text) => text.replace('IAL2', 'IAL4') })
    expect(passed).toBe(false)
    expect(diagnostics).toMatchObject([
      {
        code: 'unknown-level',
        place: { file: `policies/${PLACE}` },
        help: { en: 'did you mean `IAL1`?' },
      },
    ])
  })

  test('may have other tests without another version', () => {
    expect(gates({ [TESTS]: withoutC3 })).toMatchObject({ passed: true, objections: [] })
  })
})

describe('what packs name, in a release', () => {
  test.each([
    ['profiles/watashi.yaml', 'level: AAL2', 'level: AAL9', 'unknown-level'],
    ['equivalences/jp-aml.yaml', 'includes: AML.R.JPKI', 'includes: AML.JPKI', 'unknown-level'],
  ])('is refused at its place: %s', (place, from, to, code) => {
    const { passed, diagnostics } = gates({ [place]: (text) => text.replace(from, to) })
    expect(passed).toBe(false)
    expect(diagnostics).toMatchObject([{ code, place: { file: `policies/${place}` } }])
  })

  test('is held against the tests of equivalences', () => {
    const place = 'equivalences/jp-aml.yaml'
    const { passed, tests } = gates({
      [place]: (text) => text.replace("axis: proofing, level: '3'", "axis: proofing, level: '2'"),
    })
    expect(passed).toBe(false)
    expect(tests.failed.map(({ label }) => label)).toEqual(
      tests.failed.map(() => expect.stringContaining('equivalences.test.yaml') as string),
    )
    expect(tests.failed.length).toBeGreaterThan(0)
  })
})

describe('what a pack says of itself, in a release', () => {
  const PACK = 'watashi-default/framework.yaml'
  const saying = (invariant: string, change = (text: string) => text) => ({
    [PACK]: (text: string) => `${nextVersion(change(text))}invariants:\n  - ${invariant}\n`,
  })
  const NEVER_RAISES = 'neverRaises: { against: released }'
  const looser = (text: string) => text.replace(' && f.phishing_resistant\n', '\n')
  const stricter = (text: string) =>
    text.replace(' && f.phishing_resistant\n', ' && f.phishing_resistant && f.uv\n')

  test('is proved before it is put in force', () => {
    expect(gates(saying(NEVER_RAISES)).objections).toEqual([])
    expect(gates(saying(NEVER_RAISES, stricter)).objections).toEqual([])
  })

  test('is refused where a version gives somebody more', () => {
    expect(gates(saying(NEVER_RAISES, looser)).objections).toEqual([
      {
        ja: expect.stringContaining('watashi-default の invariants が成り立ちません') as string,
        en: 'an invariant of watashi-default does not hold — somebody gets more on phishing_resistant than from the version before',
      },
    ])
    expect(gates(saying('reachable: all', looser)).objections).toEqual([])
  })

  test('is refused where a level comes without its condition', () => {
    const needs = (condition: string) =>
      `needs: { axis: phishing_resistant, at_least: 'yes', condition: "${condition}" }`
    const bound = 'auth.factors.exists(f, f.phishing_resistant)'
    expect(gates(saying(needs(bound))).objections).toEqual([])
    const [objection] = gates(saying(needs('auth.factors.exists(f, f.hardware)'))).objections
    expect(objection?.en).toBe(
      'an invariant of watashi-default does not hold — somebody reaches yes of phishing_resistant without the condition',
    )
  })
})
