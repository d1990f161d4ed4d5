import { Link, useRouter } from '@tanstack/react-router'
import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { cardLoginByTicket, type CardLoginStatus } from '../api/authenticator.ts'
import { usePolled } from '../parts/asking.ts'
import { Button, buttonLook } from '../parts/button.tsx'
import { cardFailure, type Failure } from '../parts/failure.ts'
import { ErrorNotice, Waiting } from '../parts/notice.tsx'
import { Page, Text } from '../parts/page.tsx'
import { forgetNext, keptNext } from '../parts/return-path.ts'
import { useSession } from '../parts/session.tsx'

/** Where the card agent sends the browser back after a login by card. */
export function LoginReturnPage({ ticket }: { readonly ticket: string }) {
  const { t } = useTranslation()
  if (ticket !== '') return <Checking ticket={ticket} />
  return (
    <Page title={t('login.title')}>
      <Text>{t('login.noTicket')}</Text>
      <ToLogin />
    </Page>
  )
}

function Checking({ ticket }: { readonly ticket: string }) {
  const { t } = useTranslation()
  const { answer, again, exhausted } = usePolled(
    () => cardLoginByTicket(ticket),
    ({ state }) => state !== 'pending',
    { interval: 1_000, tries: 30 },
  )
  if (answer.state === 'failed') return <Refused failure={answer.failure} />
  if (answer.state === 'ready' && answer.value.session !== null) return <LoggedIn />
  if (answer.state === 'ready' && answer.value.state !== 'pending')
    return (
      <Refused failure={cardFailure(WITHOUT_REASON[answer.value.state], answer.value.reason)} />
    )
  return (
    <Page title={t('login.checking')}>
      {exhausted ? (
        <div role="status" className="space-y-4">
          <Text>{t('enrolReturn.slowText')}</Text>
          <Button kind="secondary" onPress={again}>
            {t('enrolReturn.checkAgain')}
          </Button>
        </div>
      ) : (
        <Waiting text={t('enrolReturn.checkingText')} />
      )}
    </Page>
  )
}

const WITHOUT_REASON = {
  pending: 'UNKNOWN',
  passed: 'UNKNOWN',
  refused: 'CEREMONY_REFUSED',
  indeterminate: 'STATUS_UNKNOWN',
  expired: 'SESSION_EXPIRED',
} as const satisfies Record<CardLoginStatus['state'], string>

function LoggedIn() {
  const { t } = useTranslation()
  const { refresh } = useSession()
  const router = useRouter()
  useEffect(() => {
    const next = keptNext() ?? '/wallet'
    forgetNext()
    refresh()
    router.history.replace(next)
  }, [refresh, router])
  return (
    <Page title={t('login.doneTitle')}>
      <Waiting />
    </Page>
  )
}

function Refused({ failure }: { readonly failure: Failure }) {
  const { t } = useTranslation()
  return (
    <Page title={t('login.refusedTitle')}>
      <ErrorNotice failure={failure} />
      <ToLogin />
    </Page>
  )
}

function ToLogin() {
  const { t } = useTranslation()
  return (
    <Link to="/login" className={buttonLook('primary')}>
      {t('login.toLogin')}
    </Link>
  )
}
