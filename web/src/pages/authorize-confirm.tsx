import { useTranslation } from 'react-i18next'
import { proceed } from '../api/federation.ts'
import { useAction } from '../parts/asking.ts'
import { Button } from '../parts/button.tsx'
import { Levels } from '../parts/levels.tsx'
import { ErrorNotice } from '../parts/notice.tsx'
import { Page, Section, Text } from '../parts/page.tsx'
import { AskedBy, Expires, PersonaRow, Refuse, type StepProps } from '../parts/request.tsx'
import { leaveFor } from '../parts/return-path.ts'
import { local } from '../text/format.ts'
import { useLanguage } from '../text/i18n.ts'

/** A login at a service that is given no attribute. */
export function ConfirmStep({ view, changePersona }: StepProps) {
  const { t } = useTranslation()
  const { language } = useLanguage()
  const going = useAction()
  const rp = local(language, view.rp.name)
  function go(): void {
    going.run(async () => {
      leaveFor((await proceed(view.interactionId)).returnUrl)
    })
  }
  return (
    <Page title={t('authorize.confirmTitle', { rp })} lead={<AskedBy view={view} />}>
      <Text>{t('authorize.confirmText')}</Text>
      <Section title={t('authorize.levels')}>
        <Text>{t('authorize.levelsText')}</Text>
        <Levels levels={view.levels} flags={view.flags} />
      </Section>
      <PersonaRow view={view} changePersona={changePersona} />
      {going.failure && <ErrorNotice failure={going.failure} />}
      <div className="flex flex-col gap-3 sm:flex-row sm:flex-wrap">
        <Button onPress={go} busy={going.busy}>
          {t('authorize.continue')}
        </Button>
        <Refuse view={view} text={t('authorize.refuseLogin')} />
      </div>
      <Expires view={view} />
    </Page>
  )
}
