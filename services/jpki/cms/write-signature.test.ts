import { sign } from 'node:crypto'
import { describe, expect, test } from 'vitest'
import { authority, card, ending, verify } from '../../../test/pki/documents.ts'
import { issueCertificate, NOW } from '../../../test/pki/issue.ts'
import { proofMessage } from '../../card/proof-message.ts'
import { sha256 } from '../../kernel/digest.ts'
import { parseSignedData } from './signed-data.ts'
import type { SignedContent } from './signer.ts'
import { detachedSignature, signedAttributes, type SignatureFields } from './write-signature.ts'

const CONTRACT = new TextEncoder().encode('A contract.\n')
const FIELDS: SignatureFields = {
  certificate: card.der,
  digest: sha256(CONTRACT),
  signingTime: NOW,
}

function signed(fields: Partial<SignatureFields> = {}): Uint8Array {
  const all = { ...FIELDS, ...fields }
  return detachedSignature(all, sign('sha256', signedAttributes(all), card.key.privateKey))
}

function checked(cms: Uint8Array, content?: SignedContent) {
  return verify(cms, { content })
}

describe('a detached signature', () => {
  test.each<[string, SignedContent]>([
    ['the document', CONTRACT],
    ['its digest alone', { sha256: sha256(CONTRACT) }],
  ])('passes against %s', (_what, content) => {
    const { verdict, verified } = checked(signed(), content)
    expect(verdict.indication).toBe('PASSED')
    expect(verified?.content).toEqual(content)
    expect(verified?.signer.der).toEqual(card.der)
    expect(verified?.claimedSigningTime).toEqual(NOW)
  })

  test.each<[string, SignedContent | undefined]>([
    ['another document', new TextEncoder().encode('Another contract.\n')],
    ['the digest of another', { sha256: sha256('Another contract.\n') }],
    ['a digest of another length', { sha256: sha256(CONTRACT).slice(1) }],
  ])('fails against %s', (_what, content) => {
    expect(ending(checked(signed(), content))).toEqual(['FAILED', 'HASH_FAILURE', 'message-digest'])
  })

  test('is of no content when nobody has it', () => {
    const none = ['INDETERMINATE', 'SIGNED_DATA_NOT_FOUND', 'message-digest']
    expect(ending(checked(signed()))).toEqual(none)
  })

  test('names the certificate of its signer by digest', () => {
    const { signer } = parseSignedData(signed(), {
      contentType: '1.2.840.113549.1.7.1',
      maximumContent: 0,
    })
    const [[reference] = []] = signer.attributes.signingCertificates
    expect(reference).toMatchObject({ digest: 'sha256', hash: sha256(card.der) })
    const twin = issueCertificate(authority, { serial: Uint8Array.of(9) })
    const fields = { ...FIELDS, certificate: twin.der }
    const other = detachedSignature(
      fields,
      sign('sha256', signedAttributes(FIELDS), card.key.privateKey),
    )
    expect(checked(other, CONTRACT).verdict.indication).not.toBe('PASSED')
  })

  test.each([
    ['2049-12-31T23:59:59Z', 0x17],
    ['2050-01-01T00:00:00Z', 0x18],
  ])('writes %s in the form of its century', (text, tag) => {
    const attributes = signedAttributes({ ...FIELDS, signingTime: new Date(text) })
    const digits = text.replace(/[-:T]/g, '').slice(tag === 0x17 ? 2 : 0)
    const value = Buffer.from([tag, digits.length, ...Buffer.from(digits)])
    expect(Buffer.from(attributes).includes(value)).toBe(true)
  })
})

describe('what the card signs for a document', () => {
  test('is never what it signs for a proof, whatever digest is asked for', () => {
    const message = proofMessage({
      environment: 'simulator',
      sessionId: 'session',
      purpose: 'enrol',
      rpId: '',
      nonce: new Uint8Array(32),
      bindingHash: new Uint8Array(32),
    })
    for (const digest of [sha256(message), sha256(sha256(message)), new Uint8Array(32)]) {
      const attributes = signedAttributes({ ...FIELDS, digest })
      expect(attributes[0]).toBe(0x31)
      expect(message[0]).toBe(0x00)
      expect(sha256(attributes)).not.toEqual(digest)
    }
  })
})
