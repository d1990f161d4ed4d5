import type { KeyObject } from 'node:crypto'
import { fromBase64, toBase64 } from '../kernel/bytes.ts'
import type { Random } from '../kernel/random.ts'
import {
  authorityCertificate,
  type Issuer,
  type PersonCertificate,
  personCertificate,
  responderCertificate,
} from './certificate.ts'
import { exportKey, importKey, keyIdentifier, type KeySource, spkiDer } from './keys.ts'
import type { CertificateFamily } from './profile.ts'
import type { AuthorityState } from './state.ts'

const YEAR = 365.25 * 24 * 60 * 60 * 1000

/** Makes the root of a family; it began before the oldest sample certificate and outlives the newest. */
export async function newAuthority(
  family: CertificateFamily,
  keySource: KeySource,
  random: Random,
  start: Date,
): Promise<AuthorityState> {
  const privateKey = await keySource()
  const spki = spkiDer(privateKey)
  const serial = 0x0100_0000 + (uint32(random.bytes(4)) & 0x00ff_ffff)
  const issuer = { family, serial, keyId: keyIdentifier(spki), privateKey }
  const certificate = authorityCertificate(issuer, spki, {
    notBefore: wholeSecond(start.getTime() - 6 * YEAR),
    notAfter: wholeSecond(start.getTime() + 10 * YEAR),
  })
  return {
    serial,
    nextSerial: serial + 1,
    nextCrlNumber: 1,
    certificate: toBase64(certificate),
    privateKey: exportKey(privateKey),
  }
}

/** A key with the certificate under which it signs OCSP responses; without one, it is the CA's own. */
export interface OcspSigner {
  readonly keyId: Uint8Array
  readonly privateKey: KeyObject
  readonly certificate?: Uint8Array
}

/** One of the two CAs of JPKI-SIM. Counts in the state it was given; who owns the state saves it. */
export class CertificationAuthority {
  readonly family: CertificateFamily
  readonly issuer: Issuer
  readonly certificate: Uint8Array
  readonly #state: AuthorityState
  readonly #random: Random

  constructor(family: CertificateFamily, state: AuthorityState, random: Random) {
    const privateKey = importKey(state.privateKey)
    this.family = family
    this.certificate = fromBase64(state.certificate)
    this.issuer = {
      family,
      serial: state.serial,
      keyId: keyIdentifier(spkiDer(privateKey)),
      privateKey,
    }
    this.#state = state
    this.#random = random
  }

  /** Issues under the next serial; gaps stand for the certificates of the rest of the country. */
  issue(person: Omit<PersonCertificate, 'serial'>): { serial: number; certificate: Uint8Array } {
    const serial = this.#takeSerial()
    return { serial, certificate: personCertificate(this.issuer, { ...person, serial }) }
  }

  takeCrlNumber(): number {
    return this.#state.nextCrlNumber++
  }

  /** Whether the serial is that of the CA's own certificate or of its responder's. */
  isOwnSerial(serial: number): boolean {
    return serial === this.#state.serial || serial === this.#state.responder?.serial
  }

  /** The delegated responder, made when it is first wanted. */
  async delegatedOcspSigner(keySource: KeySource, at: Date): Promise<OcspSigner> {
    this.#state.responder ??= await this.#newResponder(keySource, at)
    const { certificate, privateKey } = this.#state.responder
    const key = importKey(privateKey)
    return {
      keyId: keyIdentifier(spkiDer(key)),
      privateKey: key,
      certificate: fromBase64(certificate),
    }
  }

  async #newResponder(
    keySource: KeySource,
    at: Date,
  ): Promise<NonNullable<AuthorityState['responder']>> {
    const privateKey = await keySource()
    const serial = this.#takeSerial()
    const certificate = responderCertificate(this.issuer, {
      serial,
      spki: spkiDer(privateKey),
      notBefore: wholeSecond(at.getTime()),
      notAfter: wholeSecond(at.getTime() + YEAR),
    })
    return { serial, certificate: toBase64(certificate), privateKey: exportKey(privateKey) }
  }

  #takeSerial(): number {
    const serial = this.#state.nextSerial
    this.#state.nextSerial = serial + 1 + ((this.#random.bytes(1)[0] ?? 0) % 97)
    return serial
  }
}

function uint32(bytes: Uint8Array): number {
  return new DataView(bytes.buffer, bytes.byteOffset, 4).getUint32(0)
}

/** X.509 times have no fractions. */
export function wholeSecond(milliseconds: number): Date {
  return new Date(Math.floor(milliseconds / 1000) * 1000)
}
