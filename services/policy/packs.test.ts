import { cpSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, afterEach, beforeAll, beforeEach, describe, expect, test } from 'vitest'
import { untranslated } from '../../test/policy/untranslated.ts'
import { policyScore } from '../cli/policy-score.ts'
import { policyTest } from '../cli/policy-test.ts'
import { FrozenClock } from '../kernel/clock.ts'
import { PolicyRejected, type Diagnostic } from './language/diagnostic.ts'
import { readPack } from './language/read-pack.ts'
import { POLICIES_DIRECTORY, PolicyStore } from './policy-store.ts'

const store = new PolicyStore()
const PACKS = store.list()
const EXAMPLES = join(POLICIES_DIRECTORY, 'examples.cases.jsonl')
const SERVED = PACKS.flatMap((name) => [...store.load(name).pack.serves.keys()])
/** Rows of the frameworks served. */
const ROWS = readFileSync(EXAMPLES, 'utf8')
  .split('\n')
  .filter((row) => SERVED.some((id) => row.includes(`"framework":"${id}"`)))

function io(files: Readonly<Record<string, string>> = {}, policyDir = POLICIES_DIRECTORY) {
  const out: string[] = []
  const err: string[] = []
  return {
    out,
    err,
    print: (line: string) => void out.push(line),
    complain: (line: string) => void err.push(line),
    read: (path: string) => files[path] ?? readFileSync(path, 'utf8'),
    clock: new FrozenClock('2026-11-01T00:00:00Z'),
    policyDir,
  }
}

function files(pack: string, folder: string, suffix: string): string[] {
  const path = join(POLICIES_DIRECTORY, pack, folder)
  return readdirSync(path)
    .filter((name) => name.endsWith(suffix))
    .map((name) => join(path, name))
}

describe.each(PACKS)('pack %s', (pack) => {
  test('is accepted', () => {
    expect(store.load(pack).pack.framework).toBe(pack)
  })

  test('gives what its tests say', () => {
    const tests = files(pack, '.', '.test.yaml')
    expect(tests).not.toEqual([])
    const terminal = io()
    const code = policyTest(tests, terminal)
    expect([...terminal.out.slice(0, -1), ...terminal.err]).toEqual([])
    expect(code).toBe(0)
  })

  test.each(files(pack, 'bad', '.yaml'))('refuses %s at the place it names', (path) => {
    const text = readFileSync(path, 'utf8')
    const [, code, line, column] = /^# expect: (\S+) (\d+):(\d+)\n/.exec(text) ?? []
    const found = refusals(pack, path, text).filter(({ place }) => place.file === path)
    expect(found.map((one) => `${one.code} ${one.place.line}:${one.place.column}`)).toEqual([
      `${code} ${line}:${column}`,
    ])
    expect(found.flatMap(untranslated)).toEqual([])
  })
})

/** A bad document is read beside the header of its pack, unless it is a header itself. */
function refusals(pack: string, path: string, text: string): readonly Diagnostic[] {
  const header = join(POLICIES_DIRECTORY, pack, 'framework.yaml')
  const sources = [{ path, text }]
  if (!/^version:/m.test(text)) sources.push({ path: header, text: readFileSync(header, 'utf8') })
  try {
    readPack(sources, store.catalogue)
    return []
  } catch (error) {
    if (error instanceof PolicyRejected) return error.diagnostics
    throw error
  }
}

