import { html, type Html, htmlDocument, type Language } from '../card/html.ts'
import { type CertificateView, type PersonView, type TokenView, viewPeople } from './desk.ts'
import { MUNICIPALITIES } from './municipalities.ts'
import { SAMPLE_PINS } from './people.ts'
import type { SimulatorCore } from './simulator-core.ts'
import { PHONE_KINDS } from './state.ts'
import { SWITCH_TEXT, VALUE_TEXT } from './switch-text.ts'
import { SWITCH_CHOICES, SWITCH_LIMITS, type Switches } from './switches.ts'

const TEXT = {
  ja: {
    title: '発行局の窓口（模擬）',
    banner:
      'これは模擬の発行局です。本物のマイナンバーカード・公的個人認証サービスとは関係ありません。',
    contents: 'このページの内容',
    intro: '見本の人のカードと証明書の状態を見て、発行局が行う手続きを試すことができます。',
    pins: '見本カードの暗証番号：利用者証明用',
    and: '、署名用',
    done: '手続きを記録しました。',
    signature: '署名用電子証明書',
    authentication: '利用者証明用電子証明書',
    card: 'カード',
    android: 'スマホ（Android）',
    iphone: 'スマホ（iPhone）',
    good: '有効',
    suspended: '一時保留',
    revoked: '失効',
    expired: '期限切れ',
    until: '有効期限',
    before: '（以前のもの）',
    tries: '暗証番号の残り回数',
    reason: '失効の理由',
    revoke: '失効させる',
    suspend: '一時保留にする',
    resume: '保留を解く',
    renew: '更新する',
    renewNext: '次期個人番号カードに更新する（架空の仕様）',
    next: '次期個人番号カード（模擬）',
    nextHelp:
      '次期個人番号カードの仕様は公開されていません。予定とされる鍵（ECDSA P-384）、１０年の有効期間、２つの暗証番号のほかは、この模擬のために作ったものです。',
    issueSignature: '署名用証明書を発行する',
    issuePhone: 'スマホ用証明書を発行する',
    phoneKind: '発行先のスマホ',
    phonePin: '申請に使うカードの署名用の暗証番号',
    phoneHelp:
      '申請にはカードの署名用証明書で署名します。同じ種類の前のスマホの証明書は失効します。',
    unblock: '暗証番号を初期化する',
    biometricsOn: '利用者証明用の暗証番号の代わりに生体認証を使う',
    biometricsOff: '生体認証をやめて暗証番号を使う',
    resetPhone: 'スマホを初期化する（証明書は残る）',
    move: '引っ越しを届け出る',
    town: '引っ越し先',
    recordDeath: '死亡を届け出る',
    deathHelp:
      '証明書は引っ越しと同じ理由で失効し、失効リストでは区別できません。最新の基本4情報は「提供なし」になります（この答えは模擬のために作ったもので、J-LIS の仕様ではありません）。',
    died: '死亡の届け出がありました',
    lives: '住んでいる町',
    noSignature: '署名用電子証明書はありません',
    switches: '障害と待ち時間のスイッチ',
    switchesHelp: 'ここで変えた値は、プログラムを止めるまで有効です。',
    set: '切り替える',
  },
  en: {
    title: "Issuer's desk (simulator)",
    banner:
      'This is a simulated issuer. It has nothing to do with real My Number Cards or with JPKI.',
    contents: 'On this page',
    intro:
      'See the cards and certificates of the sample people, and try what their issuer would do.',
    pins: 'PINs of the sample cards: authentication',
    and: ', signature',
    done: 'The order was recorded.',
    signature: 'Signature certificate',
    authentication: 'Authentication certificate',
    card: 'Card',
    android: 'Phone (Android)',
    iphone: 'Phone (iPhone)',
    good: 'good',
    suspended: 'suspended',
    revoked: 'revoked',
    expired: 'expired',
    until: 'valid until',
    before: '(earlier)',
    tries: 'PIN tries left',
    reason: 'Reason',
    revoke: 'Revoke',
    suspend: 'Suspend',
    resume: 'Resume',
    renew: 'Renew',
    renewNext: 'Renew as a next-generation card (invented)',
    next: 'Next-generation card (simulated)',
    nextHelp:
      'The specification of the next card (次期個人番号カード) is not public. But for its keys (ECDSA P-384), a validity of ten years and two PINs, as announced, it is made up for this simulator.',
    issueSignature: 'Issue a signature certificate',
    issuePhone: 'Issue certificates for a phone',
    phoneKind: 'Kind of phone',
    phonePin: 'PIN of the card’s signature certificate, which signs the application',
    phoneHelp:
      'The application is signed by the card. Certificates on the earlier phone of that kind end.',
    unblock: 'Reset PIN',
    biometricsOn: 'Use biometrics instead of the authentication PIN',
    biometricsOff: 'Use the PIN instead of biometrics',
    resetPhone: 'Reset the phone (its certificates stay)',
    move: 'Move house',
    town: 'New town',
    recordDeath: 'Report a death',
    deathHelp:
      'The certificates end for the same reason as after a move, and the lists cannot tell the two apart. The latest attributes are “not supplied” then: an answer made up for this simulator, not one that J-LIS documents.',
    died: 'A death was reported',
    lives: 'Lives in',
    noSignature: 'No signature certificate',
    switches: 'Switches for faults and delays',
    switchesHelp: 'What is set here holds until the program stops.',
    set: 'Set',
  },
} as const satisfies Record<Language, Record<string, string>>

