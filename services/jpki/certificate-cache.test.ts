import { sign } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { issueAuthority, issueCertificate, MESSAGE, NOW } from '../../test/pki/issue.ts'
import { CertificateCache } from './certificate-cache.ts'
import { verifyApplication, type VerificationContext } from './verify-application.ts'

const authority = issueAuthority('authentication')
const card = issueCertificate(authority)
const signature = new Uint8Array(sign('sha256', MESSAGE, card.key.privateKey))

function verify(
  cache: CertificateCache,
  over: Partial<VerificationContext> = {},
  message = MESSAGE,
) {
  return verifyApplication(
    { certificate: card.der, message, signature },
    {
      anchors: [authority.anchor],
      environment: 'simulator',
      kind: 'authentication',
      at: NOW,
      cache,
      ...over,
    },
  )
}

describe('a certificate that was verified before', () => {
  const cache = new CertificateCache()
  const first = verify(cache)

  test('gives the same verdict again, without being read again', () => {
    const again = verify(cache)
    expect(again.verdict).toEqual(first.verdict)
    expect(again.verified?.certificate).toBe(first.verified?.certificate)
  })

  test('vouches for no other message', () => {
    expect(verify(cache, {}, new Uint8Array(32)).verdict.sub).toBe('SIG_CRYPTO_FAILURE')
  })

  test('is held against the time again', () => {
    expect(verify(cache, { at: new Date('2030-02-18T00:00:00Z') }).verdict.sub).toBe('EXPIRED')
  })

  test('falls with its anchor', () => {
    const { verdict } = verify(cache, { anchors: [] })
    expect(verdict.sub).toBe('NO_CERTIFICATE_CHAIN_FOUND')
  })

  test('is not taken for one of the other kind', () => {
    const other = issueAuthority('signature')
    const { verdict } = verify(cache, { kind: 'signature', anchors: [other.anchor] })
    expect(verdict.sub).toBe('NO_CERTIFICATE_CHAIN_FOUND')
  })
})

test('what did not pass is not remembered', () => {
  const cache = new CertificateCache()
  verify(cache, { anchors: [] })
  expect(cache.find(card.der)).toBeUndefined()
})

test('a certificate with the four attributes is not kept', () => {
  const cache = new CertificateCache()
  const signing = issueAuthority('signature')
  const { der, key } = issueCertificate(signing)
  const { verdict } = verifyApplication(
    {
      certificate: der,
      message: MESSAGE,
      signature: new Uint8Array(sign('sha256', MESSAGE, key.privateKey)),
    },
    { anchors: [signing.anchor], environment: 'simulator', kind: 'signature', at: NOW, cache },
  )
  expect(verdict.indication).toBe('PASSED')
  expect(cache.find(der)).toBeUndefined()
})

test('the one that was longest unused makes room', () => {
  const cache = new CertificateCache(2)
  const ders = [1, 2, 3].map((n) => issueCertificate(authority, { serial: Uint8Array.of(n) }).der)
  const [one, two, three] = ders
  if (one === undefined || two === undefined || three === undefined) throw new TypeError('three')
  for (const der of [one, two, one, three]) {
    verifyApplication(
      { certificate: der, message: MESSAGE, signature },
      {
        anchors: [authority.anchor],
        environment: 'simulator',
        kind: 'authentication',
        at: NOW,
        cache,
      },
    )
  }
  expect([one, two, three].map((der) => cache.find(der) !== undefined)).toEqual([true, false, true])
})
