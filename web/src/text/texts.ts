import type ja from './ja.json'
import type { Language } from './language.ts'

export type Texts = typeof ja

const LOADERS = {
  ja: async () => (await import('./ja.json')).default,
  en: async () => (await import('./en.json')).default,
} as const satisfies Record<Language, () => Promise<Texts>>

const loaded = new Map<Language, Texts>()

/** Fetches the texts of one language, once; a person mostly needs no more than one. Throws what the fetch throws. */
export async function loadTexts(language: Language): Promise<Texts> {
  const texts = loaded.get(language) ?? (await LOADERS[language]())
  loaded.set(language, texts)
  return texts
}

/** The texts of a language that was loaded before anything was shown in it. */
export function textsOf(language: Language): Texts {
  const texts = loaded.get(language)
  if (texts === undefined) throw new TypeError(`the texts of ${language} are not loaded`)
  return texts
}
