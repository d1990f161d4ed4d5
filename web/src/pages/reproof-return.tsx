import { useEffect } from 'react'
import { useTranslation } from 'react-i18next'
import { reproofByTicket, type ReproofStatus } from '../api/authenticator.ts'
import { overview } from '../api/wallet.ts'
import { proveAgain } from '../log-in.ts'
import { Answered } from '../parts/answered.tsx'
import { useAction, usePolled } from '../parts/asking.ts'
import { Button } from '../parts/button.tsx'
import { CARD_POLLING, CardWaiting } from '../parts/card-waiting.tsx'
import { cardFailure } from '../parts/failure.ts'
import { Levels } from '../parts/levels.tsx'
import { ErrorNotice, Waiting, Warning } from '../parts/notice.tsx'
import { Onward } from '../parts/onward.tsx'
import { Page, Section, Text } from '../parts/page.tsx'
import { keptNext } from '../parts/return-path.ts'
import { noteTaken } from '../parts/taken-steps.ts'
import { isUnverified } from '../step-up.ts'

/** Where the card agent sends the browser back after the person confirmed again who they are. */
export function ReproofReturnPage({ ticket }: { readonly ticket: string }) {
  const { t } = useTranslation()
  if (ticket !== '') return <Checking ticket={ticket} />
  return (
    <Page title={t('reproof.title')}>
      <Text>{t('login.noTicket')}</Text>
      <Onward />
    </Page>
  )
}

function Checking({ ticket }: { readonly ticket: string }) {
  const { t } = useTranslation()
  const asked = usePolled(
    () => reproofByTicket(ticket),
    ({ state }) => state !== 'pending',
    CARD_POLLING,
  )
  const { answer } = asked
  if (answer.state === 'ready' && answer.value.state === 'passed') return <Passed />
  if (answer.state === 'ready' && answer.value.state !== 'pending')
    return <Refused status={answer.value} />
  if (answer.state === 'failed')
    return (
      <Page key="failed" title={t('reproof.refusedTitle')}>
        <Answered asked={asked} path={keptNext() ?? '/wallet'}>
          {() => null}
        </Answered>
        <Onward kind="neutral" />
      </Page>
    )
  return (
    <Page key="checking" title={t('enrolReturn.checking')}>
      <CardWaiting ticket={ticket} {...asked}>
        <Onward kind="neutral" />
      </CardWaiting>
    </Page>
  )
}

// The levels follow the proofing by way of the event log, usually within a second.
const LEVELS_FOLLOW = { interval: 1_000, tries: 8 } as const

function Passed() {
  const { t } = useTranslation()
  const asked = usePolled(overview, ({ levels }) => !isUnverified(levels), LEVELS_FOLLOW)
  useEffect(() => {
    noteTaken(keptNext() ?? '', 'reproof')
  }, [])
  return (
    <Page title={t('reproof.passedTitle')}>
      <Section title={t('enrolReturn.levels')}>
        <Answered asked={asked} path={keptNext() ?? '/wallet'}>
          {({ levels }) =>
            !isUnverified(levels) ? (
              <Levels levels={levels} />
            ) : asked.exhausted ? (
              <>
                <Levels levels={levels} />
                <Warning>
                  <p>{t('reproof.notYet')}</p>
                </Warning>
                <Button kind="secondary" onPress={asked.again}>
                  {t('enrolReturn.checkAgain')}
                </Button>
              </>
            ) : (
              <Waiting text={t('enrolReturn.noLevels')} />
            )
          }
        </Answered>
      </Section>
      <Onward />
    </Page>
  )
}

const WITHOUT_REASON = {
  pending: 'UNKNOWN',
  passed: 'UNKNOWN',
  refused: 'UNKNOWN',
  indeterminate: 'STATUS_UNKNOWN',
  expired: 'SESSION_EXPIRED',
  other_person: 'CARD_OF_ANOTHER_PERSON',
} as const satisfies Record<ReproofStatus['state'], string>

function Refused({ status }: { readonly status: ReproofStatus }) {
  const { t } = useTranslation()
  return (
    <Page title={t('reproof.refusedTitle')}>
      <ErrorNotice failure={cardFailure(WITHOUT_REASON[status.state], status.reason)} />
      <Text>{t('reproof.withoutSignature')}</Text>
      <div className="flex flex-col gap-3 sm:flex-row sm:flex-wrap">
        <ProveAgain next={keptNext() ?? '/wallet'} purpose="reproof" />
        <Onward kind="neutral" />
      </div>
    </Page>
  )
}

/** Starts the visit to the card; `next` is where the person goes on afterwards. */
export function ProveAgain({
  next,
  purpose,
}: {
  readonly next: string
  readonly purpose: 'reproof' | 'consent'
}) {
  const { t } = useTranslation()
  const leaving = useAction()
  return (
    <>
      {leaving.failure && <ErrorNotice failure={leaving.failure} />}
      <Button
        kind="secondary"
        busy={leaving.busy}
        onPress={() => {
          leaving.run(() => proveAgain(next, purpose))
        }}
      >
        {purpose === 'consent' ? t('consent.give') : t('reproof.action')}
      </Button>
    </>
  )
}
