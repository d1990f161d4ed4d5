import { useRouter } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { LogInPanel } from '../parts/log-in-panel.tsx'
import { Page } from '../parts/page.tsx'

export function LoginPage() {
  const { t } = useTranslation()
  const router = useRouter()
  return (
    <Page title={t('login.title')}>
      <LogInPanel
        next="/wallet"
        onLoggedIn={() => {
          router.history.push('/wallet')
        }}
      />
    </Page>
  )
}
