import type { Locale } from './texts.ts'

type Words = Readonly<Record<string, Readonly<Record<Locale, string>>>>

const CLAIMS: Words = {
  age_over_20: { ja: '20歳以上', en: '20 or older' },
  name: { ja: '氏名', en: 'Name' },
  address: { ja: '住所', en: 'Address' },
  birthdate: { ja: '生年月日', en: 'Date of birth' },
  gender: { ja: '性別', en: 'Gender' },
}

const GENDERS: Words = {
  male: { ja: '男', en: 'Male' },
  female: { ja: '女', en: 'Female' },
  unknown: { ja: '不明', en: 'Unknown' },
  not_applicable: { ja: '適用不能', en: 'Not applicable' },
}

const AXES: Words = {
  IAL: { ja: '身元確認保証レベル', en: 'Identity assurance level' },
  AAL: { ja: '当人確認保証レベル', en: 'Authenticator assurance level' },
  'flag:phishing_resistant': {
    ja: '偽サイトにだまされないログイン',
    en: 'Login that resists phishing',
  },
  'flag:device_bound': {
    ja: '一つの端末だけにあるパスキー',
    en: 'Passkey held by one device only',
  },
}

const LEVELS: Words = {
  no_ial: { ja: '身元は未確認', en: 'Identity not verified' },
  IAL1: { ja: '身元を基本的な方法で確認ずみ', en: 'Identity verified in a basic way' },
  IAL2: {
    ja: '身元を公的な証明書で確認ずみ',
    en: 'Identity verified with an official certificate',
  },
  IAL3: { ja: '身元を対面などで確認ずみ', en: 'Identity verified in person' },
  none: { ja: 'ログインしていない', en: 'Not logged in' },
  AAL1: { ja: '一つの要素でログイン', en: 'Login with one factor' },
  AAL2: { ja: '二つの要素でログイン', en: 'Login with two factors' },
  AAL3: { ja: '専用の機器でログイン', en: 'Login with a dedicated device' },
  indeterminate: { ja: 'いまは判定できない', en: 'Cannot be determined at present' },
  yes: { ja: '満たしている', en: 'Met' },
  no: { ja: '満たしていない', en: 'Not met' },
}

const FRAMEWORKS: Readonly<Record<string, string>> = {
  'nist-800-63A-4': 'NIST SP 800-63A-4',
  'nist-800-63B-4': 'NIST SP 800-63B-4',
}

export function claimLabel(name: string, locale: Locale): string {
  return find(CLAIMS, name, locale) ?? name
}

/** A value in words where it is coded or a calendar date; anything else as it is. */
export function claimText(name: string, text: string, locale: Locale): string {
  if (name === 'gender') return find(GENDERS, text, locale) ?? text
  if (name !== 'birthdate' || !/^\d{4}-\d{2}-\d{2}$/.test(text)) return text
  const day = new Date(text)
  const format = new Intl.DateTimeFormat(locale, { dateStyle: 'long', timeZone: 'UTC' })
  return Number.isNaN(day.getTime()) ? text : format.format(day)
}

export function axisLabel(axis: string, locale: Locale): string {
  return find(AXES, axis, locale) ?? axis
}

/** What a level means; one that we do not know is shown as it is. */
export function levelText(level: string, locale: Locale): string {
  return find(LEVELS, level, locale) ?? level
}

/** The standard and its own label, for those who know them; it has none for no level. */
export function standardLabel(framework: string, level: string): string {
  const standard = FRAMEWORKS[framework] ?? framework
  return level === 'no_ial' || level === 'none' ? standard : `${standard}: ${level}`
}

// Only own keys: a level named `constructor` must not find anything.
function find(words: Words, key: string, locale: Locale): string | undefined {
  return Object.hasOwn(words, key) ? words[key]?.[locale] : undefined
}
