import { execFileSync, spawnSync } from 'node:child_process'
import { createPrivateKey, webcrypto } from 'node:crypto'
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import * as asn1js from 'asn1js'
import * as pkijs from 'pkijs'
import { afterAll, beforeAll, describe, expect, test } from 'vitest'
import {
  buildCms,
  buildToken,
  DOCUMENT,
  signingCertificate,
  type TestSigner,
} from '../../../test/pki/cms.ts'
import {
  authority,
  card,
  ending,
  RFC5280,
  RULES,
  stamper,
  tsa,
  verify,
} from '../../../test/pki/documents.ts'
import { NOW } from '../../../test/pki/issue.ts'
import { parseCertificate } from '../certificate.ts'
import type { PathAnchor } from '../path/build-path.ts'
import { importPublicKey } from '../public-key.ts'
import type { CmsQuestion } from './verify-cms.ts'
import { verifyTimeStamp } from './verify-time-stamp.ts'

const hasOpenssl = spawnSync('openssl', ['version']).status === 0
if (!hasOpenssl) console.warn('skipped: second opinions on CMS need the program openssl')

const folder = mkdtempSync(join(tmpdir(), 'watashi-cms-'))
afterAll(() => {
  rmSync(folder, { recursive: true })
})

function openssl(...args: string[]): void {
  execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' })
}

function put(name: string, contents: Uint8Array | string): void {
  writeFileSync(join(folder, name), contents)
}

function made(name: string): Uint8Array {
  return new Uint8Array(readFileSync(join(folder, name)))
}

function putCertificate(name: string, der: Uint8Array): void {
  const base64 = Buffer.from(der).toString('base64')
  put(
    name,
    `-----BEGIN CERTIFICATE-----\n${base64.replace(/.{64}/g, '$&\n')}\n-----END CERTIFICATE-----\n`,
  )
}

function putSigner(name: string, { der, key }: TestSigner): void {
  putCertificate(`${name}.pem`, der)
  put(`${name}.key`, key.privateKey.export({ type: 'pkcs8', format: 'pem' }))
}

describe.runIf(hasOpenssl)('a document that OpenSSL signed', () => {
  beforeAll(() => {
    put('document', DOCUMENT)
    putSigner('card', card)
    putCertificate('ca.pem', authority.certificate)
  })
  const sign = (...args: string[]): Uint8Array => {
    openssl('cms', '-sign', '-binary', '-in', 'document', '-outform', 'DER', '-out', 'cms', ...args)
    return made('cms')
  }
  const byCard = ['-signer', 'card.pem', '-inkey', 'card.key']

  test.each<[string, string[], Partial<CmsQuestion>]>([
    ['with its content', ['-nodetach'], {}],
    ['with its content apart', [], { content: DOCUMENT }],
    ['by key identifier', ['-nodetach', '-keyid'], {}],
    ['with a signing certificate', ['-nodetach', '-cades'], {}],
    ['with SHA-512', ['-nodetach', '-md', 'sha512'], {}],
    ['with the certificate of its issuer', ['-nodetach', '-certfile', 'ca.pem'], {}],
    [
      'without its certificate',
      ['-nodetach', '-nocerts'],
      { intermediates: [parseCertificate(card.der)] },
    ],
    [
      'with PSS',
      [
        '-nodetach',
        '-md',
        'sha256',
        '-keyopt',
        'rsa_padding_mode:pss',
        '-keyopt',
        'rsa_pss_saltlen:32',
      ],
      {},
    ],
  ])('passes %s', (_, args, bent) => {
    expect(ending(verify(sign('-md', 'sha256', ...byCard, ...args), bent))).toBe('PASSED')
  })

  test('is refused when OpenSSL signed the content itself', () => {
    const bare = sign('-md', 'sha256', ...byCard, '-nodetach', '-noattr')
    expect(ending(verify(bare))).toEqual(['FAILED', 'FORMAT_FAILURE', 'cms-format'])
  })

  test.each(['prime256v1', 'secp384r1'])('passes with a key on %s', (curve) => {
    const key = ['-newkey', 'ec', '-pkeyopt', `ec_paramgen_curve:${curve}`, '-nodes']
    const dates = ['-days', '2']
    openssl(
      'req',
      '-x509',
      ...key,
      '-keyout',
      'ec-ca.key',
      '-out',
      'ec-ca.pem',
      '-subj',
      '/CN=CA',
      ...dates,
    )
    openssl('req', ...key, '-keyout', 'ec.key', '-out', 'ec.csr', '-subj', '/CN=signer')
    put('ec.ext', 'keyUsage=critical,nonRepudiation\n')
    openssl(
      'x509',
      '-req',
      '-in',
      'ec.csr',
      '-CA',
      'ec-ca.pem',
      '-CAkey',
      'ec-ca.key',
      '-set_serial',
      '5',
      '-extfile',
      'ec.ext',
      '-out',
      'ec.pem',
      ...dates,
    )
    openssl('x509', '-in', 'ec-ca.pem', '-outform', 'DER', '-out', 'ec-ca.der')
    const cms = sign('-signer', 'ec.pem', '-inkey', 'ec.key', '-nodetach', '-md', 'sha384')
    const anchors = [anchorOf(made('ec-ca.der'))]
    const bent = { anchors, profile: RFC5280, at: new Date(), revocation: 'not-checked' } as const
    expect(ending(verify(cms, bent))).toBe('PASSED')
  })

  test('verifies there as well when it was built here', () => {
    const attime = [
      '-attime',
      String(NOW.getTime() / 1000),
      '-CAfile',
      'ca.pem',
      '-purpose',
      'any',
      '-ignore_critical',
    ]
    const verified = (cms: Uint8Array): boolean => {
      put('built', cms)
      const args = [
        'cms',
        '-verify',
        '-binary',
        '-inform',
        'DER',
        '-in',
        'built',
        '-out',
        'out',
        ...attime,
      ]
      return spawnSync('openssl', args, { cwd: folder }).status === 0
    }
    expect(verified(buildCms(card))).toBe(true)
    expect(made('out')).toEqual(DOCUMENT)
    expect(
      verified(buildCms(card, { bend: (own) => [...own, signingCertificate([card.der])] })),
    ).toBe(true)
    expect(verified(buildCms(card, { spoil: (signature) => signature.fill(1) }))).toBe(false)
  })
})

