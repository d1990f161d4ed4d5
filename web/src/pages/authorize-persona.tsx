import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { choosePersona } from '../api/federation.ts'
import { useAction } from '../parts/asking.ts'
import { Button } from '../parts/button.tsx'
import { Choice } from '../parts/choice.tsx'
import { ErrorNotice } from '../parts/notice.tsx'
import { Page, Text } from '../parts/page.tsx'
import { PersonaName } from '../parts/persona-name.tsx'
import { AskedBy, Expires, Refuse, type StepProps } from '../parts/request.tsx'

/** Asked at the first visit to a sector; the choice is kept for it. */
export function PersonaStep({ view, replace }: StepProps) {
  const { t } = useTranslation()
  const [personaId, setPersonaId] = useState(view.persona?.personaId ?? null)
  const choosing = useAction()
  function choose(): void {
    if (personaId === null) return
    choosing.run(async () => {
      replace(await choosePersona(view.interactionId, personaId))
    })
  }
  return (
    <Page title={t('authorize.personaTitle')} lead={<AskedBy view={view} />}>
      <Text>{t('authorize.personaText')}</Text>
      <Choice
        label={t('authorize.personaChoice')}
        value={personaId}
        onChange={setPersonaId}
        options={view.personas.map((persona) => ({
          value: persona.personaId,
          name: <PersonaName persona={persona} />,
          text: t(`personas.${persona.kind}.text`),
        }))}
      />
      {choosing.failure && <ErrorNotice failure={choosing.failure} />}
      <div className="flex flex-col gap-3 sm:flex-row sm:flex-wrap">
        <Button onPress={choose} busy={choosing.busy} disabled={personaId === null}>
          {t('authorize.personaNext')}
        </Button>
        <Refuse view={view} text={t('authorize.refuse')} />
      </div>
      <Expires view={view} />
    </Page>
  )
}
