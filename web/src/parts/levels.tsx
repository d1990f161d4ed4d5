import { useTranslation } from 'react-i18next'
import type { Level } from '../api/types.ts'
import { dateTime } from '../text/format.ts'
import { useLanguage } from '../text/i18n.ts'
import { flagName, levelWords } from '../text/words.ts'

export interface LevelsProps {
  readonly levels: readonly (Level & { readonly validUntil?: string | null })[]
  readonly flags?: readonly string[]
}

/** Levels and demands in plain words, with the standard's own label beside them for those who know it. */
export function Levels({ levels, flags = [] }: LevelsProps) {
  const { t } = useTranslation()
  const { language } = useLanguage()
  return (
    <ul className="divide-y divide-solid-gray-200 rounded-8 bg-key-50 px-4">
      {levels.map((level) => {
        const words = levelWords(language, level)
        return (
          <li key={`${level.framework} ${level.axis}`} className="py-3">
            <span className="block text-dns-14N-130 leading-160 text-solid-gray-700">
              {words.axis}
            </span>
            <span className="block text-std-16B-170">{words.level}</span>
            {(words.technical !== '' || level.validUntil != null) && (
              <span className="block text-dns-14N-130 leading-160 text-solid-gray-700">
                {[
                  words.technical,
                  level.validUntil == null
                    ? ''
                    : t('common.until', { time: dateTime(language, level.validUntil) }),
                ]
                  .filter((text) => text !== '')
                  .join(' / ')}
              </span>
            )}
          </li>
        )
      })}
      {flags.map((flag) => (
        <li key={flag} className="py-3 text-std-16B-170">
          {flagName(language, flag)}
        </li>
      ))}
    </ul>
  )
}
