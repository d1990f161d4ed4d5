import { useTranslation } from 'react-i18next'
import { day } from '../text/format.ts'
import { useLanguage } from '../text/i18n.ts'
import { valueWords } from '../text/words.ts'

/** A value of the person's own: yes and no, codes and dates in the page's language, other text as it stands in the register. */
export function Value(props: { readonly claim: string; readonly value: string | boolean }) {
  const { t } = useTranslation()
  const { language } = useLanguage()
  const { claim, value } = props
  if (typeof value === 'boolean') return value ? t('common.yes') : t('common.no')
  if (claim === 'birthdate') return day(language, value)
  const words = valueWords(language, claim, value)
  return words === value ? <span lang="ja">{value}</span> : words
}
