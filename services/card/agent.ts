import { signedAttributes } from '../jpki/cms/write-signature.ts'
import { constantTimeEqual, toHex, utf8 } from '../kernel/bytes.ts'
import type { Clock } from '../kernel/clock.ts'
import { sha256 } from '../kernel/digest.ts'
import { ServiceError } from '../kernel/errors.ts'
import { type Random, randomToken } from '../kernel/random.ts'
import type { Secret } from '../kernel/secret.ts'
import type { TrustEnvironment } from '../kernel/trust-environment.ts'
import { CardError, type CardErrorCode } from './card-error.ts'
import { type CardKeyUse, JPKI_APPLICATION, JpkiCard, type TokenType } from './jpki-card.ts'
import { applicationsIn } from './next-card.ts'
import { proofMessage, type ProofPurpose } from './proof-message.ts'
import type { CardChoice, CardSource } from './transport.ts'

/** What every ticket tells. */
interface AgentTask {
  readonly environment: TrustEnvironment
  readonly rpId: string
  /** Name of the relying party for people; empty for our own purposes. */
  readonly rpName: string
  readonly keyUse: CardKeyUse
  readonly expiresAt: Date
  readonly returnUrl: string
}

/** A proof of who the person is. */
export interface ProofSession extends AgentTask {
  readonly purpose: ProofPurpose
  readonly sessionId: string
  readonly nonce: Uint8Array
  readonly bindingHash: Uint8Array
}

/** A signature on a document of a relying party. */
export interface DocumentSession extends AgentTask {
  readonly purpose: 'document'
  readonly keyUse: 'signature'
  readonly document: {
    readonly title: string
    readonly mediaType: string
    /** SHA-256. */
    readonly digest: Uint8Array
    /** The whole of it, where it is a text and the relying party gave it. */
    readonly text: string | null
  }
  readonly signingTime: Date
}

/** What proofing asks of the card, as its ticket tells. */
export type AgentSession = ProofSession | DocumentSession

export interface CardEvidence {
  readonly purpose: AgentSession['purpose']
  readonly ticket: string
  /** DER. */
  readonly certificate: Uint8Array
  readonly signature: Uint8Array
  readonly tokenType: TokenType
}

/** What proofing made of the evidence; `reason` is a code, and null when it passed. */
export interface ProofingVerdict {
  readonly outcome: 'passed' | 'refused' | 'indeterminate'
  readonly reason: string | null
}

/** Proofing as the agent sees it. Both throw a `ServiceError` when proofing refuses or does not answer. */
export interface ProofingClient {
  /** Purpose and challenge behind a ticket; proofing gives them out once. */
  session(ticket: string): Promise<AgentSession>
  /** Hands over what the card made. */
  submit(evidence: CardEvidence): Promise<ProofingVerdict>
}

export interface CardAgentParts {
  readonly environment: TrustEnvironment
  /** The one origin that asks for taps, and to which the browser goes back. */
  readonly issuer: string
  readonly cards: CardSource
  readonly proofing: ProofingClient
  readonly clock: Clock
  readonly random: Random
}

/** What the page shows before the PIN is typed. */
export interface TapOffer {
  readonly session: AgentSession
  readonly ticket: string
  /** One-time token of the form; a form sent twice, or from elsewhere, does not have it. */
  readonly formToken: string
  readonly cards: readonly CardChoice[]
  /** What the machine lacks to find a card. */
  readonly trouble?: CardErrorCode
  readonly notice?: CardSource['notice']
  /** Where the browser goes when the person does not want to. */
  readonly returnTo: string
}

/** The tap was made. The page at `returnTo` shows what came of it, as does `verdict`. */
export interface TapDone {
  readonly outcome: 'done'
  readonly returnTo: string
  readonly verdict: ProofingVerdict
}

export type OpenOutcome = { readonly outcome: 'offered'; readonly offer: TapOffer } | TapDone

export interface TapOrder {
  readonly ticket: string
  readonly formToken: string
  readonly cardId: string
  readonly pin: Secret<string>
  /** The person knows that one try is left and wants to use it. */
  readonly useLastTry: boolean
}

