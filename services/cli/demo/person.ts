import { CardAgent } from '../../card/agent.ts'
import { proofingOverHttp } from '../../card/proofing-http.ts'
import type { CardSource } from '../../card/transport.ts'
import type { Clock } from '../../kernel/clock.ts'
import { Conflict, InvalidInput } from '../../kernel/errors.ts'
import { fromBase64Url } from '../../kernel/bytes.ts'
import type { Random } from '../../kernel/random.ts'
import { Secret } from '../../kernel/secret.ts'
import { simulatedCards } from '../../simulator/card-reader.ts'
import {
  assertionResponse,
  createCredential,
  registrationResponse,
  type SoftwareCredential,
} from '../../simulator/software-authenticator.ts'
import type {
  RegistrationStatus,
  CeremonyStarted,
  RegistrationStarted,
  TapOpened,
} from '../../authenticator/api.ts'
import type { ConsentOptionsReply, InteractionView, ReturnReply } from '../../federation/api.ts'
import type { LedgerReply, OverviewReply } from '../../wallet/api.ts'
import { Browser } from './browser.ts'

export interface PersonOptions {
  readonly issuer: string
  /** Where the issuer's pages are reached when that is not at the issuer's own address. */
  readonly address?: string
  /** Data folder of the instance: the simulated cards are in it. */
  readonly dataDir: string
  readonly clock: Clock
  readonly random: Random
}

const POLL_MILLISECONDS = 50
const PATIENCE_MILLISECONDS = 20_000

/**
 * A person with a browser, a phone (software authenticator) and a simulated card, who uses the product by the same HTTP
 * interface as the pages do.
 */
export class Person {
  readonly browser: Browser
  readonly #options: PersonOptions
  readonly #agent: CardAgent
  readonly #cards: CardSource
  #passkey: SoftwareCredential | undefined

