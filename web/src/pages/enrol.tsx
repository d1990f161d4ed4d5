import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { completeRegistration, openRegistration, type KeyUse } from '../api/authenticator.ts'
import { useAction } from '../parts/asking.ts'
import { Button } from '../parts/button.tsx'
import { visitCard } from '../parts/card-visit.ts'
import { Choice } from '../parts/choice.tsx'
import { ErrorNotice, Warning } from '../parts/notice.tsx'
import { Page, Section, Small, Text } from '../parts/page.tsx'
import { useSession } from '../parts/session.tsx'
import { Steps } from '../parts/steps.tsx'
import { makePasskey } from '../passkey.ts'
import { timeOfDay } from '../text/format.ts'
import { useLanguage } from '../text/i18n.ts'

interface Made {
  readonly agentUrl: string
  readonly expiresAt: string
}

/** `keyUse` is what stands chosen at first. */
export function EnrolPage({ keyUse }: { readonly keyUse: KeyUse }) {
  const [made, setMade] = useState<Made>()
  return made === undefined ? (
    <MakePasskey keyUse={keyUse} onMade={setMade} />
  ) : (
    <TapCard made={made} />
  )
}

export function EnrolSteps({ current }: { readonly current: number }) {
  const { t } = useTranslation()
  return (
    <Steps
      label={t('enrol.steps')}
      steps={[t('enrol.step1'), t('enrol.step2'), t('enrol.step3')]}
      current={current}
    />
  )
}

function MakePasskey(props: { readonly keyUse: KeyUse; readonly onMade: (made: Made) => void }) {
  const { t } = useTranslation()
  const [keyUse, setKeyUse] = useState(props.keyUse)
  const making = useAction()
  const { session } = useSession()
  const { failure } = making
  const own = session != null && failure?.code === 'PASSKEY_ALREADY_REGISTERED'
  function make(): void {
    making.run(async () => {
      const { registrationId, options } = await openRegistration()
      const response = await makePasskey(options)
      props.onMade(await completeRegistration(registrationId, response, keyUse))
    })
  }
  return (
    <Page title={t('enrol.title')}>
      <EnrolSteps current={1} />
      <Kept />
      <Choice
        label={t('enrol.cardQuestion')}
        value={keyUse}
        onChange={(value) => {
          setKeyUse(value === 'authentication' ? value : 'signature')
        }}
        options={[
          {
            value: 'signature',
            name: t('enrol.withSignature'),
            text: t('enrol.withSignatureText'),
          },
          {
            value: 'authentication',
            name: t('enrol.withoutSignature'),
            text: t('enrol.withoutSignatureText'),
          },
        ]}
      />
      <Section title={t('enrol.passkeyTitle')}>
        <Text>{t('enrol.passkeyText')}</Text>
        {failure && <ErrorNotice failure={own ? { code: 'PASSKEY_OF_THIS_DEVICE' } : failure} />}
        <Button onPress={make} busy={making.busy} busyText={t('enrol.making')}>
          {t('enrol.makePasskey')}
        </Button>
      </Section>
    </Page>
  )
}

function Kept() {
  const { t } = useTranslation()
  return (
    <Section title={t('enrol.keptTitle')}>
      <div className="grid gap-4 sm:grid-cols-2">
        <Listing
          title={t('enrol.kept')}
          items={[t('enrol.kept1'), t('enrol.kept2'), t('enrol.kept3')]}
        />
        <Listing
          title={t('enrol.notKept')}
          items={[t('enrol.notKept1'), t('enrol.notKept2'), t('enrol.notKept3')]}
        />
      </div>
    </Section>
  )
}

function Listing({ title, items }: { readonly title: string; readonly items: readonly string[] }) {
  return (
    <div>
      <h3 className="text-std-16B-170">{title}</h3>
      <ul className="ml-5 list-disc space-y-1 text-std-16N-170">
        {items.map((item) => (
          <li key={item}>{item}</li>
        ))}
      </ul>
    </div>
  )
}

function TapCard({ made }: { readonly made: Made }) {
  const { t } = useTranslation()
  const { language } = useLanguage()
  const leaving = useAction()
  function leave(): void {
    leaving.run(async () => {
      visitCard(made)
    })
  }
  return (
    <Page title={t('enrol.cardTitle')}>
      <EnrolSteps current={2} />
      <Text>{t('enrol.cardText')}</Text>
      <Warning>
        <p>{t('enrol.cardWhere')}</p>
      </Warning>
      {leaving.failure && <ErrorNotice failure={leaving.failure} />}
      <Button onPress={leave}>{t('enrol.toCard')}</Button>
      <Small>{t('enrol.cardUntil', { time: timeOfDay(language, made.expiresAt) })}</Small>
    </Page>
  )
}
