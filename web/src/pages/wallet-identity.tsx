import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import {
  checkIdentity,
  identity,
  withdrawConsent,
  type Identity,
  type IdentityCheck,
} from '../api/proofing.ts'
import { Answered } from '../parts/answered.tsx'
import { useAction, useAnswer } from '../parts/asking.ts'
import { Button } from '../parts/button.tsx'
import { Announcement, ErrorNotice } from '../parts/notice.tsx'
import { Badge, Section, Small, Text } from '../parts/page.tsx'
import { dateTime } from '../text/format.ts'
import { useLanguage } from '../text/i18n.ts'
import { ProveAgain } from './reproof-return.tsx'

/** The certificates that prove who the person is, and the consent to fetch what the register says when they end. */
export function IdentitySection({ onChanged }: { readonly onChanged: () => void }) {
  const { t } = useTranslation()
  const asked = useAnswer(identity)
  return (
    <Section title={t('identity.title')}>
      <Text>{t('identity.text')}</Text>
      <Answered asked={asked} path="/wallet">
        {(known) => (
          <>
            <Certificates known={known} />
            {known.certificates.length > 0 && (
              <CheckNow
                onChecked={(found) => {
                  asked.replace(found)
                  onChanged()
                }}
              />
            )}
            {known.consent && known.certificates.some(({ kind }) => kind === 'signature') && (
              <Consent known={known} onWithdrawn={asked.again} />
            )}
          </>
        )}
      </Answered>
    </Section>
  )
}

const TONES = { good: 'good', suspended: 'warn', revoked: 'warn', unknown: 'plain' } as const

function Certificates({ known: { certificates } }: { readonly known: Identity }) {
  const { t } = useTranslation()
  const { language } = useLanguage()
  if (certificates.length === 0) return <Text>{t('identity.none')}</Text>
  return (
    <ul className="divide-y divide-solid-gray-200">
      {certificates.map(({ kind, status, reason, lastGoodAt }, i) => (
        <li key={i} className="py-2">
          <span className="flex flex-wrap items-center gap-2 text-std-16N-170">
            {t(`identity.kinds.${kind}`)}
            <Badge tone={TONES[status]}>{t(`identity.statuses.${status}`)}</Badge>
          </span>
          <Small>
            {status === 'revoked' && reason === 'affiliationChanged'
              ? t('identity.changed')
              : t('identity.lastGood', { time: dateTime(language, lastGoodAt) })}
          </Small>
        </li>
      ))}
    </ul>
  )
}

function CheckNow({ onChecked }: { readonly onChecked: (found: IdentityCheck) => void }) {
  const { t } = useTranslation()
  const checking = useAction()
  const [found, setFound] = useState<IdentityCheck>()
  return (
    <>
      {checking.failure && <ErrorNotice failure={checking.failure} />}
      <Button
        kind="secondary"
        busy={checking.busy}
        onPress={() => {
          setFound(undefined)
          checking.run(async () => {
            const answer = await checkIdentity()
            setFound(answer)
            onChecked(answer)
          })
        }}
      >
        {t('identity.check')}
      </Button>
      <Announcement
        text={
          found &&
          findings(found)
            .map((key) => t(key))
            .join(' ')
        }
      />
    </>
  )
}

/** What a check found, in the words of the texts. */
function findings({ changed, unknown, attributes }: IdentityCheck) {
  return [
    unknown > 0
      ? ('identity.found.unknown' as const)
      : changed > 0
        ? ('identity.found.changed' as const)
        : ('identity.found.same' as const),
    ...(attributes === 'not-needed' ? [] : [`identity.attributes.${attributes}` as const]),
  ]
}

function Consent(props: { readonly known: Identity; readonly onWithdrawn: () => void }) {
  const { t } = useTranslation()
  const { language } = useLanguage()
  const withdrawing = useAction()
  const givenAt = props.known.consent?.givenAt ?? null
  return (
    <div className="flex flex-col gap-3">
      <h3 className="text-std-18B-160">{t('consent.title')}</h3>
      <Text>{t('consent.text')}</Text>
      {withdrawing.failure && <ErrorNotice failure={withdrawing.failure} />}
      {givenAt === null ? (
        <ProveAgain next="/wallet" purpose="consent" />
      ) : (
        <>
          <Text>{t('consent.given', { time: dateTime(language, givenAt) })}</Text>
          <Button
            kind="neutral"
            busy={withdrawing.busy}
            onPress={() => {
              withdrawing.run(async () => {
                await withdrawConsent()
                props.onWithdrawn()
              })
            }}
          >
            {t('consent.withdraw')}
          </Button>
        </>
      )}
    </div>
  )
}