describe('the worked examples', () => {
  test('are right in every row of the frameworks served', () => {
    const terminal = io()
    const code = policyTest([EXAMPLES, ...SERVED.flatMap((id) => ['--framework', id])], terminal)
    expect(terminal.out).toEqual([`${ROWS.length} passed, 0 failed`])
    expect(ROWS.length).toBeGreaterThanOrEqual(41)
    expect(code).toBe(0)
  })

  test('give one JSON line per row, in the form of the command', () => {
    const terminal = io({ 'rows.jsonl': ROWS.join('\n') })
    expect(policyScore(['rows.jsonl', '--json'], terminal)).toBe(0)
    const lines = terminal.out.map((line) => JSON.parse(line) as Record<string, unknown>)
    expect(lines).toHaveLength(ROWS.length)
    for (const line of lines)
      expect(Object.keys(line)).toEqual(['id', 'value', 'missing', 'valid_until', 'caps'])
    expect(lines.find(({ id }) => id === 'ial4-14')).toEqual({
      id: 'ial4-14',
      value: 'indeterminate',
      missing: [expect.objectContaining({ path: 'checks[1].result', check: 'status', on: 'e1' })],
      valid_until: null,
      caps: [],
    })
  })
})

describe('the day that is asked about', () => {
  const person = { proofing: { channel: 'remote_unattended' }, evidence: [], checks: [] }
  const question = (framework: string, at: string, facts: object = person) => ({
    id: 'a',
    framework,
    axis: /^(meti|jp-ds)/.test(framework) ? 'proofing' : 'method',
    at,
    facts,
  })
  const ask = (...questions: readonly object[]) => {
    const text = questions.map((one) => JSON.stringify(one)).join('\n')
    const terminal = io({ 'rows.jsonl': text })
    policyScore(['rows.jsonl', '--json'], terminal)
    return terminal.out.map(
      (line) => JSON.parse(line) as { value?: unknown; error?: { code: string } },
    )
  }

  test('is refused before the first version of a framework, not answered with nothing', () => {
    const firstDays = [
      ['jp-aml', '2020-03-31', '2020-04-01'],
      ['jp-mpiupa', '2026-03-31', '2026-04-01'],
      ['jp-kobutsu', '2026-08-11', '2026-08-12'],
      ['jp-ds500-2019', '2019-02-24', '2019-02-25'],
      ['jp-ds511-2025', '2025-09-29', '2025-09-30'],
      ['meti-idtf-2016', '2016-04-21', '2016-04-22'],
    ] as const
    const refused = ask(...firstDays.map(([id, before]) => question(id, before)))
    expect(refused.map(({ error }) => error?.code)).toEqual(
      firstDays.map(() => 'NO_VERSION_IN_FORCE'),
    )
    for (const answer of ask(...firstDays.map(([id, , first]) => question(id, first))))
      expect(answer).not.toHaveProperty('error')
  })

  test('decides under which law the same image and face are a method', () => {
    const selfie = {
      proofing: { channel: 'remote_unattended' },
      evidence: [{ id: 'e1', kind: 'drivers_license', cls: 'gov_photo_id' }],
      checks: [
        {
          type: 'image',
          on: 'e1',
          live_capture: true,
          shows: ['name', 'address', 'birthdate', 'photo', 'thickness'],
        },
        { type: 'face_image', live_capture: true },
      ],
    }
    const laws = ['jp-aml', 'jp-mpiupa', 'jp-kobutsu']
    const under = (at: string) => ask(...laws.map((id) => question(id, at, selfie)))
    expect(under('2027-03-31').map(({ value }) => value)).toEqual([['ホ'], [], ['8']])
    expect(under('2027-04-01').map(({ value }) => value)).toEqual([[], [], ['8']])
  })
})

test('a framework whose primary text could not be read is a draft', () => {
  const drafts = PACKS.filter((name) => store.load(name).pack.status === 'draft')
  expect(drafts).toContain('jp-ds511-2025')
})

