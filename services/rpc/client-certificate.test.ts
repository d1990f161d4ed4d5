import { expect, test } from 'vitest'
import { relyingPartyOfCertificate, relyingPartyUri } from './client-certificate.ts'

test('the one alternative name of a certificate names the relying party', () => {
  const subjectaltname = `URI:${relyingPartyUri('liquor')}`
  expect(relyingPartyOfCertificate({ subjectaltname })).toBe('liquor')
})
test.each([
  undefined,
  '',
  'DNS:localhost',
  'DNS:spiffe://watashi/rp/liquor',
  'URI:spiffe://elsewhere/rp/liquor',
  'URI:spiffe://watashi/rp/',
  'URI:spiffe://watashi/rp/Liquor',
  'URI:spiffe://watashi/rp/liquor/admin',
  'URI:spiffe://watashi/rp/liquor, URI:spiffe://watashi/rp/bank',
  'DNS:localhost, URI:spiffe://watashi/rp/liquor',
  'URI:"spiffe://watashi/rp/liquor"',
])('refuses %j', (subjectaltname) => {
  const certificate = subjectaltname === undefined ? undefined : { subjectaltname }
  expect(() => relyingPartyOfCertificate(certificate)).toThrow(
    expect.objectContaining({ code: 'UNAUTHENTICATED' }),
  )
})
