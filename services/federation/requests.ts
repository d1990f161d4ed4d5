import type { UnitOfWork } from '../database/unit-of-work.ts'
import type { Clock } from '../kernel/clock.ts'
import { AccessDenied, InvalidInput, NotFound } from '../kernel/errors.ts'
import { isIndividualNumber } from '../kernel/individual-number.ts'
import { randomToken, type Random } from '../kernel/random.ts'
import type { AskedMinimum, OpenMinimum, PolicyPort } from '../policy/ports.ts'
import type { IssuedSignature, RequestSignature, SignaturePort } from '../proofing/ports.ts'
import type { ClaimRequest, IssuedRelease, WalletPort } from '../wallet/ports.ts'
import type { ChangeNotifier } from './change-notifier.ts'
import type { InteractionBook } from './interaction-book.ts'
import { INTERACTION_LIFETIME, type Interaction } from './interaction.ts'
import { raiseMinimum } from './raise-minimum.ts'
import { floorsOf } from './registered-minimum.ts'
import type { Purpose, Registration } from './registration.ts'
import type { Registry } from './registry.ts'
import type { FederationStore } from './store.ts'

export interface RequestDependencies {
  readonly unitOfWork: UnitOfWork
  readonly store: FederationStore
  readonly registry: Registry
  readonly book: InteractionBook
  readonly notifier: ChangeNotifier
  readonly policy: Pick<PolicyPort, 'readMinimum' | 'compareLevels'>
  readonly wallet: Pick<
    WalletPort,
    'released' | 'revokeByRelyingParty' | 'redeemTicket' | 'resolve'
  >
  readonly signatures: SignaturePort
  readonly clock: Clock
  readonly random: Random
  /** Origin of our pages. */
  readonly origin: () => string
}

export interface LoginRequest {
  readonly minimum: AskedMinimum
  readonly returnUri: string
  readonly uiLocale: string
}

export interface AttributeRequest extends LoginRequest {
  readonly purposeId: string
  readonly claims: readonly ClaimRequest[]
}

/** A document to be signed; `document` is checked where it is kept. */
export interface DocumentRequest extends LoginRequest {
  readonly document: RequestSignature['document']
  /** The one person who may sign; empty: whoever logs in. */
  readonly pairwiseSubject: string
}

export interface StartedInteraction {
  readonly interaction: Interaction
  readonly interactionUrl: string
}

/** A signature as its relying party gets it. */
export type SignatureGiven = Pick<IssuedSignature, 'cms' | 'certificate'> & {
  readonly report: IssuedSignature['report'] | null
}

const MAX_CLAIMS = 20

type SignatureStart = () => ReturnType<SignaturePort['request']>

/** What a relying party asks: logins, releases, and what became of them. */
export class Requests {
  readonly #deps: RequestDependencies

  constructor(deps: RequestDependencies) {
    this.#deps = deps
  }

  /** @throws InvalidInput for an unknown axis or level (naming what exists), or a return URI that is not registered */
  async authenticate(rpId: string, request: LoginRequest): Promise<StartedInteraction> {
    const registration = await this.#deps.registry.active(rpId)
    return this.#start(registration, request)
  }

  /** @throws InvalidInput also for an unknown purpose and for a claim that may not be asked for */
  async requestRelease(rpId: string, request: AttributeRequest): Promise<StartedInteraction> {
    const registration = await this.#deps.registry.active(rpId)
    const purpose = registration.purposes.find(({ purposeId }) => purposeId === request.purposeId)
    if (purpose === undefined) {
      const known = registration.purposes.map(({ purposeId }) => `\`${purposeId}\``).join(', ')
      throw new InvalidInput('purpose_id', `one of the registered purposes: ${known || 'none'}`)
    }
    checkClaims(request.claims)
    return this.#start(registration, request, { purpose })
  }