function anchorOf(der: Uint8Array): PathAnchor {
  const certificate = parseCertificate(der)
  return { certificate, key: importPublicKey(certificate.spki) }
}

describe.runIf(hasOpenssl)('a time-stamp that OpenSSL made', () => {
  const CONFIG = `[tsa]
default_tsa = unit
[unit]
serial = serial
default_policy = 1.3.6.1.4.1.32473.3161
digests = sha256, sha384, sha512
accuracy = secs:1, millisecs:500
tsa_name = yes
clock_precision_digits = 3
signer_digest = sha256
ess_cert_id_chain = no
`
  beforeAll(() => {
    put('document', DOCUMENT)
    putSigner('tsa', stamper)
    putCertificate('tsa-ca.pem', tsa.certificate)
    put('tsa.conf', CONFIG)
  })
  const stamp = (digest: string, essDigest: string): Uint8Array => {
    put('tsa.conf', `${CONFIG}ess_cert_id_alg = ${essDigest}\n`)
    openssl('ts', '-query', '-data', 'document', `-${digest}`, '-cert', '-out', 'query')
    const signer = ['-signer', 'tsa.pem', '-inkey', 'tsa.key', '-config', 'tsa.conf']
    openssl('ts', '-reply', '-queryfile', 'query', ...signer, '-token_out', '-out', 'token')
    return made('token')
  }

  test.each([
    ['sha256', 'sha256'],
    ['sha512', 'sha1'],
  ])('passes over %s, with its certificate by %s', (digest, essDigest) => {
    const before = Date.now()
    const token = stamp(digest, essDigest)
    const question = {
      anchors: [tsa.anchor],
      intermediates: [],
      revocation: 'not-checked',
      rules: RULES,
      at: new Date(Date.now() + 2000),
    } as const
    const outcome = verifyTimeStamp({ ...question, token, stamped: DOCUMENT })
    expect(ending(outcome)).toBe('PASSED')
    expect(outcome.verified?.genTime.getTime()).toBeGreaterThan(before - 2000)
    const other = verifyTimeStamp({ ...question, token, stamped: Uint8Array.of(1) })
    expect(ending(other)).toEqual(['FAILED', 'HASH_FAILURE', 'time-stamp-content'])
  })

  test('verifies there as well when it was built here', () => {
    const verified = (token: Uint8Array): boolean => {
      put('built', token)
      const at = ['-attime', String(NOW.getTime() / 1000), '-CAfile', 'tsa-ca.pem']
      const args = ['ts', '-verify', '-data', 'document', '-in', 'built', '-token_in', ...at]
      return spawnSync('openssl', args, { cwd: folder }).status === 0
    }
    expect(verified(buildToken(stamper, DOCUMENT))).toBe(true)
    expect(verified(buildToken(stamper, Uint8Array.of(1)))).toBe(false)
  })
})

test('a document that pkijs signed passes', async () => {
  const algorithm = { name: 'RSASSA-PKCS1-v1_5', hash: 'SHA-256' }
  const pkcs8 = createPrivateKey(card.key.privateKey.export({ type: 'pkcs8', format: 'pem' }))
  const key = await webcrypto.subtle.importKey(
    'pkcs8',
    pkcs8.export({ type: 'pkcs8', format: 'der' }),
    algorithm,
    true,
    ['sign'],
  )
  const certificate = pkijs.Certificate.fromBER(new Uint8Array(card.der).buffer)
  const digest = await webcrypto.subtle.digest('SHA-256', DOCUMENT)
  const attributes = [
    ['1.2.840.113549.1.9.3', new asn1js.ObjectIdentifier({ value: '1.2.840.113549.1.7.1' })],
    ['1.2.840.113549.1.9.4', new asn1js.OctetString({ valueHex: digest })],
  ] as const
  const signedData = new pkijs.SignedData({
    version: 1,
    encapContentInfo: new pkijs.EncapsulatedContentInfo({ eContentType: '1.2.840.113549.1.7.1' }),
    signerInfos: [
      new pkijs.SignerInfo({
        version: 1,
        sid: new pkijs.IssuerAndSerialNumber({
          issuer: certificate.issuer,
          serialNumber: certificate.serialNumber,
        }),
        signedAttrs: new pkijs.SignedAndUnsignedAttributes({
          type: 0,
          attributes: attributes.map(
            ([type, value]) => new pkijs.Attribute({ type, values: [value] }),
          ),
        }),
      }),
    ],
    certificates: [certificate],
  })
  await signedData.sign(key, 0, 'SHA-256', DOCUMENT.buffer)
  const content: unknown = signedData.toSchema(true)
  const info = new pkijs.ContentInfo({ contentType: '1.2.840.113549.1.7.2', content })
  const cms = new Uint8Array(info.toSchema().toBER())
  expect(ending(verify(cms, { content: DOCUMENT }))).toBe('PASSED')
  expect(ending(verify(cms, { content: DOCUMENT.slice(1) }))).toEqual([
    'FAILED',
    'HASH_FAILURE',
    'message-digest',
  ])
})
