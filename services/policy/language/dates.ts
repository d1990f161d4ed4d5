import { Temporal } from 'temporal-polyfill'

/** Seconds since 1970-01-01T00:00:00Z: the unit of all time in the engine. */
export type Seconds = number

const INSTANT = /^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d+)?(?:[Zz]|[+-]\d\d:\d\d)$/
const DAY = /^\d{4}-\d\d-\d\d$/

/**
 * An RFC 3339 instant, or a calendar day = its first instant in `zone`. Fractions of a second are cut off.
 * `undefined` when the text is neither.
 */
export function readTime(text: string, zone: string): Seconds | undefined {
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
