/** A text in both languages of the pages. */
export interface LocalText {
  readonly ja: string
  readonly en: string
}

export interface Level {
  readonly framework: string
  readonly axis: string
  readonly level: string
}
