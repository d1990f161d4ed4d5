import { createInstance } from 'i18next'
import { initReactI18next, useTranslation } from 'react-i18next'
import en from './en.json'
import ja from './ja.json'
import { isLanguage, preferredLanguage, type Language } from './language.ts'

declare module 'i18next' {
  interface CustomTypeOptions {
    defaultNS: 'translation'
    resources: { translation: typeof ja }
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

/** Sets up both languages; to be called once before the first page is drawn. */
export async function startLanguages(): Promise<void> {
  const language = preferredLanguage(kept(), [...asked(), ...navigator.languages])
  document.documentElement.lang = language
  await i18n.use(initReactI18next).init({
    lng: language,
    fallbackLng: 'ja',
    resources: { ja: { translation: ja }, en: { translation: en } },
    // React escapes by itself.
    interpolation: { escapeValue: false },
  })
}

export function useLanguage(): {
  readonly language: Language
  readonly switchTo: (language: Language) => void
} {
  const { i18n: instance } = useTranslation()
  const language = isLanguage(instance.language) ? instance.language : 'ja'
  function switchTo(next: Language): void {
    keep(next)
    document.documentElement.lang = next
    void instance.changeLanguage(next)
  }
  return { language, switchTo }
}
