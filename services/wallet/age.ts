import { japaneseDate } from '../kernel/calendar.ts'

/**
 * Whether a person born on `birthdate` (`YYYY-MM-DD`) has reached an age at `at`: from 00:00 Japan Standard Time of the
 * birthday on; born on 29 February, in common years from 1 March on. The law (年齢計算ニ関する法律) counts an age as full
 * at the end of the day before, which is the same moment; statutes that count that day itself need a rule of their own.
 */
export function hasReachedAge(birthdate: string, years: number, at: Date): boolean {
  const year = Number(birthdate.slice(0, 4)) + years
  const day = birthdate.slice(5)
  const birthday = day === '02-29' && !isLeapYear(year) ? '03-01' : day
  return japaneseDate(at) >= `${String(year).padStart(4, '0')}-${birthday}`
}

function isLeapYear(year: number): boolean {
  return year % 4 === 0 && (year % 100 !== 0 || year % 400 === 0)
}
