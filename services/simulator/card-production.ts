import { toBase64 } from '../kernel/bytes.ts'
import type { Random } from '../kernel/random.ts'
import { type CardRack, MAX_TRIES, type PinName } from './card-file.ts'
import { type Authorities, wholeSecond } from './certification-authority.ts'
import { generationOf, VALIDITY } from './generation.ts'
import { exportKey, type KeySource, newEcKey, spkiDer } from './keys.ts'
import { type Municipality, municipality } from './municipalities.ts'
import { SAMPLE_PINS } from './people.ts'
import { type CertificateFamily, type DistinguishedName, distributionPointName } from './profile.ts'
import {
  tokenId,
  type PersonRecord,
  type PhoneKind,
  type SimulatorState,
  type TokenKey,
  type TokenRecord,
} from './state.ts'
import { referenceB, type TextIssuer } from './text-issuer.ts'
import { endOfValidity } from './validity.ts'

export interface CardProductionParts {
  readonly state: SimulatorState
  readonly authorities: Authorities
  readonly textIssuer: TextIssuer
  readonly cards: CardRack
  readonly keySource: KeySource
  readonly random: Random
}

/** Makes keys, has them certified, and writes them onto cards. Whoever calls saves the state. */
export class CardProduction {
  readonly #parts: CardProductionParts

  constructor(parts: CardProductionParts) {
    this.#parts = parts
  }

  /** Keys and certificates of a card that is still to be handed over. */
  async newCard(
    person: PersonRecord,
    issuedAt: Date,
    withSignature: boolean,
  ): Promise<TokenRecord> {
    const token = { id: tokenId(person.id, 'card'), kind: 'card', personId: person.id } as const
    const key = (family: CertificateFamily) =>
      this.newKey(person, token, family, issuedAt, VALIDITY.current.birthdays)
    const [authentication, signature, text] = await Promise.all([
      key('authentication'),
      withSignature ? key('signature') : undefined,
      this.newText(person, issuedAt),
    ])
    return { ...token, authentication, ...(signature && { signature }), text }
  }

  /** The same on a phone. `ends`: those of the card's certificates, which the phone's do not outlive. */
  async newPhone(
    person: PersonRecord,
    phone: PhoneKind,
    issuedAt: Date,
    ends: Readonly<Record<CertificateFamily, Date>>,
  ): Promise<TokenRecord> {
    const id = tokenId(person.id, phone)
    const token = { id, kind: 'phone', phone, personId: person.id } as const
    const key = (family: CertificateFamily) =>
      this.newKey(person, token, family, issuedAt, VALIDITY.current.birthdays, ends[family])
    const [authentication, signature] = await Promise.all([key('authentication'), key('signature')])
    return { ...token, authentication, signature }
  }

  /** Key and printed 照合番号B of 券面事項入力補助AP; a card is good until the tenth year after its issue. */
  async newText(person: PersonRecord, issuedAt: Date): Promise<NonNullable<TokenRecord['text']>> {
    const { keySource, random } = this.#parts
    const expiryYear = issuedAt.getUTCFullYear() + 10
    return {
      privateKey: exportKey(await keySource()),
      referenceB: referenceB(person.attributes.birthDate, expiryYear, digits(random, 4)),
    }
  }

  /** Puts the token into the person's hands, with the PINs first given. */
  handOver(person: PersonRecord, token: TokenRecord): void {
    this.#parts.state.tokens.push(token)
    this.givePins(person, token)
    this.writeCard(person, token)
  }

