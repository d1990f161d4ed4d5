import { createPublicKey, sign, verify } from 'node:crypto'
import { crlStatus, verifyCrl } from '../services/jpki/crl.ts'
import { verifyApplication, withRevocation } from '../services/jpki/verify-application.ts'
import { issueAuthority, issueCertificate, issueCrl, MESSAGE, NOW } from '../test/pki/issue.ts'
import { compare, type Row } from './measure.ts'

const FRESHNESS = { maximumAge: 26 * 3_600_000, clockSkew: 300_000 }

/**
 * One JPKI proof as proofing does it: the certificate parsed, chained and held against its profile, the card's signature
 * verified, the status looked up in a CRL that is already indexed. Floor: the two signature checks nobody can avoid, with keys at hand.
 */
export function benchProof(): Row {
  const authority = issueAuthority('signature')
  const card = issueCertificate(authority)
  const signature = new Uint8Array(sign('sha256', MESSAGE, card.key.privateKey))
  const crl = verifyCrl(issueCrl(authority), authority.anchor)
  if (typeof crl === 'string') throw new Error(`the bench's own CRL is refused: ${crl}`)
  const context = {
    anchors: [authority.anchor],
    environment: 'simulator',
    kind: 'signature',
    at: NOW,
  } as const

  const prove = (): string => {
    const { verdict, verified } = verifyApplication(
      { certificate: card.der, message: MESSAGE, signature },
      context,
    )
    if (verified === null) return verdict.indication
    const { certificate, issuer } = verified
    const status = crlStatus(crl, { certificate, issuer, at: NOW, freshness: FRESHNESS })
    return withRevocation(verdict, status).indication
  }
  if (prove() !== 'PASSED') throw new Error('the bench’s own proof is refused')

  const cardKey = createPublicKey(card.key.privateKey)
  const issuerKey = createPublicKey(authority.key.privateKey)
  const certificateBytes = card.der
  const certificateSignature = new Uint8Array(
    sign('sha256', certificateBytes, authority.key.privateKey),
  )
  return compare({
    name: 'one JPKI proof (chain, signature, revocation), RSA-2048',
    floorName: '2 × crypto.verify, keys at hand',
    floor: () =>
      verify('sha256', MESSAGE, cardKey, signature) &&
      verify('sha256', certificateBytes, issuerKey, certificateSignature),
    ours: prove,
    target: '≤ 1.5×',
  })
}
