import { sign } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { issue, issueList } from '../../../test/pki/issue-path.ts'
import { NOW } from '../../../test/pki/issue.ts'
import { toBase64, utf8 } from '../../kernel/bytes.ts'
import type { TrustEnvironment } from '../../kernel/trust-environment.ts'
import { linesOf } from './line-reader.ts'
import type { PkiIo } from './pki-io.ts'
import { runCases } from './run-cases.ts'

const root = issue('Root', { authority: true })
const target = issue('Target', { issuer: root, serial: 7 })
const [good, revoking] = [[], [{ serial: 7, reason: 6 }]].map((revoked) =>
  toBase64(issueList({ issuer: root, revoked })),
)
const certificate = toBase64(target.der)
const anchors = [toBase64(root.der)]
const path = { task: 'path', profile: 'rfc5280', certificate, anchors, crls: [good] }
const crl = { task: 'crl', profile: 'rfc5280', certificate, issuers: anchors, crls: [good] }
const signature = {
  ...{ task: 'signature', spki: toBase64(target.key.spki), algorithm: 'ES256' },
  message: toBase64(utf8('a')),
  signature: toBase64(sign('sha256', utf8('a'), target.key.privateKey)),
}

interface Ran {
  readonly code: number
  readonly answers: readonly Readonly<Record<string, unknown>>[]
}

async function run(
  lines: readonly (string | object)[],
  environment: TrustEnvironment = 'simulator',
): Promise<Ran> {
  const text = lines.map((line) => (typeof line === 'string' ? line : JSON.stringify(line)))
  const printed: string[] = []
  const io: PkiIo = {
    print: (line) => printed.push(line),
    complain: () => undefined,
    clock: { now: () => NOW },
    environment,
    readBytes: () => new Uint8Array(),
    async *readChunks() {
      yield utf8(text.join('\n'))
    },
  }
  const code = await runCases('cases.jsonl', io)
  return { code, answers: printed.map((line) => JSON.parse(line) as Ran['answers'][number]) }
}

