import { useTranslation } from 'react-i18next'
import { refuse, type InteractionView } from '../api/federation.ts'
import { local, timeOfDay } from '../text/format.ts'
import { useLanguage } from '../text/i18n.ts'
import { claimReason, levelWords } from '../text/words.ts'
import { useAction } from './asking.ts'
import { Button } from './button.tsx'
import { ErrorNotice } from './notice.tsx'
import { Section, Small } from './page.tsx'
import { PersonaName } from './persona-name.tsx'
import { leaveFor } from './return-path.ts'

/** What each step of a service's request is given. */
export interface StepProps {
  readonly view: InteractionView
  /** Shows the request as it stands now. */
  readonly again: () => void
  readonly replace: (view: InteractionView) => void
  /** Lets the person choose another persona; undefined when the choice stands. */
  readonly changePersona: (() => void) | undefined
}

/** Who asks, in our registry's words, over each step's heading. */
export function AskedBy({ view }: { readonly view: InteractionView }) {
  const { t } = useTranslation()
  const { language } = useLanguage()
  return (
    <p className="mb-2 text-dns-14N-130 leading-160 text-solid-gray-700">
      {t('authorize.from', { rp: local(language, view.rp.name) })}
      <br />
      {t('authorize.controller', { controller: local(language, view.rp.controller) })}
    </p>
  )
}

export function Expires({ view }: { readonly view: InteractionView }) {
  const { t } = useTranslation()
  const { language } = useLanguage()
  return <Small>{t('authorize.expires', { time: timeOfDay(language, view.expiresAt) })}</Small>
}

/** The way out of a request, as big as the way on. */
export function Refuse({ view, text }: { readonly view: InteractionView; readonly text: string }) {
  const refusing = useAction()
  function run(): void {
    refusing.run(async () => {
      leaveFor((await refuse(view.interactionId)).returnUrl)
    })
  }
  return (
    <>
      <Button kind="neutral" onPress={run} busy={refusing.busy}>
        {text}
      </Button>
      {refusing.failure && <ErrorNotice failure={refusing.failure} />}
    </>
  )
}

/** Under which persona the request would be answered, and the way to another one. */
export function PersonaRow(props: Pick<StepProps, 'view' | 'changePersona'>) {
  const { t } = useTranslation()
  const { persona, personaFixed } = props.view
  if (persona === null) return null
  return (
    <Section title={t('authorize.persona')}>
      <p className="text-std-16B-170">
        <PersonaName persona={persona} fixed={personaFixed} />
      </p>
      <Small>{t(`personas.${persona.kind}.text`)}</Small>
      {props.changePersona && (
        <Button kind="secondary" small onPress={props.changePersona}>
          {t('authorize.otherPersona')}
        </Button>
      )}
    </Section>
  )
}

/** What is missing for the service's minimum. */
export function Shortfalls({ view }: { readonly view: InteractionView }) {
  const { t } = useTranslation()
  const { language } = useLanguage()
  if (view.shortfalls.length === 0) return null
  return (
    <Section title={t('authorize.stepUpNeed')}>
      <ul className="divide-y divide-solid-gray-200">
        {view.shortfalls.map((shortfall) => {
          const have = levelWords(language, { ...shortfall, level: shortfall.have })
          const need = levelWords(language, { ...shortfall, level: shortfall.need })
          return (
            <li key={`${shortfall.framework} ${shortfall.axis}`} className="py-3">
              <span className="block text-std-16B-170">{need.axis}</span>
              <span className="block text-std-16N-170">
                {t('authorize.have', { level: have.level })}
              </span>
              <span className="block text-std-16N-170">
                {t('authorize.need', { level: need.level })}
              </span>
            </li>
          )
        })}
      </ul>
    </Section>
  )
}

export function Unavailable({ view }: { readonly view: InteractionView }) {
  const { t } = useTranslation()
  const { language } = useLanguage()
  if (view.unavailable.length === 0) return null
  return (
    <Section title={t('authorize.unavailable')}>
      <ul className="divide-y divide-solid-gray-200">
        {view.unavailable.map((claim) => (
          <li key={claim.name} className="py-2">
            <span className="block text-std-16B-170">{local(language, claim.label)}</span>
            <span className="block text-std-16N-170">{claimReason(language, claim.reason)}</span>
          </li>
        ))}
      </ul>
    </Section>
  )
}
