/** Words for people, in both languages. */
export interface Text {
  readonly ja: string
  readonly en: string
}
