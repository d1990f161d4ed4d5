import { InvalidInput } from '../../kernel/errors.ts'

const INSTANT =
  /^(\d{4}-\d{2}-\d{2})(?:T\d{2}:\d{2}(?::\d{2}(?:\.\d{1,9})?)?(?:Z|[+-]\d{2}:\d{2}))?$/

/** An instant of ISO 8601 with its offset, or a day, which begins at 00:00 UTC. Throws `InvalidInput`. */
export function readInstant(text: string, path: string): Date {
  const day = INSTANT.exec(text)?.[1]
  const instant = new Date(text)
  // `Date` carries the 31st of a shorter month over into the next one.
  const exists =
    day !== undefined &&
    !Number.isNaN(instant.getTime()) &&
    new Date(day).toISOString().startsWith(day)
  if (!exists) throw new InvalidInput(path, 'a time such as 2026-06-01T03:00:00Z')
  return instant
}
