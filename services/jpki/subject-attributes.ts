import { attributeTexts } from './name.ts'
import type { Certificate } from './certificate.ts'
import { daysIn } from './der-values.ts'
import type { GeneralName } from './general-name.ts'
import { ATTRIBUTE_TYPE, BASIC_FOUR } from './oids.ts'

/** A text of the register, or what stands for it: `substituted` lists the positions of stand-in characters. */
export interface RegisterText {
  readonly text: string
  /** Positions by code point; when not empty the text is not the register's and must not be compared. */
  readonly substituted: readonly number[]
}

/** 生年月日; `date` is null when the register does not know the day, and then no age follows from it. */
export interface BirthDate {
  readonly date: string | null
  readonly precision: 'day' | 'month' | 'year' | 'unknown'
  readonly era: 'meiji' | 'taisho' | 'showa' | 'heisei' | 'reiwa' | 'unknown'
}

/** 基本4情報 of a 署名用 certificate, with the municipality that its subject names in romaji. */
export interface SubjectAttributes {
  readonly name: RegisterText
  readonly birthDate: BirthDate
  readonly sex: {
    readonly value: 'male' | 'female' | 'unknown' | 'not_applicable'
    readonly raw: string
  }
  readonly address: RegisterText
  readonly municipality: { readonly prefecture: string; readonly city: string } | null
}

const ERAS = ['unknown', 'meiji', 'taisho', 'showa', 'heisei', 'reiwa'] as const
const SEXES = {
  '0': 'unknown',
  '1': 'male',
  '2': 'female',
  '3': 'unknown',
  '9': 'not_applicable',
} as const
const KNOWN_TYPES: ReadonlySet<string> = new Set(Object.values(BASIC_FOUR))
const MAX_ADDRESS = 200
const MAX_NAME = 200

/**
 * Reads the six otherNames, in any order, each once. Gives what was expected where they are not in form: a
 * certificate without readable attributes proves nobody.
 */
export function readSubjectAttributes(certificate: Certificate): SubjectAttributes | string {
  const texts = otherNameTexts(certificate.subjectAltName)
  if (typeof texts === 'string') return texts
  const name = registerText(texts, BASIC_FOUR.name, BASIC_FOUR.nameSubstitution, MAX_NAME)
  const address = registerText(
    texts,
    BASIC_FOUR.address,
    BASIC_FOUR.addressSubstitution,
    MAX_ADDRESS,
  )
  const birthDate = readBirthDate(texts.get(BASIC_FOUR.birthDate) ?? '')
  const raw = texts.get(BASIC_FOUR.sex) ?? ''
  if (name === null) return 'a name with one flag per character'
  if (address === null) return 'an address with one flag per character'
  if (birthDate === null) return 'a birth date'
  if (!isSex(raw)) return 'a known code of sex'
  const sex = { value: SEXES[raw], raw }
  return { name, birthDate, sex, address, municipality: municipalityOf(certificate) }
}

function otherNameTexts(names: readonly GeneralName[]): Map<string, string> | string {
  const texts = new Map<string, string>()
  for (const name of names) {
    const text = name.kind === 'otherName' && KNOWN_TYPES.has(name.type) ? name.text : null
    if (name.kind !== 'otherName' || text === null) return 'the six known other names only'
    if (texts.has(name.type)) return 'each other name once'
    texts.set(name.type, text)
  }
  return texts.size === KNOWN_TYPES.size ? texts : 'the six known other names'
}

function registerText(
  texts: ReadonlyMap<string, string>,
  textType: string,
  flagType: string,
  most: number,
): RegisterText | null {
  const text = texts.get(textType) ?? ''
  const flags = texts.get(flagType) ?? ''
  const length = codePoints(text)
  if (length === 0 || length > most || flags.length !== length) return null
  const substituted: number[] = []
  for (let i = 0; i < length; i++) {
    if (flags[i] === '1') substituted.push(i)
    else if (flags[i] !== '0') return null
  }
  return { text, substituted }
}

/** Of well-formed text, so a leading surrogate stands for its pair. */
function codePoints(text: string): number {
  let count = text.length
  for (let i = 0; i < text.length; i++) if ((text.charCodeAt(i) & 0xfc00) === 0xd800) count -= 1
  return count
}

/** `EYYYYMMDD`: era digit and a Gregorian date; zeros stand for what the register does not know. */
export function readBirthDate(text: string): BirthDate | null {
  if (!/^[0-5][0-9]{8}$/.test(text)) return null
  const era = ERAS[Number(text[0])] ?? 'unknown'
  const [year, month, day] = [text.slice(1, 5), text.slice(5, 7), text.slice(7, 9)]
  if (year === '0000')
    return month + day === '0000' ? { date: null, precision: 'unknown', era } : null
  if (month === '00') return day === '00' ? { date: null, precision: 'year', era } : null
  if (!isMonth(month)) return null
  if (day === '00') return { date: null, precision: 'month', era }
  if (Number(day) > daysIn(Number(month), Number(year))) return null
  return { date: `${year}-${month}-${day}`, precision: 'day', era }
}

function isMonth(month: string): boolean {
  return month >= '01' && month <= '12'
}

function isSex(raw: string): raw is keyof typeof SEXES {
  return Object.hasOwn(SEXES, raw)
}

function municipalityOf({ subject }: Certificate): SubjectAttributes['municipality'] {
  const [prefecture, city, ...more] = attributeTexts(subject, ATTRIBUTE_TYPE.locality)
  return prefecture === undefined || city === undefined || more.length > 0
    ? null
    : { prefecture, city }
}
