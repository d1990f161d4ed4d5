import { daysIn } from '../kernel/calendar.ts'
import type { Certificate } from './certificate.ts'
import type { DerElement } from './der.ts'
import { utf8Text } from './der-values.ts'
import type { GeneralName } from './general-name.ts'
import { attributeTexts, type DistinguishedName } from './name.ts'
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

const ERAS = ['unknown', 'meiji', 'taisho', 'showa', 'heisei', 'reiwa'] as const
const SEXES = {
  '0': 'unknown',
  '1': 'male',
  '2': 'female',
  '3': 'unknown',
  '9': 'not_applicable',
} as const
const SEX_CODES = Object.keys(SEXES).map((code) => code.charCodeAt(0))
const MAX_ADDRESS = 200
const MAX_NAME = 200
const ZERO = 0x30
const ONE = 0x31

/** The values of the six otherNames as they stand. */
type Values = Readonly<Record<keyof typeof BASIC_FOUR, DerElement>>
/** Types of the six in the order in which `otherNameValues` puts their values. */
const TYPES: readonly string[] = [
  BASIC_FOUR.name,
  BASIC_FOUR.nameSubstitution,
  BASIC_FOUR.sex,
  BASIC_FOUR.birthDate,
  BASIC_FOUR.address,
  BASIC_FOUR.addressSubstitution,
]

/**
 * 基本4情報 of a 署名用 certificate, in form, with the municipality that its subject names in romaji. The texts are made when
 * they are asked for: most verifications need to know that they could be.
 */
export class SubjectAttributes {
  readonly #values: Values
  readonly #subject: DistinguishedName

  constructor(values: Values, subject: DistinguishedName) {
    this.#values = values
    this.#subject = subject
  }

  get name(): RegisterText {
    return registerText(this.#values.name, this.#values.nameSubstitution)
  }

  get address(): RegisterText {
    return registerText(this.#values.address, this.#values.addressSubstitution)
  }

  get birthDate(): BirthDate {
    const digits = utf8Text(this.#values.birthDate)
    const precision = precisionOf(Number(digits)) ?? 'unknown'
    const [year, month, day] = [digits.slice(1, 5), digits.slice(5, 7), digits.slice(7)]
    const date = precision === 'day' ? `${year}-${month}-${day}` : null
    return { date, precision, era: ERAS[Number(digits[0])] ?? 'unknown' }
  }

  get sex(): { readonly value: (typeof SEXES)[keyof typeof SEXES]; readonly raw: string } {
    const raw = utf8Text(this.#values.sex)
    return { value: isSex(raw) ? SEXES[raw] : 'unknown', raw }
  }

  get municipality(): { readonly prefecture: string; readonly city: string } | null {
    const [prefecture, city, ...more] = attributeTexts(this.#subject, ATTRIBUTE_TYPE.locality)
    return prefecture === undefined || city === undefined || more.length > 0
      ? null
      : { prefecture, city }
  }
}

/**
 * Checks the six otherNames, in any order, each once. Gives what was expected where they are not in form: a certificate
 * without readable attributes proves nobody.
 */
export function readSubjectAttributes({
  subjectAltName,
  subject,
}: Pick<Certificate, 'subjectAltName' | 'subject'>): SubjectAttributes | string {
  const values = otherNameValues(subjectAltName)
  if (typeof values === 'string') return values
  if (!isFlagged(values.name, values.nameSubstitution, MAX_NAME)) {
    return 'a name with one flag per character'
  }
  if (!isFlagged(values.address, values.addressSubstitution, MAX_ADDRESS)) {
    return 'an address with one flag per character'
  }
  if (!isBirthDate(values.birthDate)) return 'a birth date'
  if (!isSexCode(values.sex)) return 'a known code of sex'
  return new SubjectAttributes(values, subject)
}

function otherNameValues(names: readonly GeneralName[]): Values | string {
  // By place, not by name: an object whose fields are named at run time costs more than reading the elements.
  const values: (DerElement | undefined)[] = []
  for (const name of names) {
    const value = name.kind === 'otherName' ? name.utf8 : null
    const place = name.kind === 'otherName' ? TYPES.indexOf(name.type) : -1
    if (place === -1 || value === null) return 'the six known other names only'
    if (values[place] !== undefined) return 'each other name once'
    values[place] = value
  }
  const [name, nameSubstitution, sex, birthDate, address, addressSubstitution] = values
  if (
    name === undefined ||
    nameSubstitution === undefined ||
    sex === undefined ||
    birthDate === undefined ||
    address === undefined ||
    addressSubstitution === undefined
  ) {
    return 'the six known other names'
  }
  return { name, nameSubstitution, sex, birthDate, address, addressSubstitution }
}

/** Whether the text has 1 to `most` characters, and the flags as many zeros and ones. */
function isFlagged(text: DerElement, flags: DerElement, most: number): boolean {
  const length = codePoints(text)
  if (length === 0 || length > most || flags.length !== length) return false
  const { bytes, offset, end } = flags
  for (let at = offset; at < end; at++) {
    if (bytes[at] !== ZERO && bytes[at] !== ONE) return false
  }
  return true
}

/** Characters of well-formed UTF-8: every octet but those that continue one. */
function codePoints({ bytes, offset, end }: DerElement): number {
  let count = 0
  for (let at = offset; at < end; at++) if (((bytes[at] ?? 0) & 0xc0) !== 0x80) count += 1
  return count
}

function registerText(value: DerElement, { bytes, offset, end }: DerElement): RegisterText {
  const substituted: number[] = []
  for (let at = offset; at < end; at++) if (bytes[at] === ONE) substituted.push(at - offset)
  return { text: utf8Text(value), substituted }
}

/** `EYYYYMMDD`: era digit and a Gregorian date; zeros stand for what the register does not know. */
function isBirthDate({ bytes, offset, end, length }: DerElement): boolean {
  if (length !== 9) return false
  let digits = 0
  for (let at = offset; at < end; at++) {
    const digit = (bytes[at] ?? 0) - ZERO
    if (digit < 0 || digit > 9) return false
    digits = 10 * digits + digit
  }
  return Math.floor(digits / 1e8) < ERAS.length && precisionOf(digits) !== null
}

/** What of a date is known, by its nine digits as a number; null for a day that does not exist. */
function precisionOf(digits: number): BirthDate['precision'] | null {
  const [year, month, day] = [
    Math.floor(digits / 1e4) % 1e4,
    Math.floor(digits / 100) % 100,
    digits % 100,
  ]
  if (year === 0) return month + day === 0 ? 'unknown' : null
  if (month === 0) return day === 0 ? 'year' : null
  if (month > 12) return null
  if (day === 0) return 'month'
  return day <= daysIn(month, year) ? 'day' : null
}

/** The same of what stands encoded, without making its text. */
function isSexCode({ bytes, offset, length }: DerElement): boolean {
  return length === 1 && SEX_CODES.includes(bytes[offset] ?? -1)
}

function isSex(raw: string): raw is keyof typeof SEXES {
  return Object.hasOwn(SEXES, raw)
}
