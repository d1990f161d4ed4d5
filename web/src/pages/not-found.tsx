import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { buttonLook } from '../parts/button.tsx'
import { Page, Text } from '../parts/page.tsx'

export function NotFoundPage() {
  const { t } = useTranslation()
  return (
    <Page title={t('notFound.title')}>
      <Text>{t('notFound.text')}</Text>
      <Link to="/" className={buttonLook('secondary')}>
        {t('notFound.home')}
      </Link>
    </Page>
  )
}
