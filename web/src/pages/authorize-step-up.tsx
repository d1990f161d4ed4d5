import { useNavigate } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { logInWithCard, logInWithPasskey, proveAgain } from '../log-in.ts'
import { useAction } from '../parts/asking.ts'
import { Button } from '../parts/button.tsx'
import { ErrorNotice, Warning } from '../parts/notice.tsx'
import { Page, Section, Small, Text } from '../parts/page.tsx'
import { AskedBy, Expires, Refuse, Shortfalls, type StepProps } from '../parts/request.tsx'
import { keepNext } from '../parts/return-path.ts'
import { useSession } from '../parts/session.tsx'
import { noteTaken, wasTaken } from '../parts/taken-steps.ts'
import { nextStep, type Step } from '../step-up.ts'
import { local } from '../text/format.ts'
import { useLanguage } from '../text/i18n.ts'

/** What is missing for the service's minimum, and the next step towards it. */
export function StepUpStep({ view, again }: StepProps) {
  const { t } = useTranslation()
  const { language } = useLanguage()
  return (
    <Page
      title={isBeyondCard(view) ? t('authorize.neverShownTitle') : t('authorize.stepUpTitle')}
      lead={<AskedBy view={view} />}
    >
      <Text>{t('authorize.stepUpText', { rp: local(language, view.rp.name) })}</Text>
      <Shortfalls view={view} />
      <Remedy view={view} again={again} />
      <Expires view={view} />
    </Page>
  )
}

/** Only a certificate would help that the person has never shown: with most of those cards there is none. */
function isBeyondCard({ shortfalls, flags }: StepProps['view']): boolean {
  return (
    nextStep(shortfalls, flags) === 'reproof' && shortfalls.some(({ neverShown }) => neverShown)
  )
}

function Remedy({ view, again }: Pick<StepProps, 'view' | 'again'>) {
  const { t } = useTranslation()
  const step = nextStep(view.shortfalls, view.flags)
  if (isBeyondCard(view)) return <BeyondCard view={view} />
  if (step !== 'none') return <NextStep key={step} view={view} again={again} step={step} />
  return (
    <>
      <Warning>
        <p>{t('authorize.impossible')}</p>
        {view.shortfalls.some(({ scope, remedy }) => scope === 'person' && remedy === 'none') && (
          <p>{t('authorize.impossibleIdentity')}</p>
        )}
      </Warning>
      <Refuse view={view} text={t('authorize.back')} />
    </>
  )
}

function NextStep(props: Pick<StepProps, 'view' | 'again'> & { readonly step: Step }) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const { refresh } = useSession()
  const doing = useAction()
  const { view, again, step } = props
  const here = `/authorize/${view.interactionId}`
  const taken = wasTaken(here, step)
  async function take(): Promise<void> {
    switch (step) {
      case 'reproof':
        return proveAgain(here, 'reproof')
      case 'tap_card':
        return logInWithCard(here)
      case 'enrol':
        keepNext(here)
        return navigate({ to: '/enrol' })
      default:
        await logInWithPasskey()
        noteTaken(here, step)
        refresh()
        again()
    }
  }
  return (
    <Section title={taken ? t('authorize.stepUpOver') : t('authorize.stepUpDo')}>
      {taken && (
        <Warning>
          <p>{t('authorize.didNotHelp')}</p>
        </Warning>
      )}
      <Text>{t(`remedies.${step}.what`)}</Text>
      {step === 'reproof' && <Small>{t('reproof.withoutSignature')}</Small>}
      {doing.failure && <ErrorNotice failure={doing.failure} />}
      <div className="flex flex-col gap-3 sm:flex-row sm:flex-wrap">
        {taken && <Button onPress={again}>{t('enrolReturn.checkAgain')}</Button>}
        <Button
          kind={taken ? 'secondary' : 'primary'}
          onPress={() => {
            doing.run(take)
          }}
          busy={doing.busy}
        >
          {t(`remedies.${step}.action`)}
        </Button>
        <Refuse view={view} text={taken ? t('authorize.back') : t('common.cancel')} />
      </div>
    </Section>
  )
}

function BeyondCard({ view }: Pick<StepProps, 'view'>) {
  const { t } = useTranslation()
  const leaving = useAction()
  return (
    <Section title={t('authorize.stepUpOver')}>
      <Warning>
        <p>{t('authorize.neverShown')}</p>
      </Warning>
      <Text>{t('authorize.neverShownBack')}</Text>
      {leaving.failure && <ErrorNotice failure={leaving.failure} />}
      <div className="flex flex-col gap-3 sm:flex-row sm:flex-wrap">
        <Refuse view={view} text={t('authorize.back')} />
        <Button
          kind="secondary"
          busy={leaving.busy}
          onPress={() => {
            leaving.run(() => proveAgain(`/authorize/${view.interactionId}`, 'reproof'))
          }}
        >
          {t('authorize.neverShownAction')}
        </Button>
      </div>
    </Section>
  )
}
