import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterEach, beforeEach, describe, expect, test } from 'vitest'
import { FrozenClock } from '../kernel/clock.ts'
import { POLICIES_DIRECTORY } from '../policy/policy-store.ts'
import { policyCheck } from './policy-check.ts'

function check(args: readonly string[]) {
  const out: string[] = []
  const err: string[] = []
  const code = policyCheck(args, {
    print: (line) => void out.push(line),
    complain: (line) => void err.push(line),
    read: (path) => readFileSync(path, 'utf8'),
    clock: new FrozenClock('2026-11-01T00:00:00Z'),
    policyDir: POLICIES_DIRECTORY,
  })
  return { code, out, err }
}

describe('policy check', () => {
  let folder = ''
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'watashi-check-'))
    cpSync(POLICIES_DIRECTORY, folder, { recursive: true })
  })
  afterEach(() => rmSync(folder, { recursive: true }))

  const change = (file: string, from: string, to: string) => {
    const path = join(folder, file)
    writeFileSync(path, readFileSync(path, 'utf8').replaceAll(from, to))
    return path
  }

  test('finds nothing in the packs of the product', () => {
    expect(check([folder])).toEqual({ code: 0, out: ['0 faults'], err: [] })
  })

  test.each([
    ['profiles/watashi.yaml', 'level: AAL2', 'level: AAL9', 'unknown-level'],
    ['trustmarks/watashi.yaml', 'flags: [device_bound]', 'flags: [device]', 'enum-member'],
    ['trustmarks/watashi.test.yaml', 'axis: IAL', 'axis: IAI', 'unknown-axis'],
    ['equivalences/jp-aml.yaml', 'includes: AML.R.JPKI', 'includes: AML.JPKI', 'unknown-level'],
  ])('finds a fault of %s, by its folder and by itself', (file, from, to, code) => {
    const path = change(file, from, to)
    for (const asked of [folder, path]) {
      const { code: exit, out } = check([asked])
      expect(exit).toBe(1)
      expect(out.filter((line) => line.startsWith(`${path}:`))).toEqual(
        out.slice(0, -1).map(() => expect.stringContaining(`[${code}]`) as string),
      )
    }
  })

  test.each(['equivalences', 'profiles', 'trustmarks'])(
    'reads the twins of %s with the packs beside them',
    (kind) => {
      for (const name of readdirSync(join(folder, kind, 'bad'))) {
        const path = join(folder, kind, 'bad', name)
        const [, code, place] = /^# expect: (\S+) (\S+)\n/.exec(readFileSync(path, 'utf8')) ?? []
        expect(check([path]).out[0]).toMatch(`${path}:${place ?? ''} `)
        expect(check([path]).out[0]).toContain(`[${code ?? ''}]`)
      }
    },
  )

  test('finds every fault of every pack and of their tests, each at its place', () => {
    const rules = change('nist-63-4/identity.rules.yaml', 'epassport: SUPERIOR', 'epasport: SUPER')
    const defaults = change('watashi-default/framework.yaml', 'f.phishing', 'f.fishing')
    const tests = change('meti-idtf-2016/meti.test.yaml', 'cls: gov_photo_id', 'cls: photo_id')
    const { code, out } = check([folder])
    expect(code).toBe(1)
    for (const file of [rules, defaults, tests])
      expect(out.filter((line) => line.startsWith(`${file}:`))).not.toEqual([])
    expect(out).toContainEqual(
      `${rules}:15:7 unknown member \`epasport\` of enum EvidenceKind [table-row]\n  help: did you mean \`epassport\`?`,
    )
    expect(out).toContainEqual(
      expect.stringMatching(/ facts\.evidence\[0\]\.cls: expected one of .* \[wrong-facts\]$/),
    )
    expect(out.at(-1)).toBe(`${out.length - 1} faults`)
  })

  test('looks at the pack or the document that is named alone', () => {
    change('watashi-default/framework.yaml', 'f.phishing', 'f.fishing')
    const rules = change('nist-63-4/session.rules.yaml', '30d', '30x')
    expect(check([join(folder, 'meti-idtf-2016')]).code).toBe(0)
    expect(check([join(folder, 'nist-63-4')]).out).toHaveLength(2)
    expect(check([rules]).out).toHaveLength(2)
    expect(check([join(folder, 'meti-idtf-2016/meti.test.yaml')]).code).toBe(0)
  })

  test('gives one JSON object per fault', () => {
    const path = change('nist-63-4/session.rules.yaml', 'SESSION.AAL1', 'SESSION.AAL2')
    const { code, out } = check([path, '--json'])
    expect(code).toBe(1)
    expect(out.map((line) => JSON.parse(line) as object)).toContainEqual({
      file: path,
      line: 17,
      column: 9,
      code: 'duplicate-id',
      message: {
        ja: '規則の id `SESSION.AAL2` はすでに使われています',
        en: 'rule id `SESSION.AAL2` is used already',
      },
    })
  })

  test('tells faults and their number in the language that is asked for', () => {
    const path = change('nist-63-4/session.rules.yaml', 'SESSION.AAL1', 'SESSION.AAL2')
    expect(check([path, '--lang', 'ja']).out.at(-1)).toBe('誤り 2 件')
    expect(check([path, '--lang', 'ja']).out).toContain(
      `${path}:17:9 規則の id \`SESSION.AAL2\` はすでに使われています [duplicate-id]`,
    )
    expect(check([path, '--lang', 'en']).out).toEqual(check([path]).out)
  })

  test('reads a document of no pack beside the header of the pack it lies in', () => {
    const path = join(folder, 'nist-63-4/bad/unknown-field.yaml')
    expect(check([path])).toMatchObject({
      code: 1,
      out: [
        `${path}:9:36 unknown field \`uvv\` of Factor [unknown-field]\n  help: did you mean \`uv\`?`,
        '1 fault',
      ],
    })
  })

  test.each([
    [[], 'a folder of packs, a pack, or one document'],
    [['/nowhere'], 'a folder or a document that exists'],
    [[tmpdir()], 'a folder with `framework.yaml`'],
    [['--colour'], 'Unknown option'],
    [['/nowhere', '--lang', 'fr'], '`ja` or `en`'],
  ])('%j is a bad call', (args, message) => {
    const { code, err } = check(args)
    expect(code).toBe(2)
    expect(err.join('\n')).toContain(message)
  })
})
