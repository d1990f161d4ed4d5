import { beforeEach, describe, expect, test } from 'vitest'
import { issue, issueList } from '../../../test/pki/issue-path.ts'
import { NOW } from '../../../test/pki/issue.ts'
import { toBase64 } from '../../kernel/bytes.ts'
import { InvalidInput } from '../../kernel/errors.ts'
import { pkiStatus, pkiVerify, type StatusOptions, type VerifyOptions } from './pki-commands.ts'
import type { PkiIo } from './pki-io.ts'

const root = issue('Root', { authority: true })
const authority = issue('Authority', { issuer: root, authority: true, serial: 2 })
const target = issue('Target', { issuer: authority, serial: 7 })
const lists = {
  root: issueList({ issuer: root }),
  authority: issueList({ issuer: authority }),
  revoking: issueList({ issuer: authority, revoked: [{ serial: 7, reason: 1 }] }),
}

function pem(label: string, der: Uint8Array): string {
  return `a sentence\n-----BEGIN ${label}-----\n${toBase64(der).replace(/(.{64})/g, '$1\r\n')}\n-----END ${label}-----\n`
}

const files = new Map<string, Uint8Array>(
  Object.entries({
    'root.cer': root.der,
    'root.crl': lists.root,
    'authority.crl': lists.authority,
    'revoking.crl': lists.revoking,
    'target.cer': target.der,
    'broken.cer': target.der.subarray(0, -1),
    'all.pem': Buffer.from(
      pem('CERTIFICATE', root.der) +
        pem('CERTIFICATE', authority.der) +
        pem('X509 CRL', lists.root),
    ),
    'target.pem': Buffer.from(pem('CERTIFICATE', target.der)),
    'lists.pem': Buffer.from(pem('X509 CRL', lists.root) + pem('CRL', lists.authority)),
    'odd.pem': Buffer.from(pem('CERTIFICATE', target.der).replace('M', '?')),
    'text.txt': Buffer.from('no certificate'),
  }),
)

let printed: string[]
beforeEach(() => (printed = []))

const io: PkiIo = {
  print: (line) => printed.push(line),
  complain: () => undefined,
  clock: { now: () => NOW },
  environment: 'simulator',
  readBytes(path, most) {
    const bytes = files.get(path)
    if (bytes === undefined || bytes.length > most) throw new InvalidInput(path, 'a file')
    return bytes
  },
  async *readChunks() {},
}

const verify = (certificate: string | undefined, more: Partial<VerifyOptions> = {}, on = io) =>
  pkiVerify(
    certificate,
    {
      ...{ anchors: ['root.cer'], intermediates: ['all.pem'], crls: ['root.crl', 'authority.crl'] },
      ...{ revocation: true, profile: 'rfc5280' },
      ...more,
    },
    on,
  )

