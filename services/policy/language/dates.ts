import { Temporal } from 'temporal-polyfill'
import { daysIn } from '../../kernel/calendar.ts'

/** Seconds since 1970-01-01T00:00:00Z: the unit of all time in the engine. */
export type Seconds = number

const INSTANT = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/
const ZERO = 0x30
const DAY = /^\d{4}-\d\d-\d\d$/

/**
 * An RFC 3339 instant, or a calendar day = its first instant in `zone`. Fractions of a second are cut off.
 * `undefined` when the text is neither.
 */
export function readTime(text: string, zone: string): Seconds | undefined {
  const usual = usualInstant(text)
  if (usual !== undefined) return usual
  try {
    if (DAY.test(text))
      return startOfDay(Temporal.PlainDate.from(text, { overflow: 'reject' }), zone)
    if (!INSTANT.test(text)) return undefined
    return Math.floor(Temporal.Instant.from(text.toUpperCase()).epochMilliseconds / 1000)
  } catch (error) {
    if (error instanceof RangeError) return undefined // 30 February, hour 25
    throw error
  }
}

/**
 * `YYYY-MM-DDTHH:MM:SSZ` of a day that exists, as nearly all facts have it; the library takes a hundred times as long for the
 * same. `undefined` for anything else, which the library then reads or refuses.
 */
function usualInstant(text: string): Seconds | undefined {
  if (text.length !== 20) return undefined
  for (const [at, code] of SEPARATORS) if (text.charCodeAt(at) !== code) return undefined
  const year = 100 * twoDigits(text, 0) + twoDigits(text, 2)
  const month = twoDigits(text, 5)
  const day = twoDigits(text, 8)
  const hour = twoDigits(text, 11)
  const minute = twoDigits(text, 14)
  const second = twoDigits(text, 17)
  // Years below 100 are of the last century to Date.UTC; a 60th second is the library's to judge.
  const exists = year >= 100 && hour < 24 && minute < 60 && second < 60 && day >= 1
  if (!exists || !(month >= 1 && month <= 12) || day > daysIn(month, year)) return undefined
  return Date.UTC(year, month - 1, day, hour, minute, second) / 1000
}

const SEPARATORS = [...'0000-00-00T00:00:00Z'].flatMap((sign, at) =>
  sign === '0' ? [] : [[at, sign.charCodeAt(0)] as const],
)

/** NaN for anything but two digits, which no comparison lets through. */
function twoDigits(text: string, at: number): number {
  const tens = text.charCodeAt(at) - ZERO
  const units = text.charCodeAt(at + 1) - ZERO
  return tens >= 0 && tens <= 9 && units >= 0 && units <= 9 ? 10 * tens + units : Number.NaN
}

/** First instant of the day that lies `days` calendar days after the day of `time` in `zone`. */
export function midnightAfterDays(time: Seconds, days: number, zone: string): Seconds {
  const day = Temporal.Instant.fromEpochMilliseconds(time * 1000)
    .toZonedDateTimeISO(zone)
    .toPlainDate()
  return startOfDay(day.add({ days }), zone)
}

export function formatTime(time: Seconds): string {
  return Temporal.Instant.fromEpochMilliseconds(time * 1000).toString()
}

function startOfDay(day: Temporal.PlainDate, zone: string): Seconds {
  return Math.floor(day.toZonedDateTime({ timeZone: zone }).epochMilliseconds / 1000)
}

/** Whether an instant lies in a half-open period; an end that is not given is open. */
export function isInPeriod(
  {
    from = -Infinity,
    until = Infinity,
  }: { readonly from?: Seconds | undefined; readonly until?: Seconds | undefined },
  at: Seconds,
): boolean {
  return from <= at && at < until
}