describe('bad input of the commands', () => {
  /** Packs of one framework: what is tested here is not how many there are. */
  let few = ''
  beforeAll(() => {
    few = mkdtempSync(join(tmpdir(), 'watashi-few-packs-'))
    for (const name of ['facts.yaml', 'facts.schema.json', 'meti-idtf-2016'])
      cpSync(join(POLICIES_DIRECTORY, name), join(few, name), { recursive: true })
  })
  afterAll(() => rmSync(few, { recursive: true }))

  const row = (more: object) =>
    JSON.stringify({ id: 'a', framework: 'meti-idtf-2016', axis: 'proofing', facts: {}, ...more })

  test.each([
    ['an unknown framework', row({ framework: 'meti-2016' }), 'expected one of meti-idtf-2016'],
    ['an unknown axis', row({ axis: 'prooving' }), 'did you mean `proofing`?'],
    [
      'a day that does not exist',
      row({ at: '2026-02-30' }),
      'at: expected an RFC 3339 instant or a calendar day',
    ],
    [
      'a day before the first version',
      row({ at: '2010-01-01' }),
      'no version of meti-idtf-2016 is in force',
    ],
    [
      'an unknown member of an enum',
      row({ facts: { proofing: { channel: 'by_pigeon' } } }),
      'line 1: facts.proofing.channel: expected one of face_to_face',
    ],
    [
      'a check without its method',
      row({ facts: { proofing: { channel: 'post' }, evidence: [], checks: [{ type: 'holder' }] } }),
      'line 1: facts.checks[0]: expected a member `method`',
    ],
    [
      'an unknown top-level member',
      row({ facts: { evidences: [] } }),
      'line 1: facts: expected no member `evidences`',
    ],
    ['no JSON', '{"id":', 'line 1: expected one JSON object'],
    ['a list', '[1]', 'line 1: expected a JSON object'],
  ])('%s is a line with an error, and exit code 2', (_, text, message) => {
    const terminal = io({ 'bad.jsonl': `${text}\n${row({ id: 'b' })}` }, few)
    expect(policyScore(['bad.jsonl', '--json'], terminal)).toBe(2)
    const [first, second] = terminal.out.map(
      (line) => JSON.parse(line) as { id: string; value: string; error: { message: string } },
    )
    expect(first?.error.message).toContain(message)
    expect(second).toMatchObject({ id: 'b', value: '1' })
  })

  test.each([
    [[], 'at least one'],
    [['nowhere.jsonl'], 'a file that can be read'],
    [['--colour'], 'Unknown option'],
    [['rules.txt'], 'a name that ends in'],
  ])('policy test %j is a bad call', (args, message) => {
    const terminal = io({ 'rules.txt': '' }, few)
    expect(policyTest(args, terminal)).toBe(2)
    expect(terminal.err.join('\n')).toContain(message)
  })

  test('a row that misses is printed with expected and got', () => {
    const terminal = io({ 'x.jsonl': row({ expected: '4' }) }, few)
    expect(policyTest(['x.jsonl'], terminal)).toBe(1)
    expect(terminal.out).toEqual([
      'x.jsonl:1 a (proofing): expected "4", got "1"',
      '0 passed, 1 failed',
    ])
  })
})

describe('tests of a trustmark', () => {
  const path = join(POLICIES_DIRECTORY, 'trustmarks/watashi.test.yaml')
  const run = (text: string, ...more: readonly string[]) => {
    const terminal = io({ [path]: text })
    const code = policyTest([path, ...more], terminal)
    return { code, said: [...terminal.out, ...terminal.err] }
  }
  const text = readFileSync(path, 'utf8')

  test('run like those of packs, and together with them', () => {
    const packs = join(POLICIES_DIRECTORY, 'watashi-default/watashi.test.yaml')
    const [alone, both] = [run(text), run(text, packs)].map(({ code, said }) => {
      expect(code).toBe(0)
      return Number(/^(\d+) passed, 0 failed$/.exec(said.join('\n'))?.[1])
    })
    expect(both).toBeGreaterThan(alone ?? 0)
  })

  test('print what was expected and got', () => {
    const { code, said } = run(text.replace('met: Pb.C2', 'met: Pc.C3'))
    expect(code).toBe(1)
    expect(said).toContainEqual(
      expect.stringMatching(/watashi\.test\.yaml:3 .* \(met\): expected "Pc\.C3", got "Pb\.C2"$/),
    )
  })

  test('of a trustmark that no pack names are a bad call', () => {
    const { code, said } = run(text.replace('trustmark: watashi', 'trustmark: other'))
    expect({ code, said: said.join() }).toEqual({
      code: 2,
      said: expect.stringContaining('expected a trustmark that a pack names') as string,
    })
  })
})