export type TapOutcome =
  | TapDone
  | {
      readonly outcome: 'retry'
      readonly reason: TapRefusal
      readonly triesLeft?: number
      readonly offer: TapOffer
    }

export type TapRefusal = CardErrorCode | 'FORM_OUTDATED' | 'PROOFING_UNAVAILABLE'

/** The tap cannot go on with this ticket. */
export class TapRefused extends ServiceError {
  readonly code:
    | 'TICKET_INVALID'
    | 'TICKET_EXPIRED'
    | 'FOREIGN_RETURN_URL'
    | 'WRONG_ENVIRONMENT'
    | 'WRONG_DOCUMENT'
    | 'REFUSED'

  constructor(code: TapRefused['code'], message: string, options?: ErrorOptions) {
    super(message, options)
    this.code = code
  }
}

interface Pending {
  readonly session: AgentSession
  readonly returnTo: string
  formToken: string
  verdict?: ProofingVerdict
}

/** Sessions kept at a time; more are somebody trying tickets. */
const MAX_PENDING = 100
const TICKET = /^[A-Za-z0-9_-]{16,128}$/

/**
 * The card client between a page and a card: shows what will be signed and for whom, takes the PIN, signs, hands the
 * evidence to proofing. PIN and evidence are kept no longer than the call.
 */
export class CardAgent {
  readonly #parts: CardAgentParts
  readonly #pending = new Map<string, Pending>()
  /** Tickets being fetched: a browser may ask for a page twice at once, and proofing answers once. */
  readonly #fetching = new Map<string, Promise<Pending>>()

  constructor(parts: CardAgentParts) {
    this.#parts = parts
  }

  /** Fetches what the ticket asks for, once; `TapRefused` when it must not be shown, let alone signed. */
  async open(unverifiedTicket: string): Promise<OpenOutcome> {
    if (!TICKET.test(unverifiedTicket)) throw new TapRefused('TICKET_INVALID', 'expected a ticket')
    const pending = await this.#recall(unverifiedTicket)
    const done = doneAlready(pending)
    if (done) return done
    return { outcome: 'offered', offer: await this.#offer(unverifiedTicket, pending) }
  }

  /** Signs with the chosen card and hands the evidence over. What the person can mend comes back as `retry`. */
  async tap(order: TapOrder): Promise<TapOutcome> {
    if (!TICKET.test(order.ticket)) throw new TapRefused('TICKET_INVALID', 'expected a ticket')
    const pending = await this.#recall(order.ticket)
    const done = doneAlready(pending)
    if (done) return done
    if (!this.#takeFormToken(pending, order.formToken)) {
      return this.#retry(order.ticket, pending, 'FORM_OUTDATED')
    }
    try {
      const evidence = await this.#useCard(pending.session, order)
      const verdict = await this.#parts.proofing.submit(evidence)
      pending.verdict = verdict
      return { outcome: 'done', returnTo: pending.returnTo, verdict }
    } catch (error) {
      if (error instanceof CardError) {
        return this.#retry(order.ticket, pending, error.code, error.triesLeft)
      }
      if (error instanceof ServiceError && error.code === 'UNAVAILABLE') {
        return this.#retry(order.ticket, pending, 'PROOFING_UNAVAILABLE')
      }
      throw error
    }
  }

  async #useCard(session: AgentSession, order: TapOrder): Promise<CardEvidence> {
    const use = session.keyUse
    const { cards, environment } = this.#parts
    // The message with a document's SHA-256 takes a signature by SHA-256 (RFC 5753 §2.1.1), which the next card does not make.
    const applications =
      session.purpose === 'document' ? [JPKI_APPLICATION] : applicationsIn(environment)
    const card = await JpkiCard.open(await cards.open(order.cardId), applications)
    try {
      await card.verifyPin(use, order.pin, { useLastTry: order.useLastTry })
      const certificate = await card.readCertificate(use)
      const tokenType = await card.tokenType()
      const signature = await card.sign(use, messageOf(session, certificate))
      const { purpose } = session
      return { purpose, ticket: order.ticket, certificate, signature, tokenType }
    } finally {
      await card.close()
    }
  }

