import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { registrationByTicket, type RegistrationStatus } from '../api/authenticator.ts'
import { overview } from '../api/wallet.ts'
import { logInWithPasskey } from '../log-in.ts'
import { Answered } from '../parts/answered.tsx'
import { useAction, usePolled } from '../parts/asking.ts'
import { Button, buttonLook } from '../parts/button.tsx'
import { CARD_POLLING, CardWaiting } from '../parts/card-waiting.tsx'
import { cardFailure } from '../parts/failure.ts'
import { Levels } from '../parts/levels.tsx'
import { ErrorNotice } from '../parts/notice.tsx'
import { Onward } from '../parts/onward.tsx'
import { Page, Section, Text } from '../parts/page.tsx'
import { useSession } from '../parts/session.tsx'
import { isUnverified } from '../step-up.ts'
import { EnrolSteps } from './enrol.tsx'

/** What the visit came to. */
type Done = 'enrolled' | 'added'

export function EnrolReturnPage({ ticket }: { readonly ticket: string }) {
  const { t } = useTranslation()
  if (ticket !== '') return <Checking ticket={ticket} />
  return (
    <Page title={t('enrol.title')}>
      <Text>{t('enrolReturn.noTicket')}</Text>
      <Link to="/enrol" className={buttonLook('primary')}>
        {t('enrolReturn.again')}
      </Link>
    </Page>
  )
}

function Checking({ ticket }: { readonly ticket: string }) {
  const { t } = useTranslation()
  const [done, setDone] = useState<Done>()
  const asked = usePolled(
    () => registrationByTicket(ticket),
    ({ state }) => state !== 'pending',
    CARD_POLLING,
  )
  const { answer } = asked
  if (done !== undefined) return <Enrolled done={done} />
  if (answer.state === 'failed')
    return (
      <Page key="failed" title={t('enrolReturn.refusedTitle')}>
        <ErrorNotice failure={answer.failure} />
        <Again />
      </Page>
    )
  if (answer.state === 'waiting' || answer.value.state === 'pending')
    return (
      <Page key="checking" title={t('enrolReturn.checking')}>
        <EnrolSteps current={2} />
        <CardWaiting ticket={ticket} {...asked}>
          <Link to="/enrol" search={{ key: 'authentication' }} className={buttonLook('secondary')}>
            {t('cardWaiting.withoutSignature')}
          </Link>
          <Link to="/enrol" className={buttonLook('secondary')}>
            {t('enrolReturn.again')}
          </Link>
          <Onward kind="neutral" requestOnly />
        </CardWaiting>
      </Page>
    )
  if (answer.value.state === 'active')
    return <FirstLogin registrationId={answer.value.registrationId} onLoggedIn={setDone} />
  return <Refused registration={answer.value} />
}

function Again() {
  const { t } = useTranslation()
  return (
    <div className="flex flex-col gap-3 sm:flex-row sm:flex-wrap">
      <Link to="/enrol" className={buttonLook('primary')}>
        {t('enrolReturn.again')}
      </Link>
      <Onward kind="neutral" requestOnly />
    </div>
  )
}

const WITHOUT_REASON = {
  expired: 'SESSION_EXPIRED',
  indeterminate: 'STATUS_UNKNOWN',
  refused: 'UNKNOWN',
  pending: 'UNKNOWN',
  active: 'UNKNOWN',
} as const satisfies Record<RegistrationStatus['state'], string>

function Refused({ registration }: { readonly registration: RegistrationStatus }) {
  const { t } = useTranslation()
  const { state, reason } = registration
  return (
    <Page title={t('enrolReturn.refusedTitle')}>
      <ErrorNotice failure={cardFailure(WITHOUT_REASON[state], reason)} />
      <Again />
    </Page>
  )
}

function FirstLogin(props: {
  readonly registrationId: string
  readonly onLoggedIn: (done: Done) => void
}) {
  const { t } = useTranslation()
  const { session, refresh } = useSession()
  const login = useAction()
  function logIn(): void {
    login.run(async () => {
      await logInWithPasskey(props.registrationId)
      refresh()
      // Whoever was logged in before had been enrolled.
      props.onLoggedIn(session == null ? 'enrolled' : 'added')
    })
  }
  return (
    <Page title={t('enrolReturn.activeTitle')}>
      <EnrolSteps current={3} />
      <Text>{t('enrolReturn.activeText')}</Text>
      {login.failure && <ErrorNotice failure={login.failure} />}
      <Button onPress={logIn} busy={login.busy} busyText={t('login.waiting')}>
        {t('enrolReturn.logIn')}
      </Button>
    </Page>
  )
}

// The levels follow the proofing by way of the event log, usually within a second.
const LEVELS_FOLLOW = { interval: 1_000, tries: 8 } as const

function Enrolled({ done }: { readonly done: Done }) {
  const { t } = useTranslation()
  const asked = usePolled(overview, ({ levels }) => !isUnverified(levels), LEVELS_FOLLOW)
  return (
    <Page title={done === 'added' ? t('enrolReturn.addedTitle') : t('enrolReturn.doneTitle')}>
      <EnrolSteps current={4} />
      <Text>{done === 'added' ? t('enrolReturn.addedText') : t('enrolReturn.doneText')}</Text>
      <Section title={t('enrolReturn.levels')}>
        <Answered asked={asked} path="/wallet">
          {({ levels }) =>
            levels.length === 0 ? (
              <Text>{t('enrolReturn.noLevels')}</Text>
            ) : (
              <Levels levels={levels} />
            )
          }
        </Answered>
      </Section>
      <Onward />
    </Page>
  )
}
