/** Words for people, in both languages. */
export interface Text {
  readonly ja: string
  readonly en: string
}

/** Japanese words, and those after them: a space stands after a sign or a Latin letter. */
export function joined(ja: string, next: string): string {
  return /[\u3040-\u30ff\u4e00-\u9fff]$/.test(ja) ? ja + next : `${ja} ${next}`
}
