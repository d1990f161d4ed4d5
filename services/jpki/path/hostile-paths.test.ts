import { describe, expect, test } from 'vitest'
import { hostileRequests } from '../../../test/pki/hostile.ts'
import { verifyPath } from '../verify-path.ts'

const ENDED: Readonly<Record<string, string>> = {
  '56 p256 cross certificates in a circle': 'fewer signature checks',
  '56 p384 cross certificates in a circle': 'fewer signature checks',
  '56 rsa cross certificates in a circle': 'fewer steps of path building',
  '64 authorities of one name with distinct RSA-2048 keys': 'one of the anchors stands behind',
  '64 authorities of one name with distinct RSA-4096 keys': 'one of the anchors stands behind',
  '64 authorities of one name with distinct RSA-4096 with long exponents keys':
    'fewer signature checks',
  '64 authorities of one name with distinct P-384 keys': 'fewer signature checks',
  'paths with many name constraints': 'fewer comparisons of names',
  'paths with many constraints on long directory names': 'fewer comparisons of names',
  'paths with many policies': 'fewer combinations of policies',
  'distribution points and lists with many names': 'fewer comparisons of names',
  'lists by many signers that vouch for each other': 'fewer signature checks',
  'long names in a circle': 'one of the anchors stands behind',
}

/** How long each takes is measured by the bench; here, that the work ends where the budget says, and never well. */
describe('a request that is made to cost as much as it can', () => {
  test.each(hostileRequests())('$what', ({ what, request }) => {
    const bytes = [request.certificate, ...request.intermediates, ...request.crls]
    expect(bytes.reduce((sum, der) => sum + der.length, 0)).toBeLessThanOrEqual(64 * 1024)
    const { indication, sub, checks } = verifyPath(request)
    expect({ indication, sub }).toEqual({
      indication: 'INDETERMINATE',
      sub: 'NO_CERTIFICATE_CHAIN_FOUND',
    })
    expect(checks.at(-1)?.expected).toContain(ENDED[what])
  })
})
