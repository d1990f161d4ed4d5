import type {
  AxisLevel,
  CheckResponse,
  ExplainResponse,
} from '../../proto/gen/watashi/assurance/v1/assurance.ts'
import {
  SignatureRefusalReason,
  type Signature,
  type SignatureRefused,
} from '../../proto/gen/watashi/assurance/v1/signature.ts'
import type { Claim } from '../../proto/gen/watashi/assurance/v1/release.ts'
import type { Name } from './config.ts'
import type { Contract } from './contract.ts'
import { html, type Html } from './html.ts'
import type { LevelNews } from './level-watch.ts'
import type { Received } from './outcome.ts'
import { COMMON, SITES, type Locale } from './texts.ts'
import { axisLabel, claimLabel, claimText, levelText, standardLabel } from './words.ts'

export interface PageContext {
  readonly name: Name
  readonly locale: Locale
}

export function homePage(context: PageContext): string {
  const { locale } = context
  const site = SITES[context.name][locale]
  const common = COMMON[locale]
  return layout(
    context,
    site.site,
    html`<p class="lead">${site.lead}</p>
      <form method="post" action="/start"><button class="main">${site.action}</button></form>
      <p class="hint">${common.start}</p>`,
  )
}

export interface AccountView {
  readonly account: Received
  /** Undefined when it could not be asked. */
  readonly check: CheckResponse | undefined
  readonly news: readonly LevelNews[]
  readonly gone: boolean
}

export function accountPage(context: PageContext, view: AccountView): string {
  const { locale } = context
  const common = COMMON[locale]
  const { account, gone } = view
  return layout(
    context,
    SITES[context.name][locale].account,
    html`<div id="live" role="status" aria-live="polite">${liveNews(locale, view)}</div>
      <h2>${common.received}</h2>
      ${account.claims.length === 0 || gone ? html`<p>${common.none}</p>` : claimList(account.claims, locale)}
      <p class="hint">${common.subject}: <code>${account.pairwiseSubject}</code></p>
      <div id="standing">${standing(locale, view)}</div>
      <p><a href="/why">${common.why}</a></p>
      ${context.name === 'bank' && !gone ? html`<p><a href="/contract">${common.contract}</a></p>` : undefined}
      <div class="actions">
        <form method="post" action="/start"><button>${common.again}</button></form>
        ${
          account.releaseId === undefined || gone
            ? undefined
            : html`<form method="get" action="/forget"><button>${common.forget}</button></form>`
        }
        <form method="post" action="/logout"><button>${common.logout}</button></form>
      </div>`,
    html`<script src="/live.js" defer></script>`,
  )
}

/** What has changed since the person came; the page brings it up to date while it is open. */
export function liveNews(locale: Locale, { news, gone }: Pick<AccountView, 'news' | 'gone'>): Html {
  const common = COMMON[locale]
  if (gone) return html`<p class="alert">${common.gone}</p>`
  return html`${news.map(
    ({ axis, level, previousLevel, lowered }) =>
      html`<p class="${lowered ? 'alert' : 'news'}">
        <strong>${lowered ? common.fell : common.rose}</strong><br />
        ${axisLabel(axis, locale)}: ${levelText(previousLevel || '–', locale)} →
        ${levelText(level, locale)}
      </p>`,
  )}`
}

export function standing(locale: Locale, { check, account, gone }: AccountView): Html {
  if (gone) return html``
  const common = COMMON[locale]
  const levels = check?.levels ?? account.levels
  const verdict =
    check === undefined
      ? html`<p class="alert">${common.unknown}</p>`
      : check.satisfied
        ? html`<p class="good">${common.ok}</p>`
        : html`<p class="alert">${common.short}</p>`
  const shortfalls = (check?.shortfalls ?? []).map(
    ({ axis, have, need }) =>
      html`<li>
        ${axisLabel(axis, locale)}<br />
        ${common.have}: ${levelText(have, locale)}<br />
        ${common.need}: ${levelText(need, locale)}
      </li>`,
  )
  return html`<h2>${common.levels}</h2>
    ${verdict}
    ${
      shortfalls.length === 0
        ? undefined
        : html`<ul>
            ${shortfalls}
          </ul>`
    }
    ${levelList(levels, locale)}`
}

export function whyPage(context: PageContext, { explanations }: ExplainResponse): string {
  const { locale } = context
  const common = COMMON[locale]
  return layout(
    context,
    common.why,
    html`${explanations.map(
        ({ level, reasons, clauses, shortfalls }) =>
          html`<h2>
              ${axisLabel(level?.axis ?? '', locale)}: ${levelText(level?.level ?? '', locale)}
            </h2>
            <p class="hint">${standardLabel(level?.framework ?? '', level?.level ?? '')}</p>
            ${shortfalls.length === 0 ? undefined : html`<p>${common.missing}</p>`}
            <ul>
              ${reasons.map((reason) => html`<li>${reason}</li>`)}
            </ul>
            <p class="hint">${clauses.join(', ')}</p>`,
      )}
      <p><a href="/account">${SITES[context.name][locale].account}</a></p>`,
  )
}

