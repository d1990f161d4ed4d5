import type { AgentSession, TapOffer, TapRefusal } from './agent.ts'
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
  const { purpose, rpId, rpName, keyUse, expiresAt } = session
  const fact = (label: string, ...lines: readonly string[]): TapFact => ({ label, lines })
  return [
    fact(t.purpose, t.purposes[purpose], ...boundText(session, language)),
    fact(t.askedBy, issuer),
    ...(rpId === '' ? [] : [fact(t.relyingParty, rpName || rpId)]),
    fact(t.key, t.keys[keyUse]),
    fact(t.sent, t.sentBy[keyUse], ...(purpose === 'consent' ? [t.sentConsent] : [])),
    fact(t.expires, timeOfDay(expiresAt, language)),
  ]
}

/** What besides the purpose is signed. INVARIANT: the text of a consent is the one whose digest the card signs. */
function boundText({ purpose, bindingHash }: AgentSession, language: Language): readonly string[] {
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
