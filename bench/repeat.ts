import { createPublicKey, sign, verify } from 'node:crypto'
import { CertificateCache } from '../services/jpki/certificate-cache.ts'
import { verifyApplication } from '../services/jpki/verify-application.ts'
import { issueAuthority, issueCertificate, MESSAGE, NOW } from '../test/pki/issue.ts'
import { compare, type Row } from './measure.ts'

/** A card that is shown again: its certificate was verified before, and its signature is new. */
export function benchRepeat(): Row {
  const authority = issueAuthority('authentication')
  const card = issueCertificate(authority)
  const signature = new Uint8Array(sign('sha256', MESSAGE, card.key.privateKey))
  const context = {
    anchors: [authority.anchor],
    environment: 'simulator',
    kind: 'authentication',
    at: NOW,
    cache: new CertificateCache(),
  } as const
  const prove = (): string =>
    verifyApplication({ certificate: card.der, message: MESSAGE, signature }, context).verdict
      .indication
  if (prove() !== 'PASSED') throw new Error('the bench’s own proof is refused')
  const key = createPublicKey(card.key.privateKey)
  return compare({
    name: 'the same card again, RSA-2048',
    floorName: '1 × crypto.verify, key at hand',
    floor: () => verify('sha256', MESSAGE, key, signature),
    ours: prove,
    target: '≤ 1.5×',
  })
}
