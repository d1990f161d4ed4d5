import { createPublicKey, sign, verify } from 'node:crypto'
import { parseCertificate } from '../services/jpki/certificate.ts'
import { DelegateCache, ocspStatus } from '../services/jpki/ocsp.ts'
import {
  issueAuthority,
  issueCertificate,
  issueOcspResponse,
  issueResponder,
  MESSAGE,
  NOW,
} from '../test/pki/issue.ts'
import { compare, type Row } from './measure.ts'

/** An answer of a delegated responder whose certificate was verified before. */
export function benchOcsp(): Row {
  const authority = issueAuthority('authentication')
  const card = issueCertificate(authority)
  const responder = issueResponder(authority)
  const nonce = new Uint8Array(32).fill(7)
  const response = issueOcspResponse(authority, { nonce, delegate: responder })
  const question = {
    certificate: parseCertificate(card.der),
    issuer: authority.anchor,
    nonce,
    at: NOW,
    freshness: { maximumAge: 36 * 3_600_000, clockSkew: 60_000 },
    delegates: new DelegateCache(),
  }
  const ask = (): string => ocspStatus(response, question).status
  if (ask() !== 'good') throw new Error('the bench’s own answer is refused')
  const key = createPublicKey(card.key.privateKey)
  const signature = new Uint8Array(sign('sha256', MESSAGE, card.key.privateKey))
  return compare({
    name: 'one OCSP answer, delegate known, RSA-2048',
    floorName: '1 × crypto.verify, key at hand',
    floor: () => verify('sha256', MESSAGE, key, signature),
    ours: ask,
    target: '≤ 1.5×',
  })
}