describe('pki verify', () => {
  test('says that a path holds, check by check', async () => {
    expect(await verify('target.cer')).toBe(0)
    expect(printed).toEqual([
      'PASSED',
      '  passed certificate-format',
      '  passed certification-path',
      '  passed issuer-validity',
      '  passed certificate-validity',
      '  passed path-constraints',
      '  passed certificate-policies',
      '  passed revocation-status',
    ])
  })

  test('reads PEM with several objects, and takes those of the kind', async () => {
    expect(await verify('target.pem', { anchors: ['all.pem'], crls: ['lists.pem'] })).toBe(0)
  })

  test('says with --json what it says in words', async () => {
    expect(await verify('target.cer', { crls: ['root.crl', 'revoking.crl'], json: true })).toBe(1)
    expect(printed.map((line) => JSON.parse(line) as unknown)).toEqual([
      expect.objectContaining({
        ...{
          indication: 'FAILED',
          subIndication: 'REVOKED',
          status: 'REVOKED',
          path: [],
          policies: [],
        },
      }),
    ])
  })

  test.each<[string, string, Partial<VerifyOptions>, string]>([
    ['without lists', 'target.cer', { crls: [] }, 'INDETERMINATE TRY_LATER'],
    ['of a broken certificate', 'broken.cer', {}, 'FAILED FORMAT_FAILURE'],
    ['at another time', 'target.cer', { at: '2050-01-01' }, 'FAILED EXPIRED'],
    ['with old lists', 'target.cer', { maxAgeDays: '0' }, 'INDETERMINATE TRY_LATER'],
    [
      'by the profile that is taken by itself',
      'target.cer',
      { profile: 'jpki' },
      'INDETERMINATE NO_CERTIFICATE_CHAIN_FOUND',
    ],
    [
      'with a policy that is demanded',
      'target.cer',
      { explicitPolicy: true },
      'FAILED CHAIN_CONSTRAINTS_FAILURE',
    ],
  ])('ends with 1 %s', async (_, certificate, options, heading) => {
    expect(await verify(certificate, options)).toBe(1)
    expect(printed[0]).toBe(heading)
  })

  test('leaves revocation aside where that is asked for', async () => {
    expect(await verify('target.cer', { crls: [], revocation: false })).toBe(0)
  })

  test.each<[string, string | undefined, Partial<VerifyOptions>, string]>([
    ['no certificate', undefined, {}, 'CERT'],
    ['a file with several', 'all.pem', {}, 'all.pem'],
    ['a file with none', 'text.txt', {}, 'text.txt'],
    ['PEM that is no base64', 'odd.pem', {}, 'odd.pem'],
    ['lists that are certificates', 'target.cer', { crls: ['target.pem'] }, 'target.pem'],
    ['a time that does not exist', 'target.cer', { at: '2026-02-30T00:00:00Z' }, '--at'],
    ['a time without an offset', 'target.cer', { at: '2026-02-01T00:00:00' }, '--at'],
    ['an age that is none', 'target.cer', { maxAgeDays: 'long' }, '--max-age-days'],
    ['a profile that there is none of', 'target.cer', { profile: 'web' }, '--profile'],
    ['a policy that is none', 'target.cer', { policy: ['any'] }, '--policy'],
    ['a certificate beside cases', 'target.cer', { cases: 'cases.jsonl' }, '--cases'],
  ])('refuses %s, and says what it takes', async (_, certificate, options, path) => {
    await expect(verify(certificate, options)).rejects.toMatchObject({
      code: 'INVALID_INPUT',
      path,
    })
    expect(printed).toEqual([])
  })

  test('refuses the profile for test files in production', async () => {
    const production: PkiIo = { ...io, environment: 'production' }
    const options = { profile: 'vectors' }
    expect(await verify('target.cer', options)).toBe(0)
    await expect(verify('target.cer', options, production)).rejects.toMatchObject({
      path: '--profile',
    })
    expect(await verify('target.cer', {}, production)).toBe(0)
  })
})

describe('pki status', () => {
  const status = (options: Partial<StatusOptions>) =>
    pkiStatus('target.cer', { issuer: ['all.pem'], profile: 'rfc5280', ...options }, io)

  test.each<[string, Partial<StatusOptions>, number, string]>([
    ['good', { crl: ['authority.crl'] }, 0, 'GOOD'],
    [
      'revoked, with reason and time',
      { crl: ['revoking.crl'] },
      1,
      'REVOKED keyCompromise 2026-05-12T03:00:00.000Z',
    ],
    ['unknown, with its cause', { crl: ['root.crl'] }, 1, 'UNKNOWN WRONG_ISSUER'],
  ])('says %s', async (_, options, code, heading) => {
    expect(await status(options)).toBe(code)
    expect(printed[0]).toBe(heading)
  })

  test.each<[string, Partial<StatusOptions>, string]>([
    ['neither lists nor answers', {}, '--crl'],
    ['both', { crl: ['root.crl'], ocsp: ['root.crl'] }, '--crl'],
  ])('refuses %s', async (_, options, path) => {
    await expect(status(options)).rejects.toMatchObject({ path })
  })
})
