import { useNavigate } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { logInWithCard, logInWithPasskey } from '../log-in.ts'
import { useAction } from '../parts/asking.ts'
import { Button } from '../parts/button.tsx'
import { ErrorNotice, Warning } from '../parts/notice.tsx'
import { Page, Section, Text } from '../parts/page.tsx'
import { AskedBy, Expires, Refuse, Shortfalls, type StepProps } from '../parts/request.tsx'
import { keepNext } from '../parts/return-path.ts'
import { useSession } from '../parts/session.tsx'
import { cheapestStep } from '../step-up.ts'
import { local } from '../text/format.ts'
import { useLanguage } from '../text/i18n.ts'

/** What is missing for the service's minimum, and the one step that would give it all. */
export function StepUpStep({ view, again }: StepProps) {
  const { t } = useTranslation()
  const { language } = useLanguage()
  return (
    <Page title={t('authorize.stepUpTitle')} lead={<AskedBy view={view} />}>
      <Text>{t('authorize.stepUpText', { rp: local(language, view.rp.name) })}</Text>
      <Shortfalls view={view} />
      <Remedy view={view} again={again} />
      <Expires view={view} />
    </Page>
  )
}

function Remedy({ view, again }: Pick<StepProps, 'view' | 'again'>) {
  const { t } = useTranslation()
  const navigate = useNavigate()
  const { refresh } = useSession()
  const doing = useAction()
  const step = cheapestStep(view.shortfalls)
  const here = `/authorize/${view.interactionId}`
  if (step === 'none')
    return (
      <>
        <Warning>
          <p>{t('authorize.impossible')}</p>
        </Warning>
        <Refuse view={view} text={t('common.cancel')} />
      </>
    )
  async function take(): Promise<void> {
    switch (step) {
      case 'tap_card':
        return logInWithCard(here)
      case 'enrol':
        keepNext(here)
        return navigate({ to: '/enrol' })
      default:
        await logInWithPasskey()
        refresh()
        again()
    }
  }
  return (
    <Section title={t('authorize.stepUpDo')}>
      <Text>{t(`remedies.${step}.what`)}</Text>
      {doing.failure && <ErrorNotice failure={doing.failure} />}
      <div className="flex flex-col gap-3 sm:flex-row sm:flex-wrap">
        <Button
          onPress={() => {
            doing.run(take)
          }}
          busy={doing.busy}
        >
          {t(`remedies.${step}.action`)}
        </Button>
        <Refuse view={view} text={t('common.cancel')} />
      </div>
    </Section>
  )
}
