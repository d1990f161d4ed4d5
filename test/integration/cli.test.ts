import { spawn } from 'node:child_process'
import { once } from 'node:events'
import { mkdtempSync, readFileSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { afterAll, describe, expect, test } from 'vitest'
import type { Told } from '../../services/cli/demo/story.ts'
import { toBase64 } from '../../services/kernel/bytes.ts'
import { issue, issueList } from '../pki/issue-path.ts'
import { NOW } from '../pki/issue.ts'
import { expectWholeStory } from '../support/story-expectations.ts'

const root = join(import.meta.dirname, '../..')
const folder = mkdtempSync(join(tmpdir(), 'watashi-cli-'))
afterAll(() => rm(folder, { recursive: true, force: true }))

interface Ended {
  readonly code: number | null
  readonly out: string
  readonly errors: string
}

/** `watashi …`, as it is typed. */
async function watashi(...words: string[]): Promise<Ended> {
  const child = spawn(process.execPath, ['services/cli.ts', ...words], {
    cwd: root,
    stdio: ['ignore', 'pipe', 'pipe'],
  })
  let out = ''
  let errors = ''
  child.stdout.on('data', (chunk: Buffer) => (out += chunk.toString('utf8')))
  child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString('utf8')))
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once('error', reject)
    child.once('close', resolve)
  })
  return { code, out, errors }
}

function written(name: string, contents: string | Uint8Array): string {
  const file = join(folder, name)
  writeFileSync(file, contents)
  return file
}

function jsonLines<T>(text: string): T[] {
  return text
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as T) // the command's own form
}

interface Row {
  readonly id: string
  readonly framework: string
  readonly axis: string
  readonly expected?: unknown
}

const rows = readFileSync(join(root, 'policies/examples.cases.jsonl'), 'utf8')
  .trim()
  .split('\n')
  .map((line) => ({ line, row: JSON.parse(line) as Row }))
/** Rows of the frameworks that the first packs serve, whose answer is a level. */
const levels = rows.filter(
  ({ row }) =>
    ['meti-idtf-2016', 'nist-800-63A-4'].includes(row.framework) &&
    typeof row.expected === 'string',
)

describe('watashi policy test', () => {
  test('passes the rows of the served frameworks', async () => {
    const { code, out } = await watashi(
      ...['policy', 'test', 'policies/examples.cases.jsonl', 'policies/nist-63-4/nist.test.yaml'],
      ...['--framework', 'meti-idtf-2016', '--framework', 'nist-800-63A-4'],
    )
    expect(out).toMatch(/^\d+ passed, 0 failed$/m)
    expect(out).not.toMatch(/^0 passed/m)
    expect(code).toBe(0)
  })

  test('names expected and got of a miss, and ends with 1', async () => {
    const { row } = levels[0] ?? { row: undefined }
    const file = written('miss.jsonl', JSON.stringify({ ...row, expected: '3' }))
    const { code, out } = await watashi('policy', 'test', file)
    expect(out).toContain(`${row?.id} (proofing): expected "3", got "1"`)
    expect(out).toMatch(/^0 passed, 1 failed$/m)
    expect(code).toBe(1)
  })

  test.each([
    { what: 'a file that is not there', words: ['test', 'no-such-file.jsonl'] },
    { what: 'no file', words: ['test'] },
    { what: 'a name of another kind', words: ['test', 'README.md'] },
    { what: 'an option that there is none of', words: ['test', 'x.jsonl', '--frobnicate'] },
    { what: 'a folder without packs', words: ['test', 'x.jsonl', '--policies', 'services'] },
    { what: 'a subcommand that there is none of', words: ['toast', 'x.jsonl'] },
  ])('ends with 2 for $what, and says so on standard error alone', async ({ words }) => {
    const { code, out, errors } = await watashi('policy', ...words)
    expect(errors).not.toBe('')
    expect(errors).not.toMatch(/^\s+at /m)
    expect(out).toBe('')
    expect(code).toBe(2)
  })
})

describe('watashi policy score', () => {
  test('prints one JSON object a row, in the order of the rows', async () => {
    const some = levels.slice(0, 12)
    const file = written('some.jsonl', some.map(({ line }) => line).join('\n'))
    const { code, out } = await watashi('policy', 'score', file, '--json')
    const scores = jsonLines<Readonly<Record<string, unknown>>>(out)
    expect(scores.map(({ id, value }) => ({ id, value }))).toEqual(
      some.map(({ row: { id, expected } }) => ({ id, value: expected })),
    )
    for (const score of scores) {
      expect(Object.keys(score).sort()).toEqual(['caps', 'id', 'missing', 'valid_until', 'value'])
    }
    expect(code).toBe(0)
  })

  test('answers the good rows beside a bad one, and ends with 2', async () => {
    const [good] = levels
    const file = written('mixed.jsonl', `{"id":"broken"}\n${good?.line ?? ''}\n`)
    const { code, out } = await watashi('policy', 'score', file, '--json')
    expect(jsonLines(out)).toEqual([
      expect.objectContaining({ id: 'broken', error: expect.any(Object) as unknown }),
      expect.objectContaining({ id: good?.row.id, value: good?.row.expected }),
    ])
    expect(code).toBe(2)
  })
})