const REASONS = {
  cessationOfOperation: { ja: '不要になった', en: 'no longer needed' },
  keyCompromise: { ja: '鍵が危うい（紛失・盗難）', en: 'key compromised (lost or stolen)' },
  affiliationChanged: { ja: '記載事項の変更・死亡', en: 'attributes changed, or death' },
  superseded: { ja: '更新', en: 'renewed' },
  unspecified: { ja: '理由なし', en: 'unspecified' },
} as const

function reasonText(reason: string, language: Language): string {
  return Object.hasOwn(REASONS, reason) ? REASONS[reason as keyof typeof REASONS][language] : reason
}

/** The issuer's desk as a page. */
export function deskPage(core: SimulatorCore, language: Language, done: boolean): string {
  const t = TEXT[language]
  const people = viewPeople(core)
  const body = html`<p class="banner">${t.banner}</p>
    <p class="languages">
      <a href="/?lang=ja" lang="ja">日本語</a> | <a href="/?lang=en" lang="en">English</a>
    </p>
    <h1>${t.title}</h1>
    ${done && html`<p class="done" role="status">${t.done}</p>`}
    <p>${t.intro}</p>
    <p>
      ${t.pins} <code>${SAMPLE_PINS.authentication}</code>${t.and}
      <code>${SAMPLE_PINS.signature}</code>
    </p>
    <nav aria-label="${t.contents}">
      <ul>
        ${people.map(({ id, title }) => html`<li><a href="#${id}">${title[language]}</a></li>`)}
        <li><a href="#switches">${t.switches}</a></li>
      </ul>
    </nav>
    ${people.map((person) => personSection(person, language))}
    ${switchSection(core.switches.get(), language)}`
  return htmlDocument({ language, title: t.title, body })
}

function personSection(person: PersonView, language: Language): Html {
  const t = TEXT[language]
  return html`<section class="card" id="${person.id}" aria-labelledby="name-${person.id}">
    <h2 id="name-${person.id}">${person.title[language]}</h2>
    <p>${t.lives}: ${person.town[language]}</p>
    ${person.died && html`<p><strong>${t.died}</strong></p>`}
    ${person.tokens.map((token) => tokenSection(token, language))}
    ${!person.died && registerForms(person, language)}
  </section>`
}

/** What is reported of a person who lives, and what may be applied for. */
function registerForms(person: PersonView, language: Language): Html {
  const t = TEXT[language]
  const towns = MUNICIPALITIES.filter(({ code }) => code !== person.municipalityCode)
  const selectId = `town-${person.id}`
  return html`<form class="actions" method="post" action="/desk/people/${person.id}/move">
      ${languageField(language)}
      <label for="${selectId}">${t.town}</label>
      <select id="${selectId}" name="municipalityCode">
        ${towns.map(({ code, name }) => html`<option value="${code}">${name[language]}</option>`)}
      </select>
      <button>${t.move}</button>
    </form>
    ${person.tokens.some(({ kind, hasSignature }) => kind === 'card' && hasSignature) && phoneApplication(person, language)}
    ${orderForm(`people/${person.id}/record-death`, t.recordDeath, language)}
    <p class="quiet">${t.deathHelp}</p>`
}

function phoneApplication({ id }: PersonView, language: Language): Html {
  const t = TEXT[language]
  return html`<form class="actions" method="post" action="/desk/people/${id}/issue-phone">
    ${languageField(language)}
    <label for="phone-${id}">${t.phoneKind}</label>
    <select id="phone-${id}" name="phone">
      ${PHONE_KINDS.map((kind) => html`<option value="${kind}">${t[kind]}</option>`)}
    </select>
    <label for="pin-${id}">${t.phonePin}</label>
    <input id="pin-${id}" name="pin" type="password" autocomplete="off" required maxlength="16" />
    <button>${t.issuePhone}</button>
    <p class="quiet">${t.phoneHelp}</p>
  </form>`
}

