import {
  CardAgent,
  type TapDone,
  type TapOffer,
  type TapOutcome,
  TapRefused,
} from '../card/agent.ts'
import { PAGE_TEXT } from '../card/agent-text.ts'
import type { Language } from '../card/html.ts'
import { proofingOverHttp } from '../card/proofing-http.ts'
import { faultText, noCardsText, refusalLines, tapFacts } from '../card/tap-facts.ts'
import { type Clock, systemClock } from '../kernel/clock.ts'
import type { Secret } from '../kernel/secret.ts'
import { ENROL_TEXT } from './card-enrol-text.ts'
import { type CardsConfig, cardsFor } from './card-sources.ts'
import { EXIT } from './policy-io.ts'
import type { Terminal } from './terminal.ts'

export interface CardEnrolConfig extends CardsConfig {
  /** Origin of the pages that asked for the card. */
  readonly issuer: string
  readonly clock?: Clock
}

export interface EnrolRequest {
  /** Address of the card page, or the ticket alone; asked for when absent. */
  readonly address?: string
  /** Id of the card to use; asked for when absent and there are several. */
  readonly card?: string
}

/**
 * Walks a person at a terminal through what the card page does: shows what is signed, in Japanese and English, takes the PIN, hands
 * the signature over, says what came of it. Gives the exit code.
 */
export async function enrolWithCard(
  config: CardEnrolConfig,
  request: EnrolRequest,
  terminal: Terminal,
): Promise<number> {
  const { environment, issuer, random, clock = systemClock } = config
  const cards = await cardsFor(config)
  try {
    const proofing = proofingOverHttp(issuer)
    const agent = new CardAgent({ environment, issuer, cards, proofing, clock, random })
    const ticket = ticketIn(
      request.address ?? (await terminal.ask(inBoth((l) => ENROL_TEXT[l].askAddress))),
    )
    return await new Walk(agent, ticket, issuer, terminal).run(request.card)
  } catch (error) {
    if (!(error instanceof TapRefused)) throw error
    terminal.say(`${inBoth((l) => faultText(error.code, l))}\n${error.code}`)
    return EXIT.badInput
  } finally {
    cards.close()
  }
}

/** The ticket of an address, or the text itself. The agent checks its form. */
function ticketIn(address: string): string {
  const url = URL.canParse(address) ? new URL(address) : undefined
  return url?.searchParams.get('ticket') ?? address
}

function inBoth(words: (language: Language) => string): string {
  return `${words('ja')}\n${words('en')}`
}

type Retry = Extract<TapOutcome, { outcome: 'retry' }>

/** One tap in a terminal. */
class Walk {
  readonly #agent: CardAgent
  readonly #ticket: string
  readonly #issuer: string
  readonly #terminal: Terminal

  constructor(agent: CardAgent, ticket: string, issuer: string, terminal: Terminal) {
    this.#agent = agent
    this.#ticket = ticket
    this.#issuer = issuer
    this.#terminal = terminal
  }

  async run(cardId: string | undefined): Promise<number> {
    const opened = await this.#agent.open(this.#ticket)
    if (opened.outcome === 'done') return this.#sayDone(opened)
    this.#terminal.say(describeOffer(opened.offer, this.#issuer))
    let offer: TapOffer | undefined = opened.offer
    while (offer) {
      const card = await this.#chooseCard(offer, cardId)
      const tapped = card === undefined ? undefined : await this.#tap(offer, card)
      if (tapped?.outcome === 'done') return this.#sayDone(tapped)
      offer = await this.#goOn(tapped)
    }
    this.#terminal.say(inBoth((l) => ENROL_TEXT[l].stopped))
    return EXIT.doesNotHold
  }

