import { Link, useRouter } from '@tanstack/react-router'
import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { cardLoginByTicket, type CardLoginStatus } from '../api/authenticator.ts'
import { usePolled } from '../parts/asking.ts'
import { buttonLook } from '../parts/button.tsx'
import { CARD_POLLING, CardWaiting } from '../parts/card-waiting.tsx'
import { cardFailure, type Failure } from '../parts/failure.ts'
import { ErrorNotice, Waiting } from '../parts/notice.tsx'
import { Onward } from '../parts/onward.tsx'
import { Page, Text } from '../parts/page.tsx'
import { forgetNext, keptNext } from '../parts/return-path.ts'
import { useSession } from '../parts/session.tsx'
import { noteTaken } from '../parts/taken-steps.ts'

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
  const asked = usePolled(
    () => cardLoginByTicket(ticket),
    ({ state }) => state !== 'pending',
    CARD_POLLING,
  )
  const { answer } = asked
  if (answer.state === 'failed') return <Refused failure={answer.failure} />
  if (answer.state === 'ready' && answer.value.session !== null) return <LoggedIn />
  if (answer.state === 'ready' && answer.value.state !== 'pending')
    return (
      <Refused failure={cardFailure(WITHOUT_REASON[answer.value.state], answer.value.reason)} />
    )
  return (
    <Page title={t('login.checking')}>
      <CardWaiting ticket={ticket} {...asked}>
        <ToLogin />
      </CardWaiting>
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
    noteTaken(next, 'tap_card')
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
    <div className="flex flex-col gap-3 sm:flex-row sm:flex-wrap">
      <Link to="/login" className={buttonLook('primary')}>
        {t('login.toLogin')}
      </Link>
      <Onward kind="neutral" requestOnly />
    </div>
  )
}
