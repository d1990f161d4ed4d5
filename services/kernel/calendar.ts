const HOUR = 60 * 60 * 1000
const JAPAN_STANDARD_TIME = 9 * HOUR // UTC+9 all year

/** Start of the hour: a finer time would let two relying parties recognise one person by it. */
export function floorToHour(at: Date): Date {
  return new Date(Math.floor(at.getTime() / HOUR) * HOUR)
}

/** The calendar day in Japan, `YYYY-MM-DD`. */
export function japaneseDate(at: Date): string {
  return new Date(at.getTime() + JAPAN_STANDARD_TIME).toISOString().slice(0, 10)
}

/** Days of a month, 1 to 12, of the Gregorian calendar. */
export function daysIn(month: number, year: number): number {
  if (month === 2) return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0) ? 29 : 28
  return month === 4 || month === 6 || month === 9 || month === 11 ? 30 : 31
}
