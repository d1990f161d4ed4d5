import { verify, X509Certificate } from 'node:crypto'
import { JpkiCard } from '../card/jpki-card.ts'
import { applicationsIn } from '../card/next-card.ts'
import type { CardTransport } from '../card/transport.ts'
import { lengthPrefixed } from '../kernel/bytes.ts'
import { Conflict, InvalidInput } from '../kernel/errors.ts'
import type { Random } from '../kernel/random.ts'
import { Secret } from '../kernel/secret.ts'
import { digestFor } from './keys.ts'
import { PHONE_KINDS, type PhoneKind } from './state.ts'

/** What a person hands in for certificates on a phone (スマホ用電子証明書). */
export interface PhoneApplication {
  readonly phone: PhoneKind
  /** Of the card's 署名用 key, which signs the application. */
  readonly pin: string
}

/** @throws InvalidInput for a kind of phone there is none of */
export function phoneKind(text: string): PhoneKind {
  const known = PHONE_KINDS.find((one) => one === text)
  if (known === undefined) throw new InvalidInput('phone', PHONE_KINDS.join(' or '))
  return known
}

/**
 * Has the card sign the application and checks it with the certificate that the register has of the card. `CardError` says
 * what was wrong with the PIN, which costs a try as anywhere.
 */
export async function signApplication(
  transport: CardTransport,
  {
    personId,
    certificate,
    phone,
    pin,
  }: PhoneApplication & { personId: string; certificate: Uint8Array },
  random: Random,
): Promise<void> {
  const message = lengthPrefixed('jpki-sim/phone/v1', personId, phone, random.bytes(32))
  const card = await JpkiCard.open(transport, applicationsIn('simulator'))
  let signature: Uint8Array
  try {
    await card.verifyPin('signature', new Secret(pin))
    signature = await card.sign('signature', message)
  } finally {
    await card.close()
  }
  const { publicKey } = new X509Certificate(certificate)
  if (!verify(digestFor(publicKey), message, publicKey, signature)) {
    throw new Conflict('expected the signature of the card that is registered')
  }
}
