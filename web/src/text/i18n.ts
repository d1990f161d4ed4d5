import { createInstance } from 'i18next'
import { initReactI18next, useTranslation } from 'react-i18next'
import type studio from '../studio/text/ja.json'
import { isLanguage, LANGUAGES, preferredLanguage, type Language } from './language.ts'
import { loadTexts, type Texts } from './texts.ts'

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'translation'
    resources: { translation: Texts; studio: typeof studio }
  }
}

const KEPT_AS = 'watashi.language'

// A browser may refuse storage (private mode, policy): then the choice lasts until the page is left.
function kept(): string | null {
  try {
    return localStorage.getItem(KEPT_AS)
  } catch {
    return null
  }
}

function keep(language: Language): void {
  try {
    localStorage.setItem(KEPT_AS, language)
  } catch {
    return
  }
}

const i18n = createInstance()

// A service may hand on the language in which the person was reading there.
function asked(): string[] {
  return new URLSearchParams(location.search).getAll('lang')
}

/** Sets up the language of the pages; to be called once before the first of them is drawn. Throws what `loadTexts` throws. */
export async function startLanguages(): Promise<void> {
  const language = preferredLanguage(kept(), [...asked(), ...navigator.languages])
  document.documentElement.lang = language
  await i18n.use(initReactI18next).init({
    lng: language,
    fallbackLng: false,
    resources: { [language]: { translation: await loadTexts(language) } },
    // React escapes by itself.
    interpolation: { escapeValue: false },
  })
}

/** Adds texts of pages that few people open; to be called before they are drawn, and once. */
export function addTexts(
  namespace: 'studio',
  texts: Readonly<Record<Language, typeof studio>>,
): void {
  for (const language of LANGUAGES) i18n.addResourceBundle(language, namespace, texts[language])
}

export function useLanguage(): {
  readonly language: Language
  /** Throws what `loadTexts` throws; then the language stays as it is. */
  readonly switchTo: (language: Language) => Promise<void>
} {
  const { i18n: instance } = useTranslation()
  const language = isLanguage(instance.language) ? instance.language : 'ja'
  async function switchTo(next: Language): Promise<void> {
    instance.addResourceBundle(next, 'translation', await loadTexts(next))
    keep(next)
    document.documentElement.lang = next
    await instance.changeLanguage(next)
  }
  return { language, switchTo }
}
