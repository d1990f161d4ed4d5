export const LANGUAGES = ['ja', 'en'] as const
export type Language = (typeof LANGUAGES)[number]

export function isLanguage(value: unknown): value is Language {
  return LANGUAGES.some((language) => language === value)
}

/** The kept choice, else the first language of the browser that we have, else English: who reads Japanese says so. */
export function preferredLanguage(kept: string | null, wanted: readonly string[]): Language {
  if (isLanguage(kept)) return kept
  return wanted.map((tag) => tag.split('-')[0]).find(isLanguage) ?? 'en'
}
