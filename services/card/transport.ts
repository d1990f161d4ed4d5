/** A way to one card: a reader, a simulated card, or another machine. One caller at a time. */
export interface CardTransport {
  /** Sends a command, gives the whole response with its status word. `CardError` `CARD_REMOVED` when the card is gone. */
  transmit(apdu: Uint8Array): Promise<Uint8Array>
  /** Ends the use of the card, which loses its security state. Safe to call twice. */
  close(): Promise<void>
}

/** A card that can be used now. */
export interface CardChoice {
  /** Letters, digits and hyphens; names the card to its source. */
  readonly id: string
  readonly title: { readonly ja: string; readonly en: string }
}

/** Where cards come from. */
export interface CardSource {
  /** What a person who uses these cards must be told. */
  readonly notice?: { readonly ja: string; readonly en: string }
  /** `CardError` when the machine has no way to cards, which says what it lacks. */
  list(): Promise<readonly CardChoice[]>
  /** Powers the card up. `CardError` `CARD_REMOVED` when it is not there any more. */
  open(id: string): Promise<CardTransport>
  /** Stops looking for cards. */
  close(): void
}
