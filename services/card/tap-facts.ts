import { toHex } from '../kernel/bytes.ts'
import type { AgentSession, DocumentSession, ProofSession, TapOffer, TapRefusal } from './agent.ts'
import { PAGE_TEXT, REFUSAL_TEXT, TAP_FAULT_TEXT } from './agent-text.ts'
import { CONSENT_TEXT } from './consent-document.ts'
import type { Language } from './html.ts'

/** One thing that a person is told before the PIN is asked for. */
export interface TapFact {
  readonly label: string
  readonly lines: readonly string[]
}

/** What will be signed, for whom, with which key, and what is sent: the same on a page and in a terminal. */
export function tapFacts(
  session: AgentSession,
  issuer: string,
  language: Language,
): readonly TapFact[] {
  const t = PAGE_TEXT[language]
  if (session.purpose === 'document') return documentFacts(session, issuer, language)
  const { purpose, rpId, rpName, keyUse, expiresAt } = session
  return [
    fact(t.purpose, t.purposes[purpose], ...boundText(session, language)),
    fact(t.askedBy, issuer),
    ...(rpId === '' ? [] : [fact(t.relyingParty, rpName || rpId)]),
    fact(t.key, t.keys[keyUse]),
    fact(t.sent, t.sentBy[keyUse], ...(purpose === 'consent' ? [t.sentConsent] : [])),
    fact(t.expires, timeOfDay(expiresAt, language)),
  ]
}

function fact(label: string, ...lines: readonly string[]): TapFact {
  return { label, lines }
}

function documentFacts(
  { rpId, rpName, document, expiresAt }: DocumentSession,
  issuer: string,
  language: Language,
): readonly TapFact[] {
  const t = PAGE_TEXT[language]
  const { title, mediaType, text, digest } = document
  return [
    fact(t.purpose, t.purposes.document),
    fact(t.relyingPartyOfDocument, rpName || rpId),
    fact(t.document, title, mediaType),
    text === null ? fact(t.documentText, t.noText) : fact(t.documentText, ...text.split(/\r?\n/)),
    fact(t.digest, ...digestLines(digest)),
    fact(t.key, t.keysOfDocument),
    fact(t.sent, t.sentOfDocument),
    fact(t.askedBy, issuer),
    fact(t.expires, timeOfDay(expiresAt, language)),
  ]
}

/** In groups of four digits, eight to a line, as people compare them. */
function digestLines(digest: Uint8Array): readonly string[] {
  const groups = toHex(digest).match(/.{4}/g) ?? []
  return [groups.slice(0, 8).join(' '), groups.slice(8).join(' ')]
}

/** What besides the purpose is signed. INVARIANT: the text of a consent is the one whose digest the card signs. */
function boundText({ purpose, bindingHash }: ProofSession, language: Language): readonly string[] {
  if (purpose === 'consent') return [CONSENT_TEXT[language]]
  return bindingHash.length > 0 ? [PAGE_TEXT[language].binds] : []
}

/** Why there is no card to choose from, and what to do about it. */
export function noCardsText({ trouble }: TapOffer, language: Language): string {
  return trouble ? REFUSAL_TEXT[language][trouble] : PAGE_TEXT[language].noCards
}

export interface TapRefusalFacts {
  readonly reason: TapRefusal
  readonly triesLeft?: number
}

/** What went wrong, how many tries are left, and who can help. */
export function refusalLines(
  { reason, triesLeft }: TapRefusalFacts,
  { keyUse, purpose }: AgentSession,
  language: Language,
): readonly string[] {
  const t = PAGE_TEXT[language]
  const lines = [REFUSAL_TEXT[language][reason]]
  if (triesLeft !== undefined && triesLeft > 0) lines.push(t.triesLeft(triesLeft))
  if (reason === 'PIN_LOCKED') lines.push(t.unlock[keyUse])
  if (reason === 'NOT_A_JPKI_CARD' && purpose === 'document') lines.push(t.cardOfDocument)
  if (reason === 'NO_SIGNATURE_CERTIFICATE') {
    lines.push(purpose === 'enrol' ? t.withoutSignature.enrol : t.withoutSignature.other)
  }
  return lines
}

/** What ends a tap, by the code of the error. */
export function faultText(code: string, language: Language): string {
  const known = TAP_FAULT_TEXT[language]
  // Own members alone: the code is text.
  return Object.hasOwn(known, code) ? known[code as keyof typeof known] : known.OTHER
}

/** In the zone of this device, which is the browser's too, and named as on the pages that the person comes from. */
function timeOfDay(at: Date, language: Language): string {
  return new Intl.DateTimeFormat(language, {
    hour: '2-digit',
    minute: '2-digit',
    timeZoneName: 'short',
  }).format(at)
}
