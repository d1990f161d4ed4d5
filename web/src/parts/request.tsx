import { useTranslation } from 'react-i18next'
import { refuse, type InteractionView } from '../api/federation.ts'
import { local, timeOfDay } from '../text/format.ts'
import { useLanguage } from '../text/i18n.ts'
import { claimReason } from '../text/words.ts'
import { useAction } from './asking.ts'
import { Button } from './button.tsx'
import { ErrorNotice } from './notice.tsx'
import { Section, Small } from './page.tsx'
import { leaveFor } from './return-path.ts'

/** What each step of a service's request is given. */
export interface StepProps {
  readonly view: InteractionView
  /** Shows the request as it stands now. */
  readonly again: () => void
  readonly replace: (view: InteractionView) => void
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