describe('cases', () => {
  test('are answered one a line, in order', async () => {
    const { code, answers } = await run([
      { id: 'a', ...path },
      { id: 2, ...crl },
      { id: 'c', ...signature },
    ])
    expect(code).toBe(0)
    expect(answers).toEqual([
      expect.objectContaining({
        id: 'a',
        indication: 'PASSED',
        subIndication: null,
        status: 'GOOD',
      }),
      expect.objectContaining({ id: 2, indication: 'PASSED', subIndication: null, status: 'GOOD' }),
      expect.objectContaining({ id: 'c', indication: 'PASSED', subIndication: null, status: null }),
    ])
    expect(answers[0]?.['checks']).toContainEqual({ id: 'revocation-status', outcome: 'passed' })
  })

  test.each<[string, object, object]>([
    [
      'a path that is revoked',
      { ...path, crls: [revoking] },
      { indication: 'FAILED', subIndication: 'REVOKED', status: 'REVOKED' },
    ],
    [
      'a path without lists',
      { ...path, crls: [] },
      { indication: 'INDETERMINATE', subIndication: 'TRY_LATER', status: 'UNKNOWN' },
    ],
    [
      'a path that does not reach',
      { ...path, anchors: [] },
      { indication: 'INDETERMINATE', subIndication: 'NO_CERTIFICATE_CHAIN_FOUND', status: null },
    ],
    [
      'a status that is suspended',
      { ...crl, crls: [revoking] },
      { status: 'REVOKED', reason: 'certificateHold' },
    ],
    [
      'a status that nothing tells',
      { ...crl, issuers: [] },
      { status: 'UNKNOWN', reason: 'WRONG_ISSUER' },
    ],
    [
      'no answers',
      { ...crl, task: 'ocsp', ocsp: [] },
      { status: 'UNKNOWN', reason: 'UNREACHABLE' },
    ],
    [
      'a signature that is none',
      { ...signature, message: '' },
      { indication: 'FAILED', subIndication: 'SIG_CRYPTO_FAILURE', status: null },
    ],
    [
      'a document that is none',
      { task: 'cms', cms: 'MAA=', anchors },
      { indication: 'FAILED', subIndication: 'FORMAT_FAILURE', status: null },
    ],
    [
      'a certificate that is none',
      { ...path, certificate: 'MAA=' },
      { indication: 'FAILED', subIndication: 'FORMAT_FAILURE' },
    ],
    [
      'the profile that is taken by itself',
      { ...path, profile: undefined },
      { indication: 'FAILED', subIndication: 'CHAIN_CONSTRAINTS_FAILURE' },
    ],
    ['another time', { ...path, at: '2050-01-01T00:00:00+09:00' }, { subIndication: 'EXPIRED' }],
    [
      'a policy that is demanded',
      { ...path, policies: ['1.2.3'], explicitPolicy: true },
      { subIndication: 'CHAIN_CONSTRAINTS_FAILURE' },
    ],
    ['lists that are too old', { ...path, maxAgeDays: 0.5 }, { subIndication: 'TRY_LATER' }],
  ])('%s: ends with 1', async (_, fields, expected) => {
    const { code, answers } = await run([{ id: 'x', ...fields }])
    expect(answers).toEqual([expect.objectContaining({ id: 'x', ...expected })])
    expect(code).toBe(1)
  })

  test('revocation is left aside where that is asked for', async () => {
    expect((await run([{ id: 'x', ...path, crls: [], noRevocation: true }])).code).toBe(0)
  })

  test.each<[string, string | object]>([
    ['no JSON', '{'],
    ['no object', '[]'],
    ['no id', { ...path }],
    ['no task', { ...path, id: 'x', task: undefined }],
    ['a task that there is none of', { ...path, id: 'x', task: 'constructor' }],
    ['a document that is no base64', { id: 'x', task: 'cms', cms: 'MA' }],
    ['no base64', { ...path, id: 'x', certificate: 'MA' }],
    ['no certificate', { ...path, id: 'x', certificate: undefined }],
    ['a list that is none', { ...path, id: 'x', crls: good }],
    ['a list of something else', { ...path, id: 'x', anchors: [1] }],
    ['a list that is too long', { ...path, id: 'x', anchors: Array(1025).fill('') }],
    ['a profile that there is none of', { ...path, id: 'x', profile: 'web' }],
    ['a time that is none', { ...path, id: 'x', at: 'now' }],
    ['a flag that is none', { ...path, id: 'x', explicitPolicy: 'no' }],
    ['an age that is none', { ...path, id: 'x', maxAgeDays: -1 }],
    ['a policy that is none', { ...path, id: 'x', policies: ['any'] }],
    ['an encoding that there is none of', { ...signature, id: 'x', encoding: 'raw' }],
    ['a line that is too long', `{"id":"${'x'.repeat(16 * 2 ** 20)}"}`],
  ])('%s: gives an error, and the run goes on', async (_, line) => {
    const { code, answers } = await run([line, '', { id: 'good', ...path }])
    expect(answers).toHaveLength(2)
    expect(answers[0]).toEqual({
      id: typeof line === 'object' && 'id' in line ? 'x' : null,
      error: { code: 'INVALID_INPUT', message: expect.any(String) as unknown },
    })
    expect(answers[1]).toMatchObject({ id: 'good', indication: 'PASSED' })
    expect(code).toBe(2)
  })

  test('the profile for test files is refused in production, line by line', async () => {
    const { code, answers } = await run(
      [
        { id: 'x', ...path, profile: 'vectors' },
        { id: 'y', ...path },
      ],
      'production',
    )
    expect(answers).toEqual([
      expect.objectContaining({ id: 'x', error: expect.anything() as unknown }),
      expect.objectContaining({ id: 'y', indication: 'PASSED' }),
    ])
    expect(code).toBe(2)
  })
})

test('lines are put together however the file was cut, and one that is too long is let go', async () => {
  async function* chunks(): AsyncGenerator<Uint8Array> {
    for (const part of ['on', 'e\ntw', 'o\n\n  \nthree', 'three', 'three', '\nfour'])
      yield utf8(part)
  }
  const lines = []
  for await (const line of linesOf(chunks(), 8)) lines.push(line)
  expect(lines).toEqual([
    { line: 1, text: 'one' },
    { line: 2, text: 'two' },
    { line: 5, text: null },
    { line: 6, text: 'four' },
  ])
})
