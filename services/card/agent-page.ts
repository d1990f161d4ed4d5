import type { TapOffer, TapRefusal } from './agent.ts'
import { html, type Html, htmlDocument, type Language } from './html.ts'
import type { CardKeyUse } from './jpki-card.ts'
import { PAGE_TEXT, REFUSAL_TEXT, TAP_FAULT_TEXT } from './agent-text.ts'

const CHECKED = html` checked`

export interface TapPage {
  readonly language: Language
  readonly issuer: string
  readonly offer: TapOffer
  /** Card that was chosen before. */
  readonly cardId?: string
  readonly refusal?: { readonly reason: TapRefusal; readonly triesLeft?: number }
}

/** The page that shows what will be signed and for whom, and takes the PIN. */
export function tapPage(page: TapPage): string {
  const { language, issuer, offer, refusal } = page
  const t = PAGE_TEXT[language]
  const { session } = offer
  const body = html`${session.environment !== 'production' && html`<p class="banner">${t.simulated[session.environment]}</p>`}
    ${languageLinks(offer.ticket)}
    <h1>${t.title}</h1>
    ${offer.cards.length === 0 && refusal && refusalBox(refusal, session, language)}
    <p>${t.intro}</p>
    <dl>
      <dt>${t.purpose}</dt>
      <dd>
        ${t.purposes[session.purpose]}${session.bindingHash.length > 0 && html`<br />${t.binds}`}
      </dd>
      <dt>${t.askedBy}</dt>
      <dd>${issuer}</dd>
      ${
        session.rpId !== '' &&
        html`<dt>${t.relyingParty}</dt>
          <dd>${session.rpName || session.rpId}</dd>`
      }
      <dt>${t.key}</dt>
      <dd>${t.keys[session.keyUse]}</dd>
      <dt>${t.sent}</dt>
      <dd>${t.sentBy[session.keyUse]}</dd>
      <dt>${t.expires}</dt>
      <dd>${timeOfDay(session.expiresAt, language)}</dd>
    </dl>
    ${offer.cards.length === 0 ? html`<p class="error" role="alert">${t.noCards}</p>` : tapForm(page)}
    <p><a href="${offer.returnTo}">${t.cancel}</a></p>`
  return htmlDocument({ language, title: t.title, body })
}

function tapForm({ language, offer, cardId, refusal }: TapPage): Html {
  const t = PAGE_TEXT[language]
  const use = offer.session.keyUse
  const chosen = offer.cards.find(({ id }) => id === cardId) ?? offer.cards[0]
  const lastTry = refusal?.reason === 'PIN_LAST_TRY' || refusal?.triesLeft === 1
  return html`<form method="post" action="/tap" autocomplete="off">
    <input type="hidden" name="ticket" value="${offer.ticket}" />
    <input type="hidden" name="token" value="${offer.formToken}" />
    <input type="hidden" name="lang" value="${language}" />
    <fieldset>
      <legend>${t.chooseCard}</legend>
      ${offer.cards.map(
        ({ id, title }) =>
          html`<div class="choice">
            <input
              type="radio"
              name="card"
              id="card-${id}"
              value="${id}"
              required${id === chosen?.id && CHECKED}
            />
            <label for="card-${id}">${title[language]}</label>
          </div>`,
      )}
    </fieldset>
    <p>
      <label for="pin">${t.pins[use]}</label><br />
      <span id="pin-help" class="quiet">${t.pinHelp[use]}</span>
    </p>
    ${
      // Beside the field: the focus goes there, and takes whatever is far away out of view.
      refusal && refusalBox(refusal, offer.session, language)
    }
    ${pinInput(use, refusal !== undefined)}
    ${offer.notice && html`<p class="quiet">${offer.notice[language]}</p>`}
    ${lastTry && html`<div class="choice"><input type="checkbox" id="last" name="last" value="yes" /><label for="last">${t.useLastTry}</label></div>`}
    <button class="main">${t.sign}</button>
  </form>`
}

function pinInput(use: CardKeyUse, refused: boolean): Html {
  const invalid = refused && html` aria-invalid="true" aria-describedby="pin-help fault" autofocus`
  return use === 'authentication'
    ? html`<input
        type="password"
        id="pin"
        name="pin"
        required
        inputmode="numeric"
        pattern="[0-9]{4}"
        maxlength="4"
        autocomplete="off"
        ${invalid || DESCRIBED}
      />`
    : html`<input
        type="password"
        id="pin"
        name="pin"
        required
        autocapitalize="characters"
        pattern="[A-Za-z0-9]{6,16}"
        maxlength="16"
        autocomplete="off"
        ${invalid || DESCRIBED}
      />`
}

const DESCRIBED = html` aria-describedby="pin-help"`

function refusalBox(
  { reason, triesLeft }: NonNullable<TapPage['refusal']>,
  { keyUse, purpose }: TapOffer['session'],
  language: Language,
): Html {
  const t = PAGE_TEXT[language]
  const words = REFUSAL_TEXT[language][reason]
  return html`<div class="error" role="alert" id="fault">
    <p>${words}</p>
    ${triesLeft !== undefined && triesLeft > 0 && html`<p>${t.triesLeft(triesLeft)}</p>`}
    ${reason === 'PIN_LOCKED' && html`<p>${t.unlock[keyUse]}</p>`}
    ${reason === 'NO_SIGNATURE_CERTIFICATE' && html`<p>${purpose === 'enrol' ? t.withoutSignature.enrol : t.withoutSignature.other}</p>`}
  </div>`
}

function languageLinks(ticket: string): Html {
  const link = (lang: Language, name: string) =>
    html`<a href="/?ticket=${ticket}&amp;lang=${lang}" lang="${lang}">${name}</a>`
  return html`<p class="languages">${link('ja', '日本語')} | ${link('en', 'English')}</p>`
}

// In the zone of this device, which is the browser's too, and named as on the pages that the person comes from.
function timeOfDay(at: Date, language: Language): string {
  return new Intl.DateTimeFormat(language, {
    hour: '2-digit',
    minute: '2-digit',
    timeZoneName: 'short',
  }).format(at)
}

/** A page that says what is wrong and how to go on; `code` is for who is asked for help. */
export function agentFaultPage(language: Language, issuer: string, code: string): string {
  const t = PAGE_TEXT[language]
  const known = TAP_FAULT_TEXT[language]
  const words = Object.hasOwn(known, code) ? known[code as keyof typeof known] : known.OTHER
  const body = html`<h1>${t.title}</h1>
    <p class="error" role="alert">${words}</p>
    <p class="quiet">${code}</p>
    <p><a href="${issuer}/">${t.toIssuer}</a></p>`
  return htmlDocument({ language, title: t.title, body })
}

/** The page without a ticket: what this program is. */
export function agentStartPage(language: Language, issuer: string): string {
  const t = PAGE_TEXT[language]
  const body = html`<h1>${t.title}</h1>
    <p>${t.idle}</p>
    <p><a href="${issuer}/">${t.toIssuer}</a></p>`
  return htmlDocument({ language, title: t.title, body })
}
