/**
 * `current` is the card in use. `next` stands for the one that is announced (次期個人番号カード): ECDSA on P-384, certificates for ten
 * years, two PINs. Its specification is not public, so whatever else the simulator does with it is invented.
 */
export const CARD_GENERATIONS = ['current', 'next'] as const
export type CardGeneration = (typeof CARD_GENERATIONS)[number]

const DAY = 24 * 60 * 60 * 1000

/** `birthdays`: the certificate ends with that birthday after issue; renewed in the `renewalWindow` before, with one later. */
export const VALIDITY: Readonly<
  Record<CardGeneration, { readonly birthdays: number; readonly renewalWindow: number }>
> = {
  current: { birthdays: 5, renewalWindow: 92 * DAY },
  next: { birthdays: 10, renewalWindow: 365 * DAY },
}

/** Absent in what is kept of a card or certificate: that of today. */
export function generationOf(kept: { readonly generation?: CardGeneration }): CardGeneration {
  return kept.generation ?? 'current'
}
