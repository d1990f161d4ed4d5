const JST_OFFSET = 9 * 60 * 60 * 1000

/** The calendar day in Japan, as the UTC midnight of the same figures. */
function dayInJapan(at: Date): Date {
  const shifted = new Date(at.getTime() + JST_OFFSET)
  return new Date(Date.UTC(shifted.getUTCFullYear(), shifted.getUTCMonth(), shifted.getUTCDate()))
}

/** Number of the calendar day in Japan; grows by one at each midnight there. */
export function dayNumberInJapan(at: Date): number {
  return dayInJapan(at).getTime() / (24 * 60 * 60 * 1000)
}

/**
 * End of a certificate issued at `issuedAt`: the `birthdays`-th birthday after issue, 23:59:59 in Japan. A birth date
 * that is not known counts from the day of issue.
 */
export function endOfValidity(issuedAt: Date, birthDate: string, birthdays = 5): Date {
  const issued = dayInJapan(issuedAt)
  const match = /^\d{4}-(\d{2})-(\d{2})$/.exec(birthDate)
  const month = match ? Number(match[1]) - 1 : issued.getUTCMonth()
  const day = match ? Number(match[2]) : issued.getUTCDate()
  const year = issued.getUTCFullYear()
  const first = Date.UTC(year, month, day) > issued.getTime() ? year : year + 1
  return new Date(Date.UTC(first + birthdays - 1, month, day, 14, 59, 59))
}
