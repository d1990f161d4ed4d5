import { AppendRefused, type LogRecord } from './event-log.ts'

/** Below the default limit of a Kafka broker, so that what one log takes the other takes too. */
const MAX_RECORD_BYTES = 1_000_000

/** @throws AppendRefused */
export function checkSize({ key, value, headers }: LogRecord): void {
  const size = Object.entries(headers).reduce(
    (sum, [name, text]) => sum + name.length + text.length,
    key.length + (value?.length ?? 0),
  )
  if (size > MAX_RECORD_BYTES) throw new AppendRefused(`a record of ${size} bytes is too large`)
}
