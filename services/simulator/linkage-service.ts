import type { Clock } from '../kernel/clock.ts'
import { toBase64Url } from '../kernel/bytes.ts'
import { hmacSha256 } from '../kernel/digest.ts'
import { NotFound, ServiceError, Unavailable } from '../kernel/errors.ts'
import type { CertificateFamily } from './profile.ts'
import { isPhone, type IssuedCertificate, type SimulatorState, type TokenKind } from './state.ts'
import type { Switches } from './switches.ts'

/** The linkage service does not know the certificate yet: it was issued too short a time ago. */
class CertificateNotAssociatedYet extends ServiceError {
  readonly code = 'ASSOCIATED_CERTIFICATE_NOT_READY'
}

/** A certificate is named by its family and serial, never by the serial alone: the families count apart. */
export interface CertificateReference {
  readonly family: CertificateFamily
  /** Lower-case hexadecimal, no leading zeros. */
  readonly serial: string
}

export interface Linkage {
  /** The person, by an id that only this tenant is given. */
  readonly personId: string
  readonly tokenKind: TokenKind
  /** The other certificate of the same card or phone that is on it now, if it has one. */
  readonly counterpart?: CertificateReference
  /** The certificates that this one replaced, newest first. */
  readonly predecessors: readonly CertificateReference[]
  /** The newest certificate of this line when it is another one. */
  readonly successor?: CertificateReference
}

export interface LinkageParts {
  readonly state: SimulatorState
  readonly clock: Clock
  readonly switches: () => Switches
  /** Key under which ids of persons are made per tenant. */
  readonly tenantKey: Uint8Array
}

/** 証明書紐付け and 新旧紐付け as J-LIS gives them through a platform operator. */
export class LinkageService {
  readonly #parts: LinkageParts

  constructor(parts: LinkageParts) {
    this.#parts = parts
  }

  /** `NotFound` for a certificate never issued, `CertificateNotAssociatedYet` within the delay, `Unavailable` when down. */
  resolve(tenant: string, reference: CertificateReference): Linkage {
    const certificate = this.#associated(reference)
    const { tokens } = this.#parts.state
    const token = tokens.find(({ id }) => id === certificate.tokenId)
    const other = certificate.family === 'signature' ? 'authentication' : 'signature'
    const counterpart = this.#byId(token?.[other]?.certificateId)
    const successor = this.#newestAfter(certificate)
    return {
      personId: toBase64Url(hmacSha256(this.#parts.tenantKey, tenant, '\0', certificate.personId)),
      tokenKind: isPhone(certificate.tokenId) ? 'phone' : 'card',
      predecessors: this.#before(certificate).map(toReference),
      ...(counterpart &&
        this.#isAssociated(counterpart) && { counterpart: toReference(counterpart) }),
      ...(successor && this.#isAssociated(successor) && { successor: toReference(successor) }),
    }
  }

  #associated(reference: CertificateReference): IssuedCertificate {
    if (this.#parts.switches().linkage === 'down') {
      throw new Unavailable('the linkage service is down')
    }
    const found = this.#parts.state.certificates.find(
      (one) => one.family === reference.family && one.serial.toString(16) === reference.serial,
    )
    if (!found) throw new NotFound('no such certificate')
    if (!this.#isAssociated(found)) {
      throw new CertificateNotAssociatedYet('the certificate was issued too short a time ago')
    }
    return found
  }

  #isAssociated(certificate: IssuedCertificate): boolean {
    const age = this.#parts.clock.now().getTime() - new Date(certificate.issuedAt).getTime()
    return age >= this.#parts.switches().linkageDelayMinutes * 60_000
  }

  #byId(id: string | undefined): IssuedCertificate | undefined {
    return this.#parts.state.certificates.find((one) => one.id === id)
  }

  #newestAfter(certificate: IssuedCertificate): IssuedCertificate | undefined {
    let newest = this.#byId(certificate.successorId)
    while (newest?.successorId) newest = this.#byId(newest.successorId)
    return newest
  }

  #before(certificate: IssuedCertificate): IssuedCertificate[] {
    const previous = this.#parts.state.certificates.find(
      ({ successorId }) => successorId === certificate.id,
    )
    return previous ? [previous, ...this.#before(previous)] : []
  }
}

function toReference({ family, serial }: IssuedCertificate): CertificateReference {
  return { family, serial: serial.toString(16) }
}