  /** The one that was wanted, the only one, or the one that is chosen; undefined when there is none. */
  async #chooseCard(offer: TapOffer, wanted: string | undefined): Promise<string | undefined> {
    const cards = offer.cards.filter(({ id }) => wanted === undefined || id === wanted)
    const [first] = cards
    if (first === undefined) {
      this.#terminal.say(inBoth((l) => noCardsText(offer, l)))
      return undefined
    }
    const options = cards.map(({ id, title }) => ({
      value: id,
      label: `${title.ja} / ${title.en}`,
    }))
    if (cards.length > 1) {
      const question = inBoth((l) => ENROL_TEXT[l].chooseCard)
      return this.#terminal.choose(question, options)
    }
    this.#terminal.say(options.map(({ label }) => label).join())
    return first.id
  }

  /** Asks for the PIN until it is right, locked or not to be tried again. */
  async #tap(offer: TapOffer, cardId: string): Promise<TapOutcome> {
    const tapped = await this.#tapOnce(offer, cardId)
    if (tapped.outcome === 'done') return tapped
    if (tapped.reason !== 'PIN_WRONG' && tapped.reason !== 'PIN_MALFORMED') return tapped
    this.#sayRefusal(tapped)
    return this.#tap(tapped.offer, cardId)
  }

  async #tapOnce(offer: TapOffer, cardId: string): Promise<TapOutcome> {
    const { keyUse } = offer.session
    const question = (l: Language) =>
      [PAGE_TEXT[l].pins[keyUse], PAGE_TEXT[l].pinHelp[keyUse], ENROL_TEXT[l].pinUnseen].join('\n')
    const pin = await this.#terminal.askSecret(inBoth(question))
    const tapped = await this.#present(offer, cardId, pin, false)
    if (tapped.outcome === 'done' || tapped.reason !== 'PIN_LAST_TRY') return tapped
    this.#sayRefusal(tapped)
    const sure = await this.#terminal.confirm(inBoth((l) => ENROL_TEXT[l].useLastTry))
    return sure ? this.#present(tapped.offer, cardId, pin, true) : tapped
  }

  #present(
    { ticket, formToken }: TapOffer,
    cardId: string,
    pin: Secret<string>,
    useLastTry: boolean,
  ): Promise<TapOutcome> {
    return this.#agent.tap({ ticket, formToken, cardId, pin, useLastTry })
  }

  /** The offer to try again with; undefined when the person cannot or does not want to. */
  async #goOn(refused: Retry | undefined): Promise<TapOffer | undefined> {
    if (refused?.reason === 'PIN_LAST_TRY') return undefined // was asked, and declined
    if (refused) this.#sayRefusal(refused)
    if (refused?.reason === 'PIN_LOCKED') return undefined
    const question = (l: Language) => (refused ? ENROL_TEXT[l].again : ENROL_TEXT[l].lookAgain)
    if (!(await this.#terminal.confirm(inBoth(question)))) return undefined
    const opened = await this.#agent.open(this.#ticket)
    return opened.outcome === 'offered' ? opened.offer : undefined
  }

  #sayRefusal({ reason, triesLeft, offer }: Retry): void {
    const facts = { reason, ...(triesLeft !== undefined && { triesLeft }) }
    this.#terminal.say(inBoth((l) => refusalLines(facts, offer.session, l).join('\n')))
  }

  #sayDone({ verdict: { outcome, reason }, returnTo }: TapDone): number {
    this.#terminal.say(
      inBoth((l) => {
        const t = ENROL_TEXT[l]
        const why = reason === null ? [] : [`${t.reason}: ${reason}`]
        return [t.outcome[outcome], ...why, `${t.goBack}: ${returnTo}`].join('\n')
      }),
    )
    return outcome === 'passed' ? EXIT.holds : EXIT.doesNotHold
  }
}

/** What the page shows, once in each language. */
function describeOffer(offer: TapOffer, issuer: string): string {
  const { session, notice } = offer
  const inLanguage = (l: Language): string => {
    const t = PAGE_TEXT[l]
    const facts = tapFacts(session, issuer, l).map(
      ({ label, lines }) => `  ${label}: ${lines.join(' ')}`,
    )
    const banner = session.environment === 'production' ? [] : [t.simulated[session.environment]]
    return [t.title, ...banner, ...facts, ...(notice ? [notice[l]] : [])].join('\n')
  }
  return `${inLanguage('ja')}\n\n${inLanguage('en')}`
}
