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
import type { CardGeneration } from './generation.ts'
import { exportKey, importKey, keyIdentifier, type KeySource, newEcKey, spkiDer } from './keys.ts'
import type { CertificateFamily } from './profile.ts'
import type { AuthorityState, GenerationState } from './state.ts'

const YEAR = 365.25 * 24 * 60 * 60 * 1000

/** Makes the root of a family; it began before the oldest sample certificate and outlives the newest. */
export async function newAuthority(
  family: CertificateFamily,
  keySource: KeySource,
  random: Random,
  start: Date,
): Promise<AuthorityState> {
  const serial = 0x0100_0000 + (uint32(random.bytes(4)) & 0x00ff_ffff)
  const years = { before: 6, after: 10 }
  const generation = newGeneration({
    ...{ family, serial, start, years },
    privateKey: await keySource(),
  })
  return { ...generation, nextSerial: serial + 1 }
}

/** Makes the root for next cards, under the next serial of its family. */
export async function newNextAuthority(
  family: CertificateFamily,
  counter: Pick<AuthorityState, 'nextSerial'>,
  start: Date,
): Promise<GenerationState> {
  const serial = counter.nextSerial++
  const years = { before: 1, after: 16 }
  return newGeneration({ family, serial, start, years, privateKey: await newEcKey() })
}

function newGeneration({
  family,
  serial,
  start,
  years,
  privateKey,
}: {
  readonly family: CertificateFamily
  readonly serial: number
  readonly start: Date
  /** For how long it has been there, and will be. */
  readonly years: { readonly before: number; readonly after: number }
  readonly privateKey: KeyObject
}): GenerationState {
  const spki = spkiDer(privateKey)
  const issuer = { family, serial, keyId: keyIdentifier(spki), privateKey }
  const certificate = authorityCertificate(issuer, spki, {
    notBefore: wholeSecond(start.getTime() - years.before * YEAR),
    notAfter: wholeSecond(start.getTime() + years.after * YEAR),
  })
  return {
    serial,
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

interface CertificationAuthorityParts {
  readonly family: CertificateFamily
  readonly generation: CardGeneration
  readonly state: GenerationState
  /** Of the family. */
  readonly counter: Pick<AuthorityState, 'nextSerial'>
  /** Of what it certifies beside persons. */
  readonly keySource: KeySource
  readonly random: Random
}

/** The CAs of JPKI-SIM: two families, each with a generation per generation of cards. */
export type Authorities = Readonly<
  Record<CardGeneration, Readonly<Record<CertificateFamily, CertificationAuthority>>>
>

/** One of the CAs of JPKI-SIM. Counts in the state it was given; who owns the state saves it. */
export class CertificationAuthority {
  readonly family: CertificateFamily
  readonly generation: CardGeneration
  readonly issuer: Issuer
  readonly certificate: Uint8Array
  readonly #state: GenerationState
  readonly #counter: Pick<AuthorityState, 'nextSerial'>
  readonly #keySource: KeySource
  readonly #random: Random

  constructor(parts: CertificationAuthorityParts) {
    const { family, generation, state } = parts
    const privateKey = importKey(state.privateKey)
    this.family = family
    this.generation = generation
    this.certificate = fromBase64(state.certificate)
    this.issuer = {
      family,
      serial: state.serial,
      keyId: keyIdentifier(spkiDer(privateKey)),
      privateKey,
    }
    this.#state = state
    this.#counter = parts.counter
    this.#keySource = parts.keySource
    this.#random = parts.random
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
  async delegatedOcspSigner(at: Date): Promise<OcspSigner> {
    this.#state.responder ??= await this.#newResponder(at)
    const { certificate, privateKey } = this.#state.responder
    const key = importKey(privateKey)
    return {
      keyId: keyIdentifier(spkiDer(key)),
      privateKey: key,
      certificate: fromBase64(certificate),
    }
  }

  async #newResponder(at: Date): Promise<NonNullable<AuthorityState['responder']>> {
    const privateKey = await this.#keySource()
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
    const serial = this.#counter.nextSerial
    this.#counter.nextSerial = serial + 1 + ((this.#random.bytes(1)[0] ?? 0) % 97)
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
