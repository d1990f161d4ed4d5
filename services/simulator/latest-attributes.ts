import { verify, X509Certificate } from 'node:crypto'
import type { Clock } from '../kernel/clock.ts'
import { constantTimeEqual, fromBase64, toBase64Url, toHex, utf8 } from '../kernel/bytes.ts'
import { sha256 } from '../kernel/digest.ts'
import { Conflict, InvalidInput, NotFound, ServiceError, Unavailable } from '../kernel/errors.ts'
import type { Random } from '../kernel/random.ts'
import { digestFor } from './keys.ts'
import { municipality } from './municipalities.ts'
import type { FourAttributes } from './people.ts'
import type { ConsentRecord, IssuedCertificate, SimulatorState } from './state.ts'
import type { Switches } from './switches.ts'

/** A consent as a verifier hands it in: the person's words, and the message with their digest that the 署名用 key signed. */
export interface SignedConsent {
  readonly serial: string
  readonly document: string
  readonly message: Uint8Array
  readonly signature: Uint8Array
}

export interface ConsentView {
  readonly consentId: string
  readonly givenAt: string
  readonly withdrawnAt: string | null
}

export type LatestAttributes =
  | {
      readonly supplied: true
      readonly attributes: FourAttributes
      /** As a certificate issued today would name it. */
      readonly municipality: { readonly prefecture: string; readonly city: string }
      readonly suppliedAt: string
    }
  /**
   * The register has nobody under this certificate any more. The answer is invented: what J-LIS says of a person who died is not
   * public. It gives no cause, as the list of revoked certificates gives none.
   */
  | { readonly supplied: false }

export interface LatestAttributesParts {
  readonly state: SimulatorState
  readonly clock: Clock
  readonly random: Random
  readonly switches: () => Switches
  readonly save: () => void
}

/** No consent of this person to this tenant stands. */
class ConsentUnknown extends ServiceError {
  readonly code = 'CONSENT_UNKNOWN'
}

const MAX_CONSENTS = 10_000

/**
 * 最新の基本4情報提供: what the register says today about the holder of a 署名用 certificate, for a verifier (tenant) that has the
 * person's signed consent. The functions are those of J-LIS (record, query, withdraw, supply), their form is invented.
 */
export class LatestAttributesService {
  readonly #parts: LatestAttributesParts

  constructor(parts: LatestAttributesParts) {
    this.#parts = parts
  }

  /**
   * Keeps a consent that a certificate which is good signed; the same one again is the same consent. `Conflict` for a
   * certificate that has ended, `InvalidInput` for a signature that is not its own or not over this document.
   */
  record(tenant: string, consent: SignedConsent): { readonly consentId: string } {
    const certificate = this.#certificate(consent.serial)
    const { state, clock, random, save } = this.#parts
    const digest = toHex(sha256(consent.message))
    const known = this.#consents.find((one) => one.tenant === tenant && one.digest === digest)
    if (known) return { consentId: known.id }
    const now = clock.now()
    if (certificate.revocation || new Date(certificate.notAfter) < now) {
      throw new Conflict('the certificate has ended')
    }
    checkSignature(certificate, consent)
    if (this.#consents.length >= MAX_CONSENTS) {
      throw new Unavailable('there is no room for more consents')
    }
    const { personId } = certificate
    const id = toBase64Url(random.bytes(16))
    const record: ConsentRecord = { id, tenant, personId, digest, givenAt: now.toISOString() }
    state.consents = [...this.#consents, record]
    save()
    return { consentId: id }
  }

  /** The consents of the certificate's holder to this tenant. */
  query(tenant: string, serial: string): readonly ConsentView[] {
    const { personId } = this.#certificate(serial)
    return this.#consents
      .filter((one) => one.tenant === tenant && one.personId === personId)
      .map(({ id, givenAt, withdrawnAt = null }) => ({ consentId: id, givenAt, withdrawnAt }))
  }

  /** Ends a consent; again is no fault. */
  withdraw(tenant: string, consentId: string): void {
    this.#checkUp()
    const consent = this.#consents.find(({ id }) => id === consentId)
    if (consent?.tenant !== tenant) throw new ConsentUnknown('no such consent')
    consent.withdrawnAt ??= this.#parts.clock.now().toISOString()
    this.#parts.save()
  }

  /** `ConsentUnknown` without a consent of the certificate's holder to this tenant that stands. */
  supply(tenant: string, consentId: string, serial: string): LatestAttributes {
    const { state, clock } = this.#parts
    const { personId } = this.#certificate(serial)
    const consent = this.#consents.find(({ id }) => id === consentId)
    if (
      consent?.tenant !== tenant ||
      consent.personId !== personId ||
      consent.withdrawnAt !== undefined
    ) {
      throw new ConsentUnknown('expected a consent that stands')
    }
    const person = state.people.find(({ id }) => id === personId)
    if (!person || person.diedAt !== undefined) return { supplied: false }
    const { prefecture, city } = municipality(person.municipalityCode)
    return {
      supplied: true,
      attributes: person.attributes,
      municipality: { prefecture, city },
      suppliedAt: clock.now().toISOString(),
    }
  }

  get #consents(): readonly ConsentRecord[] {
    return this.#parts.state.consents ?? []
  }

  #checkUp(): void {
    if (this.#parts.switches().latestAttributes === 'down') {
      throw new Unavailable('the latest attributes are not supplied now')
    }
  }

  /** A 署名用 certificate by its serial. */
  #certificate(serial: string): IssuedCertificate {
    this.#checkUp()
    const found = this.#parts.state.certificates.find(
      (one) => one.family === 'signature' && one.serial.toString(16) === serial,
    )
    if (!found) throw new NotFound('no such certificate')
    return found
  }
}

function checkSignature(
  { certificate }: IssuedCertificate,
  { document, message, signature }: SignedConsent,
): void {
  const digest = sha256(utf8(document))
  if (!constantTimeEqual(message.subarray(-digest.length), digest)) {
    throw new InvalidInput('message', 'one that ends with the SHA-256 of the document')
  }
  const { publicKey } = new X509Certificate(fromBase64(certificate))
  if (!verify(digestFor(publicKey), message, publicKey, signature)) {
    throw new InvalidInput('signature', 'that of the certificate over the message')
  }
}