  /**
   * @throws AccessDenied for a relying party that is not registered for signatures, InvalidInput for a document that is not in
   * form, NotFound for a person that it has not met
   */
  async requestSignature(rpId: string, request: DocumentRequest): Promise<StartedInteraction> {
    const registration = await this.#deps.registry.active(rpId)
    if (!registration.signatures) {
      throw new AccessDenied('PERMISSION_DENIED', 'expected a registration for signatures')
    }
    const onlyBy = await this.#knownPerson(registration, request.pairwiseSubject)
    return this.#start(registration, request, {
      sign: () => this.#deps.signatures.request({ rpId, document: request.document, onlyBy }),
    })
  }

  /** What a completed request was signed with, within the hour; the report where the registration has it. */
  async signed({ rpId, signatureId }: Interaction): Promise<SignatureGiven | undefined> {
    if (signatureId === null) return undefined
    const issued = await this.#deps.signatures.collect(signatureId)
    if (issued === undefined) return undefined
    const { signatures } = await this.#deps.registry.active(rpId)
    const { cms, certificate, report } = issued
    return { cms, certificate, report: signatures?.report === true ? report : null }
  }

  /** Forgets a signature: the relying party has it. */
  async forgetSignature(rpId: string, requestId: string): Promise<void> {
    const { signatureId, status } = await this.outcome(rpId, requestId)
    if (signatureId === null || status === 'open') {
      throw new InvalidInput('request_id', 'a request by `RequestSignature` that has ended')
    }
    await this.#deps.signatures.forget(signatureId)
  }

  async #knownPerson(
    { rpId, sectorId }: Registration,
    pairwiseSubject: string,
  ): Promise<string | null> {
    if (pairwiseSubject === '') return null
    const { unitOfWork, store, wallet } = this.#deps
    const isKnown = await unitOfWork.read((tx) => store.knows(tx, rpId, pairwiseSubject))
    const person = isKnown ? await wallet.resolve(sectorId, pairwiseSubject) : undefined
    if (person === undefined) throw new NotFound('no such person')
    return person.subjectRef
  }

  /**
   * A request of this relying party as it stands.
   * @throws NotFound for one that never was, is over, or is another's: in the same words
   */
  async outcome(rpId: string, requestId: string): Promise<Interaction> {
    const interaction = await this.#deps.book.find(requestId)
    if (interaction?.rpId !== rpId) throw new NotFound('no such request')
    // The card may have signed although its browser never came back.
    return interaction.kind === 'signature' ? this.#deps.book.recover(interaction) : interaction
  }

  /** Resolves when the request may have changed, or `signal` aborts. */
  waitForChange(requestId: string, signal: AbortSignal): Promise<void> {
    return this.#deps.notifier.wait(requestId, signal)
  }

  /** The relying party no longer waits for this login. */
  async abandon(rpId: string, requestId: string): Promise<void> {
    const interaction = await this.outcome(rpId, requestId)
    if (interaction.kind !== 'authenticate') return
    await this.#deps.book.apply(interaction, { type: 'fail', reason: 'expired', shortfalls: [] })
  }

  /** Claims of a completed request, again for an hour; undefined once they are revoked or too old. */
  async released(interaction: Interaction): Promise<IssuedRelease | undefined> {
    const releaseId = interaction.result?.releaseId
    if (releaseId === undefined || releaseId === null) return undefined
    return this.#deps.wallet.released(releaseId, interaction.rpId, this.#deps.clock.now())
  }

  async revokeRelease(rpId: string, releaseId: string): Promise<void> {
    await this.#deps.registry.active(rpId)
    await this.#deps.wallet.revokeByRelyingParty(releaseId, rpId, this.#deps.clock.now())
  }

  /**
   * Takes the ticket itself, or the whole address that its code holds.
   * @throws NotFound for a ticket that cannot be redeemed here, whatever the cause (I18)
   */
  async redeemTicket(rpId: string, text: string): Promise<IssuedRelease> {
    const { registry, wallet, clock, unitOfWork, store, origin } = this.#deps
    const address = `${origin()}/t/`
    const ticket = text.startsWith(address) ? text.slice(address.length) : text
    const { sectorId } = await registry.active(rpId)
    const issued =
      ticket.length > 256 ? undefined : await wallet.redeemTicket(ticket, rpId, clock.now())
    if (issued === undefined) throw new NotFound('no such ticket')
    const { pairwiseSubject } = issued
    const person = await wallet.resolve(sectorId, pairwiseSubject)
    if (person !== undefined) {
      const known = { pairwiseSubject, subjectRef: person.subjectRef }
      await unitOfWork.run((tx) => store.addKnownSubject(tx, rpId, known))
    }
    return issued
  }

  async #start(
    registration: Registration,
    request: LoginRequest | AttributeRequest,
    { purpose, sign }: { readonly purpose?: Purpose; readonly sign?: SignatureStart } = {},
  ): Promise<StartedInteraction> {
    const { clock, random, book, origin } = this.#deps
    if (!registration.returnUris.includes(request.returnUri)) {
      throw new InvalidInput('return_uri', 'one of the registered return URIs, exactly')
    }
    const minimum = this.#minimum(registration, request.minimum, purpose)
    const uiLocale = readLocale(request.uiLocale)
    const now = clock.now()
    const signature = await sign?.()
    const interaction: Interaction = {
      id: randomToken(random),
      kind:
        signature !== undefined ? 'signature' : purpose === undefined ? 'authenticate' : 'release',
      rpId: registration.rpId,
      returnUri: request.returnUri,
      uiLocale,
      minimum,
      purposeId: purpose?.purposeId ?? null,
      claims: 'claims' in request ? request.claims : [],
      status: 'open',
      progress: 'awaiting_browser',
      version: 0,
      browserHash: null,
      subjectRef: null,
      personaId: null,
      consent: null,
      signatureId: signature?.signatureId ?? null,
      signing: null,
      result: null,
      codeSha256: null,
      failure: null,
      shortfalls: [],
      createdAt: now,
      expiresAt: signature?.expiresAt ?? new Date(now.getTime() + INTERACTION_LIFETIME),
    }
    await book.add(interaction)
    const language = interaction.uiLocale === '' ? '' : `?lang=${interaction.uiLocale}`
    return {
      interaction,
      interactionUrl: `${origin()}/authorize/${interaction.id}${language}`,
    }
  }

  #minimum(registration: Registration, asked: AskedMinimum, purpose?: Purpose): OpenMinimum {
    const { policy } = this.#deps
    const wanted = policy.readMinimum(asked)
    const floors = [
      ...floorsOf(policy, registration.minimum),
      ...(purpose === undefined ? [] : [purpose.minimum]),
    ]
    return raiseMinimum((...axis) => policy.compareLevels(...axis), floors, wanted)
  }
}

function checkClaims(claims: readonly ClaimRequest[]): void {
  if (claims.length === 0 || claims.length > MAX_CLAIMS) {
    throw new InvalidInput('claims', `1 to ${MAX_CLAIMS} claims`)
  }
  const seen = new Set<string>()
  claims.forEach(({ name }, i) => {
    const path = `claims[${i}].name`
    // I14: a request for the 個人番号 never reaches a person.
    if (isIndividualNumber(name)) {
      throw new InvalidInput(path, 'a claim that may be asked for; the 個人番号 may not')
    }
    if (!/^[a-z][a-z0-9_]{0,63}$/.test(name)) {
      throw new InvalidInput(path, 'a claim name such as `age_over_20`')
    }
    if (seen.has(name)) throw new InvalidInput(path, 'each claim once')
    seen.add(name)
  })
}

function readLocale(text: string): string {
  if (text === '') return ''
  const language = /^(ja|en)(?:-[A-Za-z0-9-]{1,30})?$/.exec(text)?.[1]
  if (language === undefined) throw new InvalidInput('ui_locale', '`ja`, `en` or nothing')
  return language
}
