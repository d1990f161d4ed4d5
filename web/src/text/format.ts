import type { LocalText } from '../api/types.ts'
import type { Language } from './language.ts'

/** Date and time of an RFC 3339 instant, in the zone of the reader; the text itself when it is none. */
export function dateTime(language: Language, instant: string): string {
  return format(language, instant, { dateStyle: 'medium', timeStyle: 'short' })
}

/** Time of day of an instant, in the zone of the reader, which is named: the card screen may be in another. */
export function timeOfDay(language: Language, instant: string): string {
  return format(language, instant, { hour: '2-digit', minute: '2-digit', timeZoneName: 'short' })
}

/** A day: of a calendar date `YYYY-MM-DD` as it is, of an instant in the zone of the reader. */
export function day(language: Language, date: string): string {
  const calendar = date.length === 'YYYY-MM-DD'.length
  return format(language, date, { dateStyle: 'long', ...(calendar ? { timeZone: 'UTC' } : {}) })
}

function format(language: Language, text: string, options: Intl.DateTimeFormatOptions): string {
  const at = new Date(text)
  return Number.isNaN(at.getTime()) ? text : new Intl.DateTimeFormat(language, options).format(at)
}

/** A number of days in words, such as `30 days`. */
export function days(language: Language, count: number): string {
  return new Intl.NumberFormat(language, {
    style: 'unit',
    unit: 'day',
    unitDisplay: 'long',
  }).format(count)
}

const DAYS_OF_YEAR = 365

/**
 * How long something is kept, in years and days from a year on, such as `7 years`: the leap days that lie in those years
 * are not counted as days of their own.
 */
export function retention(language: Language, count: number): string {
  if (count < DAYS_OF_YEAR) return days(language, count)
  const years = Math.floor(count / DAYS_OF_YEAR)
  const rest = count % DAYS_OF_YEAR
  const leapDays = Math.ceil(years / 4)
  const words = new Intl.NumberFormat(language, {
    style: 'unit',
    unit: 'year',
    unitDisplay: 'long',
  }).format(years)
  if (rest <= leapDays) return words
  return new Intl.ListFormat(language, { type: 'unit', style: 'narrow' }).format([
    words,
    days(language, rest),
  ])
}

/** A number of seconds in words, such as `42 seconds`. */
export function seconds(language: Language, count: number): string {
  return new Intl.NumberFormat(language, {
    style: 'unit',
    unit: 'second',
    unitDisplay: 'long',
  }).format(count)
}

export function local(language: Language, text: LocalText): string {
  return text[language] || text.ja
}
