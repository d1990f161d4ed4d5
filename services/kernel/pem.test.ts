import { createPublicKey, generateKeyPairSync } from 'node:crypto'
import fc from 'fast-check'
import { expect, test } from 'vitest'
import { fromBase64 } from './bytes.ts'
import { encodePem, pemBlocks } from './pem.ts'

test('what is encoded is found again, block by block and whatever stands between', () => {
  const block = fc.record({
    label: fc.constantFrom('CERTIFICATE', 'X509 CRL', 'PUBLIC KEY'),
    der: fc.uint8Array({ minLength: 1, maxLength: 300 }),
  })
  fc.assert(
    fc.property(fc.array(block, { maxLength: 4 }), (blocks) => {
      const text = blocks.map(({ label, der }) => `words\n${encodePem(label, der)}`).join('')
      const found = pemBlocks(text)
      expect(found.map(({ label, base64 }) => ({ label, der: fromBase64(base64) }))).toEqual(blocks)
    }),
  )
})

test('OpenSSL reads what is encoded', () => {
  const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' })
  const der = new Uint8Array(publicKey.export({ type: 'spki', format: 'der' }))
  expect(createPublicKey(encodePem('PUBLIC KEY', der)).equals(publicKey)).toBe(true)
})

test('a block that ends under another label is none', () => {
  expect(pemBlocks('-----BEGIN CERTIFICATE-----\nAAAA\n-----END X509 CRL-----\n')).toEqual([])
})