  constructor(options: PersonOptions) {
    this.#options = options
    this.browser = new Browser(options.issuer, options.address)
    this.#cards = simulatedCards(options.dataDir, options.random)
    this.#agent = new CardAgent({
      environment: 'simulator',
      issuer: options.issuer,
      cards: this.#cards,
      proofing: proofingOverHttp(options.issuer),
      clock: options.clock,
      random: options.random,
    })
  }

  /** Makes a passkey, has the card sign for it, and waits until it is active. `Conflict` with the reason when refused. */
  async enrol(
    cardId: string,
    pin: string,
    keyUse: 'signature' | 'authentication' = 'signature',
  ): Promise<void> {
    const ticket = await this.registerPasskey(keyUse)
    await this.tap(ticket, cardId, pin)
    await this.untilBound(ticket)
  }

  /** First half of enrolment: the passkey is made and waits for the card. */
  async registerPasskey(keyUse: 'signature' | 'authentication' = 'signature'): Promise<string> {
    const { registrationId, options } = await this.browser.post<RegistrationStarted>(
      '/api/authenticator/registrations',
    )
    const { challenge, rp, user } = options as {
      challenge: string
      rp: { id: string }
      user: { id: string }
    }
    this.#passkey = createCredential(this.#options.random, {
      rpId: rp.id,
      userHandle: fromBase64Url(user.id),
    })
    const response = registrationResponse(this.#passkey, {
      challenge,
      origin: this.#options.issuer,
    })
    const opened = await this.browser.post<TapOpened>(
      `/api/authenticator/registrations/${registrationId}/response`,
      {
        response,
        keyUse,
      },
    )
    return ticketOf(opened.agentUrl)
  }

  /** The card at the card agent: `Conflict` when card or PIN do not do. */
  async tap(ticket: string, cardId: string, pin: string): Promise<void> {
    const opened = await this.#agent.open(ticket)
    if (opened.outcome === 'done') return
    // At the first start in a folder the cards are still being made.
    await until(
      () => this.#cards.list(),
      (cards) => cards.some(({ id }) => id === cardId),
    )
    const { formToken } = opened.offer
    const outcome = await this.#agent.tap({
      ticket,
      formToken,
      cardId,
      pin: new Secret(pin),
      useLastTry: false,
    })
    if (outcome.outcome === 'retry') throw new Conflict(`the card was not used: ${outcome.reason}`)
  }

  async untilBound(ticket: string): Promise<void> {
    const path = `/api/authenticator/registrations/by-ticket/${ticket}`
    const { state, reason } = await until(
      () => this.browser.get<RegistrationStatus>(path),
      (status) => status.state !== 'pending',
    )
    if (state !== 'active')
      throw new Conflict(`enrolment was ${state}: ${reason ?? 'no reason given'}`)
  }

  async logIn(): Promise<void> {
    const { ceremonyId, options } = await this.browser.post<CeremonyStarted>(
      '/api/authenticator/login',
    )
    await this.browser.post(`/api/authenticator/login/${ceremonyId}`, {
      response: this.#assert(options),
    })
  }

  async overview(): Promise<OverviewReply> {
    return this.browser.get('/api/wallet/overview')
  }

  async ledger(): Promise<LedgerReply> {
    return this.browser.get('/api/wallet/ledger')
  }

  /** Waits until the wallet shows what `done` wants: projections follow the log. */
  async untilOverview(done: (overview: OverviewReply) => boolean): Promise<OverviewReply> {
    return until(() => this.overview(), done)
  }

  /**
   * Waits until what the card's signature proves counts and the personas are there. That levels are shown is no sign of it:
   * each axis has one from the start.
   */
  async untilProofed(): Promise<OverviewReply> {
    return this.untilOverview(
      ({ levels, personas }) =>
        personas.length > 0 && levels.some(({ axis, level }) => axis === 'IAL' && level === 'IAL2'),
    )
  }

  /** Opens a relying party's request and says yes under the persona named; resolves to the URL that leads back. */
  async agree(interactionUrl: string, personaKind: 'gov' | 'biz' | 'priv'): Promise<string> {
    const path = interactionPath(interactionUrl)
    let view = await this.browser.get<InteractionView>(path)
    if (view.stage === 'login') {
      await this.logIn()
      view = await this.browser.get(path)
    }
    if (view.stage === 'persona') {
      const persona = view.personas.find(({ kind }) => kind === personaKind)
      if (persona === undefined) throw new InvalidInput('persona', 'one that the service takes')
      view = await this.browser.post(`${path}/persona`, { personaId: persona.personaId })
    }
    switch (view.stage) {
      case 'confirm':
        return (await this.browser.post<ReturnReply>(`${path}/continue`)).returnUrl
      case 'consent':
        return this.#consent(path)
      default:
        throw new Conflict(
          `the request stands at ${view.stage}: ${view.failure ?? 'nothing to agree to'}`,
        )
    }
  }

  async refuse(interactionUrl: string): Promise<string> {
    return (await this.browser.post<ReturnReply>(`${interactionPath(interactionUrl)}/refuse`))
      .returnUrl
  }

  async view(interactionUrl: string): Promise<InteractionView> {
    return this.browser.get(interactionPath(interactionUrl))
  }

  async #consent(path: string): Promise<string> {
    const { ceremonyId, options } = await this.browser.post<ConsentOptionsReply>(
      `${path}/consent/options`,
      { declined: [] },
    )
    const response = this.#assert(options)
    return (await this.browser.post<ReturnReply>(`${path}/consent`, { ceremonyId, response }))
      .returnUrl
  }

  #assert(options: unknown): object {
    if (this.#passkey === undefined) throw new Conflict('no passkey was made')
    const { challenge } = options as { challenge: string }
    return assertionResponse(this.#passkey, { challenge, origin: this.#options.issuer })
  }
}

function ticketOf(agentUrl: string): string {
  const ticket = new URL(agentUrl).searchParams.get('ticket')
  if (ticket === null) throw new InvalidInput('agentUrl', 'a ticket')
  return ticket
}

function interactionPath(interactionUrl: string): string {
  return `/api/federation/interactions/${new URL(interactionUrl).pathname.split('/').at(-1) ?? ''}`
}

async function until<T>(look: () => Promise<T>, done: (value: T) => boolean): Promise<T> {
  const deadline = performance.now() + PATIENCE_MILLISECONDS
  for (;;) {
    const value = await look()
    if (done(value)) return value
    if (performance.now() > deadline) throw new Conflict('waited too long for the service')
    await new Promise((resolve) => setTimeout(resolve, POLL_MILLISECONDS))
  }
}
