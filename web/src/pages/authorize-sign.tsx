import { useTranslation } from 'react-i18next'
import { sign, type SignedDocument } from '../api/federation.ts'
import { useAction } from '../parts/asking.ts'
import { Button } from '../parts/button.tsx'
import { Levels } from '../parts/levels.tsx'
import { ErrorNotice } from '../parts/notice.tsx'
import { Facts, Page, Section, Small, Text } from '../parts/page.tsx'
import { AskedBy, Expires, PersonaRow, Refuse, type StepProps } from '../parts/request.tsx'
import { leaveFor } from '../parts/return-path.ts'
import { local } from '../text/format.ts'
import { useLanguage } from '../text/i18n.ts'

/** A document that a service asks to have signed with the card, and what the service learns by it. */
export function SignStep({ view, changePersona }: StepProps) {
  const { t } = useTranslation()
  const { language } = useLanguage()
  const signing = useAction()
  function go(): void {
    signing.run(async () => {
      leaveFor((await sign(view.interactionId)).agentUrl)
    })
  }
  return (
    <Page
      title={t('sign.title', { rp: local(language, view.rp.name) })}
      lead={<AskedBy view={view} />}
    >
      <Text>{t('sign.text')}</Text>
      {view.document !== null && <DocumentFacts document={view.document} />}
      <Section title={t('sign.learns')}>
        <Text>{t('sign.certificate')}</Text>
      </Section>
      <Section title={t('authorize.levels')}>
        <Text>{t('authorize.levelsText')}</Text>
        <Levels levels={view.levels} flags={view.flags} />
      </Section>
      <PersonaRow view={view} changePersona={changePersona} />
      <div className="space-y-3 border-t-2 border-solid-gray-420 pt-4">
        <Text>{t('sign.act')}</Text>
        {signing.failure && <ErrorNotice failure={signing.failure} />}
        <div className="flex flex-col gap-3 sm:flex-row sm:flex-wrap">
          <Button onPress={go} busy={signing.busy}>
            {t('sign.go')}
          </Button>
          <Refuse view={view} text={t('sign.refuse')} />
        </div>
        <Small>{t('sign.kept')}</Small>
        <Expires view={view} />
      </div>
    </Page>
  )
}

function DocumentFacts({ document }: { readonly document: SignedDocument }) {
  const { t } = useTranslation()
  const { language } = useLanguage()
  const { title, mediaType, purpose, text, sha256 } = document
  return (
    <Section title={t('sign.document')}>
      <p className="text-std-16B-170">{title}</p>
      <Facts
        rows={[
          [t('authorize.purpose'), local(language, purpose)],
          [t('sign.mediaType'), mediaType],
          [
            t('sign.digest'),
            <span key="digest" className="font-mono break-words">
              {sha256.match(/.{4}/g)?.join(' ')}
            </span>,
          ],
        ]}
      />
      {text === null ? (
        <Text>{t('sign.noText')}</Text>
      ) : (
        // Scrolls where it is long, so it has to be reached without a mouse.
        <div
          role="region"
          aria-label={t('sign.wholeText')}
          tabIndex={0}
          className="max-h-96 overflow-auto rounded-8 border border-solid-gray-420 p-3 text-std-16N-170 break-words whitespace-pre-wrap"
        >
          {text}
        </div>
      )}
    </Section>
  )
}
