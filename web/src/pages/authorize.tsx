import { Link } from '@tanstack/react-router'
import { useTranslation } from 'react-i18next'
import { interaction, type InteractionView } from '../api/federation.ts'
import { useAnswer } from '../parts/asking.ts'
import { Button } from '../parts/button.tsx'
import { LogInPanel } from '../parts/log-in-panel.tsx'
import { ErrorNotice, Waiting } from '../parts/notice.tsx'
import { Page, Text } from '../parts/page.tsx'
import {
  AskedBy,
  Expires,
  Refuse,
  Shortfalls,
  Unavailable,
  type StepProps,
} from '../parts/request.tsx'
import { cardFailure, type Failure } from '../parts/failure.ts'
import { leaveFor } from '../parts/return-path.ts'
import { local } from '../text/format.ts'
import { useLanguage } from '../text/i18n.ts'
import { ConfirmStep } from './authorize-confirm.tsx'
import { ConsentStep } from './authorize-consent.tsx'
import { PersonaStep } from './authorize-persona.tsx'
import { SignStep } from './authorize-sign.tsx'
import { StepUpStep } from './authorize-step-up.tsx'

/** A service's request, step by step: log in, step up, choose a persona, consent. The server says which step is next. */
export function AuthorizePage({ interactionId }: { readonly interactionId: string }) {
  const { t } = useTranslation()
  const { answer, again, replace } = useAnswer(() => interaction(interactionId), interactionId)
  if (answer.state === 'waiting') return <Waiting />
  if (answer.state === 'failed')
    return (
      <Page title={t('authorize.failedTitle')}>
        <ErrorNotice failure={ofAddress(answer.failure)}>
          <Button kind="secondary" small onPress={again}>
            {t('common.retry')}
          </Button>
        </ErrorNotice>
      </Page>
    )
  const { value } = answer
  // Another persona restarts the request from there.
  const changePersona =
    value.personaFixed || value.personas.length < 2
      ? undefined
      : () => {
          replace({ ...value, stage: 'persona' })
        }
  return (
    <Step
      key={value.stage}
      view={value}
      again={again}
      replace={replace}
      changePersona={changePersona}
    />
  )
}

/** Nothing was entered but the address: one that cannot be right is one that was not found. */
function ofAddress(failure: Failure): Failure {
  return failure.code === 'INVALID_INPUT' ? { code: 'NOT_FOUND' } : failure
}

function Step(props: StepProps) {
  const { stage } = props.view
  switch (stage) {
    case 'login':
      return <LogInStep {...props} />
    case 'step_up':
      return <StepUpStep {...props} />
    case 'persona':
      return <PersonaStep {...props} />
    case 'consent':
      return <ConsentStep {...props} />
    case 'confirm':
      return <ConfirmStep {...props} />
    case 'sign':
      return <SignStep {...props} />
    case 'done':
      return <Done view={props.view} />
    case 'failed':
      return <Failed {...props} />
    default:
      return stage satisfies never
  }
}

function LogInStep({ view, again }: StepProps) {
  const { t } = useTranslation()
  const { language } = useLanguage()
  return (
    <Page
      title={t('authorize.loginTitle', { rp: local(language, view.rp.name) })}
      lead={<AskedBy view={view} />}
    >
      <Text>{t('authorize.loginText')}</Text>
      <LogInPanel next={`/authorize/${view.interactionId}`} onLoggedIn={again} />
      <Refuse view={view} text={t('authorize.back')} />
      <Expires view={view} />
    </Page>
  )
}

function Done({ view }: { readonly view: InteractionView }) {
  const { t } = useTranslation()
  return (
    <Page title={t('authorize.doneTitle')} lead={<AskedBy view={view} />}>
      {view.kind === 'signature' && <Text>{t('sign.done')}</Text>}
      <Text>{t('authorize.doneText')}</Text>
      {view.returnUrl !== null && <Back url={view.returnUrl} />}
      <p>
        <Link to="/ledger" className="link">
          {t('authorize.toLedger')}
        </Link>
      </p>
    </Page>
  )
}

function Failed({ view, changePersona }: StepProps) {
  const { t } = useTranslation()
  const other = view.failure === 'UNSATISFIABLE' ? changePersona : undefined
  return (
    <Page title={t('authorize.failedTitle')} lead={<AskedBy view={view} />}>
      <ErrorNotice failure={failureOf(view)} />
      <Shortfalls view={view} />
      <Unavailable view={view} />
      <div className="flex flex-col gap-3 sm:flex-row sm:flex-wrap">
        {other && view.returnUrl === null && (
          <Button onPress={other}>{t('authorize.otherPersona')}</Button>
        )}
        {view.returnUrl === null ? (
          <Refuse view={view} text={t('authorize.back')} />
        ) : (
          <Back url={view.returnUrl} />
        )}
      </div>
    </Page>
  )
}

/** Why nothing came of it; of a signature it is the card that some codes are about. */
function failureOf({ kind, failure }: InteractionView): Failure {
  const code = failure ?? 'UNKNOWN'
  return kind === 'signature' ? cardFailure(code, code) : { code }
}

function Back({ url }: { readonly url: string }) {
  const { t } = useTranslation()
  return (
    <Button
      onPress={() => {
        leaveFor(url)
      }}
    >
      {t('authorize.back')}
    </Button>
  )
}
