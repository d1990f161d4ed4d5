import { createPublicKey, sign, verify } from 'node:crypto'
import { parseCertificate } from '../services/jpki/certificate.ts'
import { findIssuer } from '../services/jpki/certification-path.ts'
import { crlStatus, verifyCrl } from '../services/jpki/crl.ts'
import { importPublicKey } from '../services/jpki/public-key.ts'
import { verifySignature } from '../services/jpki/signature.ts'
import {
  verifyApplication,
  withRevocation,
  type UnverifiedApplication,
} from '../services/jpki/verify-application.ts'
import { issueAuthority, issueCertificate, issueCrl, MESSAGE, NOW } from '../test/pki/issue.ts'
import { compare, type Row } from './measure.ts'

const FRESHNESS = { maximumAge: 26 * 3_600_000, clockSkew: 300_000 }

/** A person's card and the authority that issued it, with keys of one kind. */
export function applicant(keys: 'rsa' | 'p256' | 'p384') {
  const digest = keys === 'p384' ? 'sha384' : 'sha256'
  const labels = (holder: string) => (keys === 'rsa' ? {} : { keyLabel: `${keys}:bench ${holder}` })
  const authority = issueAuthority('signature', labels('authority'))
  const card = issueCertificate(authority, { ...labels('card'), outerDigest: digest })
  const application: UnverifiedApplication = {
    certificate: card.der,
    message: MESSAGE,
    signature: new Uint8Array(sign(digest, MESSAGE, card.key.privateKey)),
  }
  const crl = verifyCrl(issueCrl(authority), authority.anchor)
  if (typeof crl === 'string') throw new Error(`the bench's own CRL is refused: ${crl}`)
  return { authority, card, application, crl, digest } as const
}

type Applicant = ReturnType<typeof applicant>

/**
 * One JPKI proof as proofing does it: the certificate parsed, chained and held against its profile, the card's signature
 * verified, the status looked up in a CRL that is already indexed.
 */
export function proofOf({ authority, application, crl }: Applicant): () => boolean {
  const context = {
    anchors: [authority.anchor],
    environment: 'simulator',
    kind: 'signature',
    at: NOW,
  } as const
  return () => {
    const { verdict, verified } = verifyApplication(application, context)
    if (verified === null) return false
    const { certificate, issuer } = verified
    const status = crlStatus(crl, { certificate, issuer, at: NOW, freshness: FRESHNESS })
    return withRevocation(verdict, status).indication === 'PASSED'
  }
}

/** The same but for the profile, which knows no keys on P-256. */
function proofWithoutProfile({ authority, application, crl }: Applicant): () => boolean {
  const algorithm = { keyType: 'ec', digest: 'sha256' } as const
  const { message, signature } = application
  return () => {
    const certificate = parseCertificate(application.certificate)
    const issuer = findIssuer(certificate, [authority.anchor])
    if (issuer === null) return false
    const key = importPublicKey(certificate.spki)
    if (!verifySignature(key, algorithm, message, signature)) return false
    const status = crlStatus(crl, { certificate, issuer, at: NOW, freshness: FRESHNESS })
    return status.status === 'good'
  }
}

/** Floor of each: the two signature checks nobody can avoid, with keys at hand. */
export function benchProofs(): Row[] {
  return [
    row('one JPKI proof (chain, signature, revocation), RSA-2048', '≤ 1.5×', applicant('rsa')),
    row('the same, P-384 (simulated next card)', '≤ 1.2×', applicant('p384')),
    row(
      'the same without the profile, P-256',
      '≤ 1.3×',
      applicant('p256'),
      proofWithoutProfile(applicant('p256')),
    ),
  ]
}

function row(
  name: string,
  target: string,
  one: Applicant,
  ours: () => boolean = proofOf(one),
): Row {
  const { authority, card, application, digest } = one
  if (!ours()) throw new Error('the bench’s own proof is refused')
  const cardKey = createPublicKey(card.key.privateKey)
  const issuerKey = createPublicKey(authority.key.privateKey)
  const { tbs, signature: certificateSignature } = parseCertificate(card.der)
  return compare({
    name,
    floorName: '2 × crypto.verify, keys at hand',
    floor: () =>
      verify(digest, MESSAGE, cardKey, application.signature) &&
      verify(digest, tbs, issuerKey, certificateSignature),
    ours,
    target,
  })
}
