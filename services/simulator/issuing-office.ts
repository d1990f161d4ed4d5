import { fromBase64 } from '../kernel/bytes.ts'
import type { Clock } from '../kernel/clock.ts'
import { Conflict, InvalidInput, NotFound } from '../kernel/errors.ts'
import { SimulatedCard } from './card.ts'
import type { PinName } from './card-file.ts'
import { CardProduction, type CardProductionParts, freshPin } from './card-production.ts'
import { wholeSecond } from './certification-authority.ts'
import { type CardGeneration, generationOf, VALIDITY } from './generation.ts'
import { municipality } from './municipalities.ts'
import { type NewPerson, SAMPLE_PINS } from './people.ts'
import { type PhoneApplication, signApplication } from './phone-application.ts'
import { CERTIFICATE_FAMILIES } from './profile.ts'
import {
  isPhone,
  tokenId,
  type IssuedCertificate,
  type PersonRecord,
  type RevocationReason,
  type TokenRecord,
} from './state.ts'

export interface IssuingOfficeParts extends CardProductionParts {
  readonly clock: Clock
  /** Makes the state durable; called at the end of every operation. */
  readonly save: () => void
}

/** The municipal office and the CA's registration desk in one: whatever changes certificates, cards and the register. */
export class IssuingOffice {
  readonly #parts: IssuingOfficeParts
  readonly #production: CardProduction

  constructor(parts: IssuingOfficeParts) {
    this.#parts = parts
    this.#production = new CardProduction(parts)
  }