describe('the packs that a case file is held against', () => {
  let folder = ''
  beforeEach(() => void (folder = mkdtempSync(join(tmpdir(), 'watashi-packs-'))))
  afterEach(() => rmSync(folder, { recursive: true }))

  /** A copy of one pack, or of all, in which one document is changed. */
  const copied = (what: string, to: string, change: (text: string) => string = (text) => text) => {
    cpSync(join(POLICIES_DIRECTORY, what), join(folder, to), { recursive: true })
    const pack = join(folder, what === '.' ? join(to, 'meti-idtf-2016') : to)
    const rules = join(pack, 'proofing.rules.yaml')
    writeFileSync(rules, change(readFileSync(rules, 'utf8')))
    return { cases: join(pack, 'meti.test.yaml'), rules, all: join(folder, to) }
  }
  const misspelt = (text: string) => text.replace('jpki_sign_cert', 'jpki_sing_cert')
  const run = (args: readonly string[], policyDir = POLICIES_DIRECTORY) => {
    const terminal = { ...io(), policyDir }
    const code = policyTest(args, terminal)
    return { code, said: [...terminal.out, ...terminal.err].join('\n') }
  }

  test.each(['.', 'meti-idtf-2016'])(
    'are those of a copy of %s when the cases lie in it',
    (what) => {
      expect(run([copied(what, 'Copy 1').cases]).code).toBe(0)
      const { cases, rules } = copied(what, 'Copy 2', misspelt)
      const { code, said } = run([cases])
      expect(said).toContain(`${rules}:`)
      expect(said).toContain('did you mean `jpki_sign_cert`?')
      expect(code).toBe(2)
    },
  )
  test('tell of broken YAML in the copy, and of nothing that is not at fault', () => {
    const { cases } = copied('meti-idtf-2016', 'copy')
    writeFileSync(join(folder, 'copy/framework.yaml'), 'version: [')
    const { code, said } = run([cases])
    expect(said).toContain('[yaml-syntax]')
    expect(said).not.toContain('[missing-key]')
    expect(code).toBe(2)
  })
  test('change the answers with the rules of the copy', () => {
    const { cases } = copied('meti-idtf-2016', 'copy', (text) =>
      text.replaceAll("grant: { proofing: '3' }", "grant: { proofing: '2' }"),
    )
    const { code, said } = run([cases])
    expect(said).toMatch(/expected "3", got "2"/)
    expect(code).toBe(1)
  })
  test('are those of `--policies`, before `POLICY_DIR`, wherever the cases lie', () => {
    const good = join(POLICIES_DIRECTORY, 'meti-idtf-2016/meti.test.yaml')
    const { all, rules, cases } = copied('.', 'all', misspelt)
    expect(run([good, '--policies', all]).said).toContain(`${rules}:`)
    expect(run([cases, '--policies', POLICIES_DIRECTORY])).toMatchObject({ code: 0 })
    const elsewhere = join(folder, 'cases.test.yaml')
    cpSync(good, elsewhere)
    expect(run([elsewhere], all).said).toContain(`${rules}:`)
    expect(run([elsewhere], all).code).toBe(2)
    expect(run([elsewhere, '--policies', POLICIES_DIRECTORY], all).code).toBe(0)
  })
  test('a folder without facts is a bad call', () => {
    const { code, said } = run(['x.jsonl', '--policies', join(folder, 'none')])
    expect(said).toContain('expected a folder of packs')
    expect(code).toBe(2)
  })
})
