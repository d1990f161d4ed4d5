import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { consent, consentOptions, type OfferedClaim, type Purpose } from '../api/federation.ts'
import { useAction } from '../parts/asking.ts'
import { Button } from '../parts/button.tsx'
import { Checkbox } from '../parts/choice.tsx'
import { Levels } from '../parts/levels.tsx'
import { ErrorNotice } from '../parts/notice.tsx'
import { Badge, Facts, Page, Section, Small, Text } from '../parts/page.tsx'
import {
  AskedBy,
  Expires,
  PersonaRow,
  Refuse,
  Unavailable,
  type StepProps,
} from '../parts/request.tsx'
import { leaveFor } from '../parts/return-path.ts'
import { Value } from '../parts/value.tsx'
import { checkSigned, signWithPasskey } from '../passkey.ts'
import { local, retention as keptFor } from '../text/format.ts'
import { useLanguage } from '../text/i18n.ts'
import { legalBasis } from '../text/words.ts'

/** What would be shared, why and for how long; one act of the person shares it. */
export function ConsentStep({ view, changePersona }: StepProps) {
  const { t } = useTranslation()
  const { language } = useLanguage()
  const [declined, setDeclined] = useState<readonly string[]>([])
  const agreeing = useAction()
  function agree(): void {
    agreeing.run(() => give(view.interactionId, declined))
  }
  return (
    <Page
      title={t('authorize.consentTitle', { rp: local(language, view.rp.name) })}
      lead={<AskedBy view={view} />}
    >
      <Text>{t('authorize.consentText')}</Text>
      <Claims claims={view.claims} declined={declined} onDecline={setDeclined} />
      <Unavailable view={view} />
      {view.purpose !== null && <PurposeFacts purpose={view.purpose} />}
      <PersonaRow view={view} changePersona={changePersona} />
      <Section title={t('authorize.levels')}>
        <Text>{t('authorize.levelsText')}</Text>
        <Levels levels={view.levels} flags={view.flags} />
      </Section>
      <div className="space-y-3 border-t-2 border-solid-gray-420 pt-4">
        <Text>{t('authorize.act')}</Text>
        {agreeing.failure && <ErrorNotice failure={agreeing.failure} />}
        <div className="flex flex-col gap-3 sm:flex-row sm:flex-wrap">
          <Button onPress={agree} busy={agreeing.busy} busyText={t('login.waiting')}>
            {t('authorize.agree')}
          </Button>
          <Refuse view={view} text={t('authorize.refuse')} />
        </div>
        <Small>{t('authorize.refuseText')}</Small>
        <Expires view={view} />
      </div>
    </Page>
  )
}

async function give(interactionId: string, declined: readonly string[]): Promise<void> {
  const { ceremonyId, options, document } = await consentOptions(interactionId, declined)
  await checkSigned(document, options.challenge)
  const response = await signWithPasskey(options)
  leaveFor((await consent(interactionId, ceremonyId, response)).returnUrl)
}

function Claims(props: {
  readonly claims: readonly OfferedClaim[]
  readonly declined: readonly string[]
  readonly onDecline: (declined: readonly string[]) => void
}) {
  const { t } = useTranslation()
  const { claims, declined, onDecline } = props
  if (claims.length === 0)
    return (
      <Section title={t('authorize.claims')}>
        <Text>{t('authorize.noClaims')}</Text>
      </Section>
    )
  const essential = claims.filter((claim) => claim.essential)
  const optional = claims.filter((claim) => !claim.essential)
  return (
    <Section title={t('authorize.claims')}>
      <ul className="divide-y divide-solid-gray-200">
        {essential.map((claim) => (
          <li key={claim.name} className="py-2">
            <ClaimWords claim={claim} />
          </li>
        ))}
        {optional.map((claim) => (
          <li key={claim.name} className="py-1">
            <Checkbox
              checked={!declined.includes(claim.name)}
              onChange={(given) => {
                const others = declined.filter((name) => name !== claim.name)
                onDecline(given ? others : [...others, claim.name])
              }}
            >
              <ClaimWords claim={claim} />
            </Checkbox>
          </li>
        ))}
      </ul>
      {optional.length > 0 && <Small>{t('authorize.optionalText')}</Small>}
      <Small>{t('authorize.yourOwn')}</Small>
    </Section>
  )
}

function ClaimWords({ claim }: { readonly claim: OfferedClaim }) {
  const { t } = useTranslation()
  const { language } = useLanguage()
  return (
    <>
      <span className="flex flex-wrap items-center gap-2">
        <span className="text-dns-14B-130 leading-160 text-solid-gray-700">
          {local(language, claim.label)}
        </span>
        <Badge tone={claim.essential ? 'warn' : 'plain'}>
          {claim.essential ? t('authorize.essential') : t('authorize.optional')}
        </Badge>
      </span>
      <span className="block text-std-16B-170">
        <Value claim={claim.name} value={claim.value} />
      </span>
    </>
  )
}

function PurposeFacts({ purpose }: { readonly purpose: Purpose }) {
  const { t } = useTranslation()
  const { language } = useLanguage()
  const retention =
    purpose.retentionDays === 0
      ? t('authorize.noRetention')
      : t('authorize.retentionDays', { days: keptFor(language, purpose.retentionDays) })
  return (
    <Section title={t('authorize.purpose')}>
      <p className="text-std-16B-170">{local(language, purpose.title)}</p>
      <Text>{local(language, purpose.description)}</Text>
      <Facts
        rows={[
          [t('authorize.legalBasis'), legalBasis(language, purpose.legalBasis)],
          [t('authorize.retention'), retention],
        ]}
      />
      <p>
        <a className="link" href={purpose.noticeUrl} target="_blank" rel="noreferrer">
          {t('authorize.notice')}
        </a>
      </p>
    </Section>
  )
}