describe('output that nobody reads to its end', () => {
  test('ends a command no otherwise than when it is read', async () => {
    const child = spawn(
      process.execPath,
      ['services/cli.ts', 'policy', 'score', 'policies/examples.cases.jsonl', '--json'],
      { cwd: root, stdio: ['ignore', 'pipe', 'pipe'] },
    )
    child.stdout.destroy()
    let errors = ''
    child.stderr.on('data', (chunk: Buffer) => (errors += chunk.toString('utf8')))
    const [code] = (await once(child, 'close')) as [number | null]
    expect({ code, errors }).toEqual({ code: 0, errors: '' })
  })
})

describe('watashi pki', () => {
  const root = issue('Root', { authority: true })
  const target = issue('Target', { issuer: root, serial: 7 })
  const files = {
    root: written('root.cer', root.der),
    target: written('target.cer', target.der),
    good: written('good.crl', issueList({ issuer: root })),
    revoking: written('revoking.crl', issueList({ issuer: root, revoked: [{ serial: 7 }] })),
  }
  const asked = ['--profile', 'rfc5280', '--at', NOW.toISOString()]
  const anchored = ['pki', 'verify', ...asked, '--anchors', files.root]

  test('verify ends with 0 for a path that holds, with 1 for one that does not', async () => {
    const good = await watashi(...anchored, '--crls', files.good, files.target)
    expect(good).toMatchObject({ code: 0, errors: '' })
    expect(good.out).toMatch(/^PASSED\n/)
    const revoked = await watashi(...anchored, '--crls', files.revoking, '--json', files.target)
    expect(jsonLines(revoked.out)).toEqual([expect.objectContaining({ subIndication: 'REVOKED' })])
    expect(revoked.code).toBe(1)
    expect(await watashi(...anchored, '--no-revocation', files.target)).toMatchObject({ code: 0 })
  })

  test('status says GOOD and REVOKED', async () => {
    const ask = (list: string) =>
      watashi('pki', 'status', ...asked, '--issuer', files.root, '--crl', list, files.target)
    expect((await ask(files.good)).out).toMatch(/^GOOD\n/)
    expect(await ask(files.revoking)).toMatchObject({ code: 1 })
  })

  test('answers the good cases beside a bad one, and ends with 2', async () => {
    const one = {
      ...{ id: 'one', task: 'path', profile: 'rfc5280', at: NOW.toISOString() },
      certificate: toBase64(target.der),
      ...{ anchors: [toBase64(root.der)], crls: [toBase64(issueList({ issuer: root }))] },
    }
    const cases = written('cases.jsonl', `{\n${JSON.stringify(one)}\n`)
    const { code, out, errors } = await watashi('pki', 'verify', '--cases', cases)
    expect(jsonLines(out)).toEqual([
      { id: null, error: { code: 'INVALID_INPUT', message: expect.any(String) as unknown } },
      expect.objectContaining({ id: 'one', indication: 'PASSED' }),
    ])
    expect(errors).toBe('')
    expect(code).toBe(2)
  })

  test.each([
    { what: 'a file that is not there', words: ['verify', '--anchors', 'none', files.target] },
    { what: 'cases that are not there', words: ['verify', '--cases', 'none.jsonl'] },
    { what: 'cases in a folder', words: ['verify', '--cases', folder] },
    { what: 'no anchor', words: ['verify', files.target] },
    { what: 'an option that there is none of', words: ['status', '--frobnicate'] },
  ])('ends with 2 for $what, and says so on standard error alone', async ({ words }) => {
    const { code, out, errors } = await watashi('pki', ...words)
    expect(errors).not.toBe('')
    expect(errors).not.toMatch(/^\s+at /m)
    expect(out).toBe('')
    expect(code).toBe(2)
  })
})

describe('watashi demo', () => {
  test('--json prints one JSON object a step', { timeout: 120_000 }, async () => {
    const { code, out, errors } = await watashi('demo', '--json')
    expect(errors).toBe('')
    expectWholeStory(jsonLines<Told>(out))
    expect(code).toBe(0)
  })

  test('ends with 2 for a language that it does not speak', async () => {
    const { code, errors } = await watashi('demo', '--lang', 'fr')
    expect(errors).toContain('--lang')
    expect(code).toBe(2)
  })
})