function tokenSection(token: TokenView, language: Language): Html {
  const t = TEXT[language]
  const { authentication, signature } = token.triesLeft
  const isNext = token.generation === 'next'
  const kind = token.phone ?? (isNext ? 'next' : 'card')
  return html`<h3>${t[kind]} <span class="quiet">${token.id}</span></h3>
    ${isNext && html`<p class="quiet">${t.nextHelp}</p>`}
    ${token.certificates.map((certificate) => certificateRow(certificate, token, language))}
    ${!token.hasSignature && html`<p>${t.noSignature}</p>`}
    <p>
      ${t.tries}: ${t.authentication}
      ${authentication}/3${token.hasSignature && html`, ${t.signature} ${signature}/5`}
    </p>
    <div class="actions">
      ${token.kind === 'card' && cardForms(token, language)}
      ${orderForm(`tokens/${token.id}/unblock`, `${t.unblock} (${t.authentication})`, language, {
        family: 'authentication',
      })}
      ${
        token.hasSignature &&
        orderForm(`tokens/${token.id}/unblock`, `${t.unblock} (${t.signature})`, language, {
          family: 'signature',
        })
      }
      ${token.kind === 'phone' && phoneForms(token, language)}
    </div>`
}

function cardForms({ id, generation }: TokenView, language: Language): Html {
  const t = TEXT[language]
  return html`${orderForm(`tokens/${id}/renew`, t.renew, language)}
  ${
    generation !== 'next' &&
    orderForm(`tokens/${id}/renew`, t.renewNext, language, { generation: 'next' })
  }
  ${orderForm(`tokens/${id}/issue-signature`, t.issueSignature, language)}`
}

function phoneForms({ id, biometrics }: TokenView, language: Language): Html {
  const t = TEXT[language]
  return html`${orderForm(
    `tokens/${id}/biometrics`,
    biometrics ? t.biometricsOff : t.biometricsOn,
    language,
    { biometrics: biometrics ? 'off' : 'on' },
  )}
  ${orderForm(`tokens/${id}/reset`, t.resetPhone, language)}`
}

function certificateRow(certificate: CertificateView, token: TokenView, language: Language): Html {
  const t = TEXT[language]
  const { id, family, status, reason } = certificate
  const selectId = `reason-${id}`
  const live = status === 'good' || status === 'suspended'
  return html`<p id="${id}">
      ${t[family]}${!certificate.current && ` ${t.before}`}:
      <strong>${t[status]}</strong>${reason && html` (${reasonText(reason, language)})`}, ${t.until}
      ${certificate.notAfter.slice(0, 10)}
    </p>
    ${
      live &&
      html`<div class="actions">
        <form class="actions" method="post" action="/desk/certificates/${id}/revoke">
          ${languageField(language)}
          <label for="${selectId}">${t.reason}</label>
          <select id="${selectId}" name="reason">
            ${Object.entries(REASONS).map(
              ([name, label]) => html`<option value="${name}">${label[language]}</option>`,
            )}
          </select>
          <button>${t.revoke}<span class="quiet"> ${t[family]}</span></button>
        </form>
        ${status === 'good' && orderForm(`certificates/${id}/suspend`, t.suspend, language, {}, t[family])}
        ${
          status === 'suspended' &&
          token.kind === 'phone' &&
          orderForm(`certificates/${id}/resume`, t.resume, language, {}, t[family])
        }
      </div>`
    }`
}

function switchSection(switches: Switches, language: Language): Html {
  const t = TEXT[language]
  return html`<section class="card" aria-labelledby="switches">
    <h2 id="switches">${t.switches}</h2>
    <p>${t.switchesHelp}</p>
    <form method="post" action="/desk/switches">
      ${languageField(language)}
      ${SWITCH_NAMES.map((name) => switchField(name, String(switches[name]), language))}
      <button>${t.set}</button>
    </form>
  </section>`
}

const SWITCH_NAMES = Object.keys(SWITCH_TEXT) as (keyof Switches)[] // its type names every switch and no other

function switchField(name: keyof Switches, value: string, language: Language): Html {
  const { title, help } = SWITCH_TEXT[name]
  const choices = SWITCH_CHOICES[name]
  const input = choices
    ? html`<select id="switch-${name}" name="${name}" aria-describedby="help-${name}">
        ${choices.map((one) =>
          one === value
            ? html`<option value="${one}" selected>${VALUE_TEXT[one]?.[language] ?? one}</option>`
            : html`<option value="${one}">${VALUE_TEXT[one]?.[language] ?? one}</option>`,
        )}
      </select>`
    : html`<input
        id="switch-${name}"
        name="${name}"
        type="number"
        required
        min="0"
        max="${SWITCH_LIMITS[name]}"
        value="${value}"
        aria-describedby="help-${name}"
      />`
  return html`<p>
    <label for="switch-${name}">${title[language]}</label>
    <span class="quiet"><code>${name}</code></span
    ><br />
    <span class="quiet" id="help-${name}">${help[language]}</span><br />
    ${input}
  </p>`
}

function orderForm(
  path: string,
  label: string,
  language: Language,
  fields: Readonly<Record<string, string>> = {},
  of = '',
): Html {
  return html`<form method="post" action="/desk/${path}">
    ${languageField(language)}
    ${Object.entries(fields).map(
      ([name, value]) => html`<input type="hidden" name="${name}" value="${value}" />`,
    )}
    <button>${label}${of !== '' && html`<span class="quiet"> ${of}</span>`}</button>
  </form>`
}

function languageField(language: Language): Html {
  return html`<input type="hidden" name="lang" value="${language}" />`
}