  /** Sets every PIN to the one first given, with all its tries. */
  givePins(person: PersonRecord, token: TokenRecord): void {
    const fresh = (pin: PinName) => freshPin(person, token, pin)
    this.#parts.cards.pins(token.id).save({
      authentication: fresh('authentication'),
      signature: fresh('signature'),
      ...(token.text && { text: fresh('text'), referenceB: fresh('referenceB') }),
    })
  }

  /** A new key with its certificate; `limit` is the latest end of validity. */
  async newKey(
    person: PersonRecord,
    token: Pick<TokenRecord, 'id' | 'generation'>,
    family: CertificateFamily,
    issuedAt: Date,
    birthdays: number,
    limit?: Date,
  ): Promise<TokenKey> {
    const { state, authorities, keySource, random } = this.#parts
    const generation = generationOf(token)
    const privateKey = await (generation === 'next' ? newEcKey() : keySource())
    const town = municipality(person.municipalityCode)
    const notBefore = wholeSecond(issuedAt.getTime())
    const own = endOfValidity(notBefore, person.attributes.birthDate, birthdays)
    const notAfter = limit && limit < own ? limit : own
    const { serial, certificate } = authorities[generation][family].issue({
      subject: subjectName(family, town, notBefore, random),
      spki: spkiDer(privateKey),
      distributionPoint: distributionPointName(family, town, generation),
      attributes: person.attributes,
      notBefore,
      notAfter,
    })
    const prefix = `${token.id}-${family}-`
    const certificateId = `${prefix}${this.#countWith(prefix) + 1}`
    state.certificates.push({
      id: certificateId,
      family,
      serial,
      certificate: toBase64(certificate),
      personId: person.id,
      tokenId: token.id,
      municipalityCode: person.municipalityCode,
      issuedAt: notBefore.toISOString(),
      notAfter: notAfter.toISOString(),
      ...(generation === 'next' && { generation }),
    })
    return { privateKey: exportKey(privateKey), certificateId }
  }

  #countWith(prefix: string): number {
    return this.#parts.state.certificates.filter(({ id }) => id.startsWith(prefix)).length
  }

  /** Writes the card as the register has it. */
  writeCard(person: PersonRecord, token: TokenRecord): void {
    const { authorities, cards, textIssuer } = this.#parts
    const ofCard = authorities[generationOf(token)]
    const key = ({ privateKey, certificateId }: TokenKey) => ({
      privateKey,
      certificate: this.#certificateOf(certificateId),
    })
    cards.put({
      version: 1,
      id: token.id,
      kind: token.kind,
      title: person.title,
      ...(token.generation && { generation: token.generation }),
      authentication: key(token.authentication),
      ...(token.signature && { signature: key(token.signature) }),
      ...(token.text && { text: textIssuer.write(person.attributes, token.text.privateKey) }),
      ...(token.phone && { phone: token.phone }),
      ...(token.biometrics === true && { biometrics: true }),
      authorities: {
        authentication: toBase64(ofCard.authentication.certificate),
        signature: toBase64(ofCard.signature.certificate),
      },
    })
  }

  #certificateOf(id: string): string {
    const issued = this.#parts.state.certificates.find((one) => one.id === id)
    if (!issued) throw new TypeError('a token has only certificates that were issued')
    return issued.certificate
  }
}

/** A PIN as first given, with all its tries. */
export function freshPin(
  { pins }: PersonRecord,
  { text }: TokenRecord,
  name: PinName,
): { pin: string; triesLeft: number } {
  const first = {
    authentication: pins.authentication,
    signature: pins.signature,
    text: pins.text ?? SAMPLE_PINS.text,
    referenceB: text?.referenceB ?? '',
  }
  return { pin: first[name], triesLeft: MAX_TRIES[name] }
}

/** Shapes as seen on real cards: no personal data but the town of a 署名用 certificate. */
function subjectName(
  family: CertificateFamily,
  town: Municipality,
  at: Date,
  random: Random,
): DistinguishedName {
  if (family === 'authentication') {
    const head = digits(random, 6) + letters(random, 1) + digits(random, 2) + letters(random, 5)
    const commonName = `${head}${town.code}${digits(random, 3)}A`
    return [
      ['C', 'JP'],
      ['CN', commonName],
    ]
  }
  const stamp = at.toISOString().replace(/\D/g, '').slice(0, 14)
  return [
    ['C', 'JP'],
    ['L', town.prefecture],
    ['L', town.city],
    ['CN', stamp + digits(random, 14)],
  ]
}

function digits(random: Random, length: number): string {
  return Array.from(random.bytes(length), (byte) => String(byte % 10)).join('')
}

function letters(random: Random, length: number): string {
  return Array.from(random.bytes(length), (byte) => String.fromCharCode(65 + (byte % 26))).join('')
}
