import { attributeTexts } from './name.ts'
import type { Certificate } from './certificate.ts'
import type { DerElement } from './der.ts'
import { daysIn, utf8Text } from './der-values.ts'
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
const TYPES = new Map(Object.values(BASIC_FOUR).map((type, i) => [type as string, i]))
const MAX_ADDRESS = 200
const MAX_NAME = 200

/**
 * Reads the six otherNames, in any order, each once. Gives what was expected where they are not in form: a
 * certificate without readable attributes proves nobody.
 */
export function readSubjectAttributes(certificate: Certificate): SubjectAttributes | string {
  const values = otherNameValues(certificate.subjectAltName)
  if (typeof values === 'string') return values
  const value = (type: string): DerElement | undefined => values[TYPES.get(type) ?? -1]
  const name = registerText(value(BASIC_FOUR.name), value(BASIC_FOUR.nameSubstitution), MAX_NAME)
  const address = registerText(
    value(BASIC_FOUR.address),
    value(BASIC_FOUR.addressSubstitution),
    MAX_ADDRESS,
  )
  const birthDate = readBirthDate(textOf(value(BASIC_FOUR.birthDate)))
  const raw = textOf(value(BASIC_FOUR.sex))
  if (name === null) return 'a name with one flag per character'
  if (address === null) return 'an address with one flag per character'
  if (birthDate === null) return 'a birth date'
  if (!isSex(raw)) return 'a known code of sex'
  const sex = { value: SEXES[raw], raw }
  return { name, birthDate, sex, address, municipality: municipalityOf(certificate) }
}

/** The values in the order of `TYPES`. */
function otherNameValues(names: readonly GeneralName[]): (DerElement | undefined)[] | string {
  const values: (DerElement | undefined)[] = new Array<undefined>(TYPES.size).fill(undefined)
  for (const name of names) {
    const place = name.kind === 'otherName' ? TYPES.get(name.type) : undefined
    const value = name.kind === 'otherName' ? name.utf8 : null
    if (place === undefined || value === null) return 'the six known other names only'
    if (values[place] !== undefined) return 'each other name once'
    values[place] = value
  }
  return names.length === TYPES.size ? values : 'the six known other names'
}

function textOf(value: DerElement | undefined): string {
  return value === undefined ? '' : utf8Text(value)
}

function registerText(
  value: DerElement | undefined,
  flags: DerElement | undefined,
  most: number,
): RegisterText | null {
  const text = textOf(value)
  const length = codePoints(text)
  if (flags === undefined || length === 0 || length > most || flags.length !== length) return null
  const substituted: number[] = []
  for (let i = 0; i < length; i++) {
    const flag = flags.bytes[flags.offset + i]
    if (flag === ONE) substituted.push(i)
    else if (flag !== ZERO) return null
  }
  return { text, substituted }
}

const ZERO = 0x30
const ONE = 0x31

/** Of well-formed text, so a leading surrogate stands for its pair. */
function codePoints(text: string): number {
  let count = text.length
  for (let i = 0; i < text.length; i++) if ((text.charCodeAt(i) & 0xfc00) === 0xd800) count -= 1
  return count
}

/** `EYYYYMMDD`: era digit and a Gregorian date; zeros stand for what the register does not know. */
export function readBirthDate(text: string): BirthDate | null {
  if (!/^[0-5][0-9]{8}$/.test(text)) return null
  const digits = Number(text)
  const era = ERAS[Math.floor(digits / 1e8)] ?? 'unknown'
  const [year, month, day] = [
    Math.floor(digits / 1e4) % 1e4,
    Math.floor(digits / 100) % 100,
    digits % 100,
  ]
  if (year === 0) return month + day === 0 ? { date: null, precision: 'unknown', era } : null
  if (month === 0) return day === 0 ? { date: null, precision: 'year', era } : null
  if (month > 12) return null
  if (day === 0) return { date: null, precision: 'month', era }
  if (day > daysIn(month, year)) return null
  const date = `${text.slice(1, 5)}-${text.slice(5, 7)}-${text.slice(7)}`
  return { date, precision: 'day', era }
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