  async #recall(ticket: string): Promise<Pending> {
    const key = toHex(sha256(ticket))
    const now = this.#parts.clock.now()
    for (const [id, { session }] of this.#pending) {
      if (session.expiresAt <= now) this.#pending.delete(id)
    }
    const known = this.#pending.get(key) ?? this.#fetching.get(key)
    if (known) return known
    const fetching = this.#fetch(ticket, now)
    this.#fetching.set(key, fetching)
    try {
      const pending = await fetching
      this.#pending.set(key, pending)
      return pending
    } finally {
      this.#fetching.delete(key)
    }
  }

  async #fetch(ticket: string, now: Date): Promise<Pending> {
    if (this.#pending.size + this.#fetching.size >= MAX_PENDING) {
      throw new TapRefused('REFUSED', 'too many open taps')
    }
    const session = await this.#parts.proofing.session(ticket)
    if (session.expiresAt <= now) throw new TapRefused('TICKET_EXPIRED', 'the ticket has expired')
    if (session.environment !== this.#parts.environment) {
      throw new TapRefused('WRONG_ENVIRONMENT', `expected ${this.#parts.environment}`)
    }
    checkDocument(session)
    const returnTo = returnAddress(session.returnUrl, this.#parts.issuer, ticket)
    return { session, returnTo, formToken: '' }
  }

  async #offer(ticket: string, pending: Pending): Promise<TapOffer> {
    pending.formToken = randomToken(this.#parts.random)
    const { session, returnTo, formToken } = pending
    const { notice } = this.#parts.cards
    const found = await this.#findCards()
    return { session, ticket, formToken, returnTo, ...found, ...(notice && { notice }) }
  }

  async #findCards(): Promise<Pick<TapOffer, 'cards' | 'trouble'>> {
    try {
      return { cards: await this.#parts.cards.list() }
    } catch (error) {
      if (!(error instanceof CardError)) throw error
      return { cards: [], trouble: error.code }
    }
  }

  async #retry(
    ticket: string,
    pending: Pending,
    reason: TapRefusal,
    triesLeft?: number,
  ): Promise<TapOutcome> {
    const offer = await this.#offer(ticket, pending)
    return { outcome: 'retry', reason, offer, ...(triesLeft !== undefined && { triesLeft }) }
  }

  #takeFormToken(pending: Pending, given: string): boolean {
    const expected = pending.formToken
    pending.formToken = ''
    return expected !== '' && constantTimeEqual(utf8(expected), utf8(given))
  }
}

/**
 * The octets that the card signs. INVARIANT: never a digest that somebody else chose. The same key signs proofs, so a relying
 * party that chose what is signed could have a person sign one; a document's digest is inside signed attributes, which no
 * proof can be.
 */
function messageOf(session: AgentSession, certificate: Uint8Array): Uint8Array {
  if (session.purpose !== 'document') return proofMessage(session)
  const { document, signingTime } = session
  return signedAttributes({ certificate, digest: document.digest, signingTime })
}

/** What is shown has to be what is signed. */
function checkDocument(session: AgentSession): void {
  if (session.purpose !== 'document') return
  const { digest, text } = session.document
  const isShown = text === null || constantTimeEqual(sha256(text), digest)
  if (digest.length !== 32 || !isShown) {
    throw new TapRefused('WRONG_DOCUMENT', 'expected the text that the digest is of')
  }
}

function doneAlready({ returnTo, verdict }: Pending): TapDone | undefined {
  return verdict && { outcome: 'done', returnTo, verdict }
}

/** Where the browser goes back to: the issuer's own origin and path, and nothing after it but the ticket. */
function returnAddress(unverifiedUrl: string, issuer: string, ticket: string): string {
  const url = URL.canParse(unverifiedUrl) ? new URL(unverifiedUrl) : undefined
  if (!url || url.origin !== issuer || url.username !== '' || url.password !== '') {
    throw new TapRefused('FOREIGN_RETURN_URL', 'expected a return address of our own origin')
  }
  return `${url.origin}${url.pathname}?ticket=${encodeURIComponent(ticket)}`
}
