import { useTranslation } from 'react-i18next'
import { day } from '../text/format.ts'
import { useLanguage } from '../text/i18n.ts'

/** A value of the person's own: yes and no, dates and text in the words of the page's language. */
export function Value({ value }: { readonly value: string | boolean }) {
  const { t } = useTranslation()
  const { language } = useLanguage()
  if (typeof value === 'boolean') return value ? t('common.yes') : t('common.no')
  if (/^[0-9]{4}-[0-9]{2}-[0-9]{2}$/u.test(value)) return day(language, value)
  return <span lang="ja">{value}</span>
}
