import type { PeerCertificate } from 'node:tls'
import { AccessDenied } from '../kernel/errors.ts'

const PREFIX = 'URI:spiffe://watashi/rp/'

/** URI of a relying party in the subject alternative names of its client certificate. */
export function relyingPartyUri(rpId: string): string {
  return `spiffe://watashi/rp/${rpId}`
}

/**
 * Whom the certificate of an authenticated TLS connection names. The connection has verified the chain up to our own
 * certification authority; here the one subject alternative name must be exactly the URI of a relying party.
 */
export function relyingPartyOfCertificate(
  certificate: Pick<PeerCertificate, 'subjectaltname'> | undefined,
): string {
  const names = certificate?.subjectaltname ?? ''
  const rpId = names.startsWith(PREFIX) ? names.slice(PREFIX.length) : ''
  if (!/^[a-z][a-z0-9-]{0,62}$/.test(rpId)) {
    throw new AccessDenied(
      'UNAUTHENTICATED',
      'expected a client certificate that names a relying party as `spiffe://watashi/rp/<id>`',
    )
  }
  return rpId
}