  /** What the desk's clock says, in whole seconds. */
  now(): Date {
    return wholeSecond(this.#parts.clock.now().getTime())
  }

  get people(): readonly PersonRecord[] {
    return this.#parts.state.people
  }

  get tokens(): readonly TokenRecord[] {
    return this.#parts.state.tokens
  }

  get certificates(): readonly IssuedCertificate[] {
    return this.#parts.state.certificates
  }

  /** Registers a person and hands over a card. `Conflict` when the id is taken. */
  async addPerson(person: NewPerson): Promise<void> {
    const { state } = this.#parts
    if (!/^[a-z0-9][a-z0-9-]{0,39}$/.test(person.id)) {
      throw new InvalidInput('id', 'up to 40 lower-case letters, digits and hyphens')
    }
    if (state.people.some(({ id }) => id === person.id)) throw new Conflict('the id is taken')
    const { id, title, attributes, municipalityCode } = person
    const record = { id, title, attributes, municipalityCode, pins: person.pins ?? SAMPLE_PINS }
    municipality(municipalityCode)
    const issuedAt = person.issuedAt ?? this.now()
    const withSignature = person.withoutSignature !== true
    const card = await this.#production.newCard(record, issuedAt, withSignature)
    state.people.push(record)
    this.#production.handOver(record, card)
    this.#parts.save()
    if (person.withPhone) {
      await this.issuePhone(id, { phone: 'android', pin: record.pins.signature })
    }
  }

  /**
   * Puts certificates on a phone (スマホ用電子証明書), which the card's 署名用 key applies for. Those on the person's earlier
   * phone of that kind end. `Conflict` when the card's certificate has ended; `CardError` for the PIN.
   */
  async issuePhone(personId: string, { phone: kind, pin }: PhoneApplication): Promise<void> {
    const { state, cards, random } = this.#parts
    const person = this.#living(personId)
    const card = this.#token(tokenId(personId, 'card'))
    const certificate = this.#applicant(card)
    await signApplication(
      new SimulatedCard(cards.card(card.id), cards.pins(card.id), { random }),
      { personId, certificate: fromBase64(certificate.certificate), phone: kind, pin },
      random,
    )
    const ends = {
      signature: new Date(certificate.notAfter),
      authentication: new Date(this.#certificate(card.authentication.certificateId).notAfter),
    }
    const earlier = state.tokens.find(({ id }) => id === tokenId(personId, kind))
    const toEnd = earlier ? this.#live(earlier) : []
    const phone = await this.#production.newPhone(person, kind, this.now(), ends)
    if (earlier) {
      for (const live of toEnd) this.#end(live, 'superseded')
      state.tokens.splice(state.tokens.indexOf(earlier), 1)
      for (const family of CERTIFICATE_FAMILIES) {
        const before = earlier[family] && this.#certificate(earlier[family].certificateId)
        if (before && phone[family]) before.successorId = phone[family].certificateId
      }
    }
    this.#production.handOver(person, phone)
    this.#parts.save()
  }

  /** The certificate that an application for a phone is signed with; `Conflict` when it cannot sign one. */
  #applicant({ signature }: TokenRecord): IssuedCertificate {
    if (!signature) throw new Conflict('expected a card with a signature certificate')
    const certificate = this.#certificate(signature.certificateId)
    if (certificate.revocation || ended(certificate, this.now())) {
      throw new Conflict('the signature certificate of the card has ended')
    }
    return certificate
  }

  /** Ends a certificate; a hold on one is replaced. `Conflict` when it has ended already. */
  revoke(certificateId: string, reason: RevocationReason): void {
    this.#end(this.#certificate(certificateId), reason)
    this.#parts.save()
  }

  /** 一時保留. On a card it is for good, on a phone it can be lifted. */
  suspend(certificateId: string): void {
    this.revoke(certificateId, 'certificateHold')
  }

  /** Lifts the hold on a phone's certificate; `Conflict` for any other. */
  resume(certificateId: string): void {
    const certificate = this.#certificate(certificateId)
    if (certificate.revocation?.reason !== 'certificateHold') {
      throw new Conflict('only a suspended certificate can be resumed')
    }
    if (!isPhone(certificate.tokenId)) {
      throw new Conflict('a suspended certificate of a card is never resumed')
    }
    delete certificate.revocation
    this.#parts.save()
  }

  /**
   * New keys and certificates on a card; those before end as `superseded` and are linked to the new ones. Those on phones end too,
   * until they are applied for again with the new certificate. `Conflict` for a phone.
   *
   * @param generation of the card from now on; there is no way back from the next one
   */
  async renew(id: string, generation?: CardGeneration): Promise<void> {
    const token = this.#token(id)
    if (token.kind === 'phone') throw new Conflict('a phone is not renewed: apply again')
    const person = this.#living(token.personId)
    const at = this.now()
    if (generation === 'current' && token.generation === 'next') {
      throw new Conflict('a next card is not renewed as one of today')
    }
    const isReplaced = generation === 'next' && token.generation !== 'next'
    if (isReplaced) token.generation = 'next'
    const { birthdays, renewalWindow } = VALIDITY[generationOf(token)]
    for (const family of CERTIFICATE_FAMILIES) {
      const key = token[family]
      if (!key) continue
      const before = this.#certificate(key.certificateId)
      const left = new Date(before.notAfter).getTime() - at.getTime()
      const until = birthdays + (!isReplaced && left < renewalWindow ? 1 : 0)
      token[family] = await this.#production.newKey(person, token, family, at, until)
      before.successorId = token[family].certificateId
      if (!ended(before, at)) this.#end(before, 'superseded')
    }
    for (const phone of this.#phonesOf(person)) {
      for (const live of this.#live(phone)) this.#end(live, 'superseded')
    }
    if (isReplaced) {
      delete token.text
      this.#production.givePins(person, token)
    }
    this.#production.writeCard(person, token)
    this.#parts.save()
  }

  /** Changes the address in the register and on the card: every 署名用 certificate ends, the 利用者証明用 ones go on. */
  moveHouse(personId: string, to: { municipalityCode: string; address: string }): void {
    const person = this.#living(personId)
    municipality(to.municipalityCode)
    person.municipalityCode = to.municipalityCode
    person.attributes = { ...person.attributes, address: to.address }
    for (const token of this.#parts.state.tokens.filter((t) => t.personId === personId)) {
      for (const certificate of this.#live(token)) {
        if (certificate.family === 'signature') this.#end(certificate, 'affiliationChanged')
      }
      this.#production.writeCard(person, token)
    }
    this.#parts.save()
  }

  /**
   * Enters a death in the register (死亡届): every certificate ends for the same reason as after a move, so that the list of revoked
   * certificates cannot tell one from the other. `Conflict` when it was entered before.
   */
  recordDeath(personId: string): void {
    const person = this.#living(personId)
    person.diedAt = this.now().toISOString()
    for (const token of this.tokens.filter((one) => one.personId === personId)) {
      for (const certificate of this.#live(token)) this.#end(certificate, 'affiliationChanged')
    }
    this.#parts.save()
  }

  /** A new 署名用 certificate on a card with what the register says now, linked from the one before. `Conflict` for a phone. */
  async issueSignature(id: string): Promise<void> {
    const token = this.#token(id)
    const person = this.#living(token.personId)
    if (token.kind === 'phone') throw new Conflict('a phone gets one by an application')
    const before = token.signature && this.#certificate(token.signature.certificateId)
    if (before && !ended(before, this.now())) {
      throw new Conflict('the signature certificate is still good')
    }
    const { birthdays } = VALIDITY[generationOf(token)]
    const at = this.now()
    token.signature = await this.#production.newKey(person, token, 'signature', at, birthdays)
    if (before) before.successorId = token.signature.certificateId
    this.#production.writeCard(person, token)
    this.#parts.save()
  }

  /** Sets the tries of a PIN back to the full number, the PIN to the one first given. */
  unblockPin(id: string, name: PinName): void {
    const token = this.#token(id)
    const memory = this.#parts.cards.pins(id)
    memory.save({ ...memory.load(), [name]: freshPin(this.#person(token.personId), token, name) })
  }

  /** Whether a phone's owner unlocks it by biometrics instead of the PIN; `Conflict` for a card. */
  setBiometrics(id: string, on: boolean): void {
    const phone = this.#phone(id)
    phone.biometrics = on
    this.#production.writeCard(this.#person(phone.personId), phone)
    this.#parts.save()
  }

  /**
   * Resets a phone to how it left the factory: biometrics are forgotten. What is in the secure element stays, and its certificates are
   * as good as before, until they are revoked. `Conflict` for a card.
   */
  resetPhone(id: string): void {
    this.setBiometrics(id, false)
  }

  /** 券面事項入力補助AP for cards that were issued before they had it. */
  async completeCards(): Promise<void> {
    const incomplete = this.tokens.filter(
      (token) => token.kind === 'card' && generationOf(token) === 'current' && !token.text,
    )
    for (const token of incomplete) {
      token.text = await this.#production.newText(this.#person(token.personId), this.now())
      this.unblockPin(token.id, 'text')
      this.unblockPin(token.id, 'referenceB')
    }
    if (incomplete.length > 0) this.#parts.save()
  }

  /** Makes every card what the register says it is: at the start, after a stop between two writes. */
  writeCards(): void {
    const known = new Set(this.tokens.map(({ id }) => id))
    for (const card of this.#parts.cards.list()) {
      if (!known.has(card.id)) this.#parts.cards.remove(card.id)
    }
    for (const token of this.tokens) this.#production.writeCard(this.#person(token.personId), token)
  }

  #person(id: string): PersonRecord {
    const person = this.people.find((one) => one.id === id)
    if (!person) throw new NotFound('no such person')
    return person
  }

  /** Whoever may still be served; `Conflict` for the dead. */
  #living(id: string): PersonRecord {
    const person = this.#person(id)
    if (person.diedAt !== undefined) throw new Conflict('the person has died')
    return person
  }

  #token(id: string): TokenRecord {
    const token = this.tokens.find((one) => one.id === id)
    if (!token) throw new NotFound('no such card or phone')
    return token
  }

  #phonesOf(person: PersonRecord): readonly TokenRecord[] {
    return this.tokens.filter(({ kind, personId }) => kind === 'phone' && personId === person.id)
  }

  #phone(id: string): TokenRecord {
    const token = this.#token(id)
    if (token.kind !== 'phone') throw new Conflict('expected a phone')
    return token
  }

  #certificate(id: string): IssuedCertificate {
    const certificate = this.certificates.find((one) => one.id === id)
    if (!certificate) throw new NotFound('no such certificate')
    return certificate
  }

  #live(token: TokenRecord): IssuedCertificate[] {
    return this.#parts.state.certificates.filter(
      (one) => one.tokenId === token.id && !ended(one, this.now()),
    )
  }

  #end(certificate: IssuedCertificate, reason: RevocationReason): void {
    const held = certificate.revocation?.reason === 'certificateHold'
    if (certificate.revocation && (!held || reason === 'certificateHold')) {
      throw new Conflict('the certificate has ended already')
    }
    certificate.revocation = { reason, at: this.now().toISOString() }
  }
}

function ended(certificate: IssuedCertificate, at: Date): boolean {
  const held = certificate.revocation?.reason === 'certificateHold'
  return (certificate.revocation && !held) === true || new Date(certificate.notAfter) < at
}
