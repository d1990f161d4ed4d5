import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { overview, type HeldAttribute, type Overview } from '../api/wallet.ts'
import { Answered } from '../parts/answered.tsx'
import { useAnswer } from '../parts/asking.ts'
import { Button } from '../parts/button.tsx'
import { Levels } from '../parts/levels.tsx'
import { Badge, Page, Section, Small, Text } from '../parts/page.tsx'
import { Warning } from '../parts/notice.tsx'
import { Value } from '../parts/value.tsx'
import { isUnverified } from '../step-up.ts'
import { day, local } from '../text/format.ts'
import { useLanguage } from '../text/i18n.ts'
import { ProveAgain } from './reproof-return.tsx'
import { EraseDialog } from './wallet-erase.tsx'
import { IdentitySection } from './wallet-identity.tsx'
import { PersonaCard } from './wallet-persona.tsx'

export function WalletPage() {
  const { t } = useTranslation()
  const asked = useAnswer(overview)
  return (
    <Page title={t('wallet.title')}>
      <Answered asked={asked} path="/wallet">
        {(held) => <Held held={held} again={asked.again} />}
      </Answered>
    </Page>
  )
}

function Held({ held, again }: { readonly held: Overview; readonly again: () => void }) {
  const { t } = useTranslation()
  return (
    <>
      <Section title={t('wallet.levels')}>
        {held.levels.length === 0 ? (
          <Text>{t('wallet.noLevels')}</Text>
        ) : (
          <Levels levels={held.levels} />
        )}
        {held.attributes.length > 0 && isUnverified(held.levels) && (
          <Warning>
            <p>{t('wallet.fallen')}</p>
          </Warning>
        )}
        <Text>{t('reproof.text')}</Text>
        <ProveAgain next="/wallet" purpose="reproof" />
      </Section>
      <IdentitySection onChanged={again} />
      <Section title={t('wallet.personas')}>
        <Text>{t('wallet.personasText')}</Text>
        {held.personas.length === 0 && <Text>{t('wallet.noPersonas')}</Text>}
        {held.personas.map((persona) => (
          <PersonaCard key={persona.personaId} persona={persona} onSaved={again} />
        ))}
      </Section>
      <Section title={t('wallet.attributes')}>
        <Text>{t('wallet.attributesText')}</Text>
        <Attributes attributes={held.attributes} />
      </Section>
      <Erase />
    </>
  )
}

function Attributes({ attributes }: { readonly attributes: readonly HeldAttribute[] }) {
  const { t } = useTranslation()
  const { language } = useLanguage()
  if (attributes.length === 0) return <Text>{t('wallet.noAttributes')}</Text>
  return (
    <>
      <dl className="divide-y divide-solid-gray-200">
        {attributes.map((attribute) => (
          <div key={attribute.name} className="py-2">
            <dt className="text-dns-14B-130 leading-160 text-solid-gray-700">
              {local(language, attribute.label)}
            </dt>
            <dd>
              <span className="block text-std-16N-170">
                <Value claim={attribute.name} value={attribute.value} />
              </span>
              <span className="flex flex-wrap items-center gap-2 text-dns-14N-130 text-solid-gray-700">
                {t('common.asOf', { date: day(language, attribute.asOf) })}
                {attribute.stale && <Badge tone="warn">{t('wallet.stale')}</Badge>}
                {attribute.quality === 'substituted' && (
                  <Badge tone="plain">{t('wallet.substituted')}</Badge>
                )}
              </span>
            </dd>
          </div>
        ))}
      </dl>
      {attributes.some(({ stale }) => stale) && <Small>{t('wallet.staleText')}</Small>}
      {attributes.some(({ quality }) => quality === 'substituted') && (
        <Small>{t('wallet.substitutedText')}</Small>
      )}
    </>
  )
}

function Erase() {
  const { t } = useTranslation()
  const [open, setOpen] = useState(false)
  return (
    <Section title={t('wallet.erase')}>
      <Text>{t('wallet.eraseText')}</Text>
      <Button
        kind="danger"
        onPress={() => {
          setOpen(true)
        }}
      >
        {t('wallet.eraseOpen')}
      </Button>
      <EraseDialog
        open={open}
        onClose={() => {
          setOpen(false)
        }}
      />
    </Section>
  )
}