/** The contract to sign, and once it is signed what Watashi says of the signature. */
export function contractPage(
  context: PageContext,
  { title, text }: Contract,
  signed: { readonly contract: Contract; readonly signature: Signature } | undefined,
): string {
  const common = COMMON[context.locale]
  const shown = signed?.contract ?? { title, text }
  return layout(
    context,
    common.contract,
    html`<h2>${shown.title}</h2>
      <pre class="contract" lang="${context.locale}">${shown.text}</pre>
      ${
        signed === undefined
          ? html`<p>${common.contractText}</p>
              <form method="post" action="/contract">
                <button class="main">${common.sign}</button>
              </form>`
          : signedPart(common, signed.signature)
      }
      <p><a href="/account">${SITES[context.name][context.locale].account}</a></p>`,
  )
}

function signedPart(common: (typeof COMMON)[Locale], { report }: Signature): Html {
  return html`<p class="good">${common.signed}</p>
    ${
      report === undefined
        ? undefined
        : html`<h2>${common.report}</h2>
            <dl>
              <dt>${common.verdict}</dt>
              <dd>${report.indication}</dd>
              <dt>${common.revocation}</dt>
              <dd>
                ${report.revocationSource.toUpperCase()}
                ${report.revocationThisUpdate?.toISOString() ?? ''}
              </dd>
            </dl>
            <ul>
              ${report.checks.map(({ id, outcome }) => html`<li>${id}: ${outcome}</li>`)}
            </ul>`
    }
    <ul>
      <li><a href="/contract.p7s">${common.downloadSignature}</a></li>
      <li><a href="/contract.txt">${common.downloadContract}</a></li>
    </ul>`
}

/** There is no signature; says whether asking again may help. */
export function notSignedPage(context: PageContext, refused: SignatureRefused | undefined): string {
  const common = COMMON[context.locale]
  const later = refused?.reason === SignatureRefusalReason.SIGNATURE_REFUSAL_REASON_STATUS_UNKNOWN
  return layout(
    context,
    common.notSigned,
    html`<p role="alert">${later ? common.notSignedLater : common.notSignedText}</p>
      <p><a href="/contract">${common.contract}</a></p>`,
  )
}

export function noticePage(context: PageContext): string {
  const { locale } = context
  return layout(context, COMMON[locale].notice, html`<p>${SITES[context.name][locale].notice}</p>`)
}

/** Asks before what was received is deleted. */
export function forgetPage(context: PageContext): string {
  const common = COMMON[context.locale]
  return layout(
    context,
    common.forgetTitle,
    html`<p>${common.forgetText}</p>
      <div class="actions">
        <form method="post" action="/forget"><button class="main">${common.forget}</button></form>
        <form method="get" action="/account"><button>${common.keep}</button></form>
      </div>`,
  )
}

export function messagePage(
  context: PageContext,
  kind: 'refused' | 'notYours' | 'unreachable' | 'notFound' | 'forgotten',
): string {
  const common = COMMON[context.locale]
  const title = kind === 'forgotten' ? common.forgotten : common[`${kind}Title`]
  return layout(
    context,
    title,
    html`${kind === 'forgotten' ? undefined : html`<p role="alert">${common[kind]}</p>`}
      <p><a href="/">${common.home}</a></p>`,
  )
}

function claimList(claims: readonly Claim[], locale: Locale): Html {
  const common = COMMON[locale]
  return html`<dl>
    ${claims.map(({ name, value }) => {
      const text =
        value?.$case === 'truth'
          ? value.truth
            ? common.yes
            : common.no
          : claimText(name, value?.text ?? '', locale)
      return html`<dt>${claimLabel(name, locale)}</dt>
        <dd>${text}</dd>`
    })}
  </dl>`
}

function levelList(levels: readonly AxisLevel[], locale: Locale): Html {
  return html`<dl class="levels">
    ${levels.map(
      ({ axis, level, framework }) =>
        html`<dt>${axisLabel(axis, locale)}</dt>
          <dd>
            ${levelText(level, locale)}<br />
            <span class="hint">${standardLabel(framework, level)}</span>
          </dd>`,
    )}
  </dl>`
}

function layout(context: PageContext, title: string, content: Html, head?: Html): string {
  const { locale, name } = context
  const common = COMMON[locale]
  const { site } = SITES[name][locale]
  return html`<!doctype html>
    <html lang="${locale}">
      <head>
        <meta charset="utf-8" />
        <meta name="viewport" content="width=device-width, initial-scale=1" />
        <title>${title === site ? site : `${title} – ${site}`}</title>
        <link rel="stylesheet" href="/fonts.css" />
        <link rel="stylesheet" href="/style.css" />
        ${head}
      </head>
      <body class="${name}">
        <header>
          <a href="/" class="site">${site}</a>
          <a href="?lang=${common.otherLocale}" lang="${common.otherLocale}">${common.other}</a>
        </header>
        <main>
          <h1>${title}</h1>
          ${content}
        </main>
        <footer>
          <p>${common.sample}</p>
          <p><a href="/notice">${common.notice}</a></p>
        </footer>
      </body>
    </html>`.text
}
