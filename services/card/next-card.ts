import { fromHex } from '../kernel/bytes.ts'
import type { TrustEnvironment } from '../kernel/trust-environment.ts'
import { CURRENT_KEY, JPKI_APPLICATION, type JpkiApplication } from './jpki-card.ts'

/** P1 of a signature: the card hashes what it is given. */
export const HASHES_ITSELF = 0x03

/**
 * The application of the simulated next card (次期個人番号カード). **Invented**: the specification of that card is not public. It has the files
 * and PINs of JPKI-AP and signs ECDSA on P-384 with SHA-384, as announced; identifier and commands are made up. The
 * identifier is of the category that nobody registers (ISO/IEC 7816-4, F), so that no real card answers to it.
 */
export const INVENTED_NEXT_CARD: JpkiApplication = {
  aid: fromHex('f04a504b4953494d4e585401'),
  sign: (channel, message) => channel.sign(CURRENT_KEY, message, HASHES_ITSELF),
}

/** Applications that are looked for on a card: what is invented, in the simulator alone. */
export function applicationsIn(environment: TrustEnvironment): readonly JpkiApplication[] {
  return environment === 'simulator' ? [JPKI_APPLICATION, INVENTED_NEXT_CARD] : [JPKI_APPLICATION]
}
