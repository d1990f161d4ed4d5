import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { logInWithCard, logInWithPasskey } from '../log-in.ts'
import { useAction } from './asking.ts'
import { Button } from './button.tsx'
import { ErrorNotice } from './notice.tsx'
import { Card, Text } from './page.tsx'
import { keepNext } from './return-path.ts'
import { useSession } from './session.tsx'

export interface LogInPanelProps {
  /** Where a login by card, or an enrolment, goes on. */
  readonly next: string
  readonly onLoggedIn: () => void
}

/** Both ways to log in, and the way to enrol for who cannot yet. */
export function LogInPanel({ next, onLoggedIn }: LogInPanelProps) {
  const { t } = useTranslation()
  const { refresh } = useSession()
  const passkey = useAction()
  const card = useAction()
  function withPasskey(): void {
    card.forget()
    passkey.run(async () => {
      await logInWithPasskey()
      refresh()
      onLoggedIn()
    })
  }
  function withCard(): void {
    passkey.forget()
    card.run(() => logInWithCard(next))
  }
  return (
    <div className="space-y-4">
      <Card rank="h2" title={t('login.passkeyTitle')}>
        <Text>{t('login.passkeyText')}</Text>
        {passkey.failure && <ErrorNotice failure={passkey.failure} />}
        <Button onPress={withPasskey} busy={passkey.busy} busyText={t('login.waiting')}>
          {t('login.passkey')}
        </Button>
      </Card>
      <Card rank="h2" title={t('login.cardTitle')}>
        <Text>{t('login.cardText')}</Text>
        {card.failure && <ErrorNotice failure={card.failure} />}
        <Button kind="secondary" onPress={withCard} busy={card.busy}>
          {t('login.card')}
        </Button>
      </Card>
      <p className="text-std-16N-170">
        {t('login.notYet')}{' '}
        <Link
          to="/enrol"
          className="link"
          onClick={() => {
            keepNext(next)
          }}
        >
          {t('login.enrol')}
        </Link>
      </p>
    </div>
  )
}
