import type { TapOffer } from './agent.ts'
import { html, type Html, htmlDocument, type Language } from './html.ts'
import type { CardKeyUse } from './jpki-card.ts'
import { PAGE_TEXT } from './agent-text.ts'
import {
  faultText,
  noCardsText,
  refusalLines,
  tapFacts,
  type TapRefusalFacts,
} from './tap-facts.ts'

const CHECKED = html` checked`
const BREAK = html`<br />`

export interface TapPage {
  readonly language: Language
  readonly issuer: string
  readonly offer: TapOffer
  /** Card that was chosen before. */
  readonly cardId?: string
  readonly refusal?: TapRefusalFacts
}

/** The page that shows what will be signed and for whom, and takes the PIN. */
export function tapPage(page: TapPage): string {
  const { language, issuer, offer, refusal } = page
  const t = PAGE_TEXT[language]
  const { session } = offer
  const body = html`${session.environment !== 'production' && html`<p class="banner">${t.simulated[session.environment]}</p>`}
    ${languageLinks(offer.ticket)}
    <h1>${t.title}</h1>
    ${offer.cards.length === 0 && refusal && refusalBox(refusalLines(refusal, session, language))}
    <p>${t.intro}</p>
    <dl class="asked">
      ${tapFacts(session, issuer, language).map(
        ({ label, lines }) =>
          html`<dt>${label}</dt>
            <dd>${lines.map((line, index) => html`${index > 0 && BREAK}${line}`)}</dd>`,
      )}
    </dl>
    ${offer.cards.length === 0 ? noCards(page) : tapForm(page)}
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
      refusal && refusalBox(refusalLines(refusal, offer.session, language))
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

function refusalBox(lines: readonly string[]): Html {
  return html`<div class="error" role="alert" id="fault">
    ${lines.map((line) => html`<p>${line}</p>`)}
  </div>`
}

/** A reader may be plugged in, and a card put on it, while the page waits. */
function noCards({ language, offer }: TapPage): Html {
  return html`<p class="error" role="alert">${noCardsText(offer, language)}</p>
    <p>
      <a href="/?ticket=${offer.ticket}&amp;lang=${language}">${PAGE_TEXT[language].lookAgain}</a>
    </p>`
}

function languageLinks(ticket: string): Html {
  const link = (lang: Language, name: string) =>
    html`<a href="/?ticket=${ticket}&amp;lang=${lang}" lang="${lang}">${name}</a>`
  return html`<p class="languages">${link('ja', '日本語')} | ${link('en', 'English')}</p>`
}

/** A page that says what is wrong and how to go on; `code` is for who is asked for help. */
export function agentFaultPage(language: Language, issuer: string, code: string): string {
  const t = PAGE_TEXT[language]
  const words = faultText(code, language)
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
