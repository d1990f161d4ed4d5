import { InvalidInput } from './errors.ts'
import type { ReceivedEvent } from './event.ts'

/** @throws InvalidInput when the bytes of the event are not the message */
export function decodeEvent<T>(
  message: { decode(bytes: Uint8Array): T },
  { type, value }: Pick<ReceivedEvent, 'type' | 'value'>,
): T {
  try {
    return message.decode(value)
  } catch (cause) {
    throw new InvalidInput('value', `an encoded ${type}`, { cause })
  }
}

/** @throws InvalidInput when `id`, read from the event, is empty or is not the key of the event */
export function checkKey({ key }: Pick<ReceivedEvent, 'key'>, id: string): void {
  if (id === '' || key !== id) throw new InvalidInput('key', 'the key of what the event is about')
}
