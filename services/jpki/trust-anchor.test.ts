import { readFileSync } from 'node:fs'
import { join } from 'node:path'
import { describe, expect, test } from 'vitest'
import { toHex } from '../kernel/bytes.ts'
import { sha256 } from '../kernel/digest.ts'
import { issueAuthority, issueCertificate } from '../../test/pki/issue.ts'
import { sharedFolder } from '../../test/support/shared-data.ts'
import { openTrustAnchor, openTrustAnchors, PRODUCTION_PINS } from './trust-anchor.ts'

const authority = issueAuthority('signature')
const pinOf = (der: Uint8Array) =>
  ({ sha256: toHex(sha256(der)), environment: 'simulator', kind: 'signature' }) as const

test('a root opens under its pin', () => {
  const der = authority.certificate
  expect(openTrustAnchors([der], [pinOf(der)])).toHaveLength(1)
})

test.each([
  ['without a pin', () => openTrustAnchors([authority.certificate], PRODUCTION_PINS)],
  [
    'under the pin of another',
    () => openTrustAnchor(authority.certificate, pinOf(Uint8Array.of(1))),
  ],
  [
    'that is a person',
    () => {
      const { der } = issueCertificate(authority)
      openTrustAnchor(der, pinOf(der))
    },
  ],
])('a root is refused %s', (_, open) => {
  expect(open).toThrow(expect.objectContaining({ code: 'ANCHOR_REFUSED' }))
})

test('a root whose own signature is wrong is refused', () => {
  const bent = authority.certificate.map((b, i) =>
    i === authority.certificate.length - 1 ? b ^ 1 : b,
  )
  expect(() => openTrustAnchor(bent, pinOf(bent))).toThrow(
    expect.objectContaining({ code: 'ANCHOR_REFUSED' }),
  )
})

const folder = sharedFolder('jpki-ca')

describe.skipIf(folder === null)('the published roots', () => {
  const names = ['authca01', 'authca02', 'authca03', 'signca01', 'signca02', 'signca03']
  test.each(names)('%s opens under its production pin', (name) => {
    const der = new Uint8Array(readFileSync(join(folder ?? '', `${name}.cer`)))
    const [anchor] = openTrustAnchors([der], PRODUCTION_PINS)
    expect(anchor?.kind).toBe(name.startsWith('sign') ? 'signature' : 'authentication')
    expect(anchor?.key).toMatchObject({ type: 'rsa', bits: 2048, exponent: 65537 })
    expect(anchor?.environment).toBe('production')
  })
})
