import { Link } from '@tanstack/react-router'
import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import {
  changeAuthenticator,
  listAuthenticators,
  type Authenticator,
} from '../api/authenticator.ts'
import { Answered } from '../parts/answered.tsx'
import { useAction, useAnswer } from '../parts/asking.ts'
import { Button, buttonLook } from '../parts/button.tsx'
import { Confirm } from '../parts/dialog.tsx'
import { Announcement, ErrorNotice, Warning } from '../parts/notice.tsx'
import { Badge, Card, Facts, Page, Section, Small, Text, type Tone } from '../parts/page.tsx'
import { keepNext } from '../parts/return-path.ts'
import { useSession } from '../parts/session.tsx'
import { dateTime } from '../text/format.ts'
import { useLanguage } from '../text/i18n.ts'

type Change = 'suspend' | 'resume' | 'revoke'

interface Chosen {
  readonly authenticator: Authenticator
  readonly number: number
  readonly change: 'suspend' | 'revoke'
}

/** What was done, as the key of its words. */
type Said = 'changed' | 'suspendedCurrent' | 'revokedCurrent'

const LOGGED_OUT_BY = {
  suspend: 'suspendedCurrent',
  revoke: 'revokedCurrent',
  resume: 'changed',
} as const satisfies Record<Change, Said>

export function AuthenticatorsPage() {
  const { t } = useTranslation()
  const asked = useAnswer(listAuthenticators)
  const [said, setSaid] = useState<Said>()
  function afterLogin(): void {
    setSaid(undefined)
    asked.again()
  }
  return (
    <Page title={t('authenticators.title')}>
      <Text>{t('authenticators.text')}</Text>
      {/* Out here, since the list goes when the passkey of this very session was stopped. */}
      <Announcement text={said && t(`authenticators.${said}`)} />
      <Answered asked={{ ...asked, again: afterLogin }} path="/authenticators">
        {({ authenticators }) => (
          <Listed authenticators={authenticators} again={asked.again} onSaid={setSaid} />
        )}
      </Answered>
    </Page>
  )
}

function Listed(props: {
  readonly authenticators: readonly Authenticator[]
  readonly again: () => void
  readonly onSaid: (said: Said | undefined) => void
}) {
  const { t } = useTranslation()
  const { session, refresh } = useSession()
  const [chosen, setChosen] = useState<Chosen>()
  const action = useAction()
  function apply(authenticator: Authenticator, change: Change): void {
    props.onSaid(undefined)
    action.run(async () => {
      await changeAuthenticator(authenticator.authenticatorId, change)
      setChosen(undefined)
      props.onSaid(authenticator.current ? LOGGED_OUT_BY[change] : 'changed')
      refresh()
      props.again()
    })
  }
  return (
    <>
      {chosen === undefined && action.failure && <ErrorNotice failure={action.failure} />}
      {props.authenticators.length === 0 && <Text>{t('authenticators.empty')}</Text>}
      <ol className="space-y-4">
        {props.authenticators.map((authenticator, index) => (
          <li key={authenticator.authenticatorId}>
            <AuthenticatorCard
              authenticator={authenticator}
              number={index + 1}
              canRevoke={session?.method === 'card' || !isLast(authenticator, props.authenticators)}
              onResume={() => {
                apply(authenticator, 'resume')
              }}
              onAsk={(change) => {
                action.forget()
                setChosen({ authenticator, number: index + 1, change })
              }}
            />
          </li>
        ))}
      </ol>
      <Add />
      <Confirm
        open={chosen !== undefined}
        onClose={() => {
          action.forget()
          setChosen(undefined)
        }}
        title={
          chosen?.change === 'revoke'
            ? t('authenticators.revokeTitle', { number: chosen.number })
            : t('authenticators.suspendTitle', { number: chosen?.number ?? 0 })
        }
        confirm={
          chosen?.change === 'revoke' ? t('authenticators.revoke') : t('authenticators.suspend')
        }
        action={action}
        onConfirm={() => {
          if (chosen !== undefined) apply(chosen.authenticator, chosen.change)
        }}
      >
        <Text>
          {chosen?.change === 'revoke'
            ? t('authenticators.revokeText')
            : t('authenticators.suspendText')}
        </Text>
        {chosen?.authenticator.current === true && chosen.change === 'suspend' && (
          <Warning>
            <p>{t('authenticators.suspendCurrent')}</p>
          </Warning>
        )}
        {chosen?.change === 'revoke' && isLast(chosen.authenticator, props.authenticators) && (
          <Warning>
            <p>{t('authenticators.revokeLast')}</p>
          </Warning>
        )}
      </Confirm>
    </>
  )
}

function isLast(one: Authenticator, all: readonly Authenticator[]): boolean {
  return !all.some(
    ({ authenticatorId, state }) => authenticatorId !== one.authenticatorId && state === 'active',
  )
}

const TONES = {
  active: 'good',
  suspended: 'warn',
  revoked: 'bad',
} as const satisfies Record<Authenticator['state'], Tone>

function AuthenticatorCard(props: {
  readonly authenticator: Authenticator
  readonly number: number
  /** The last passkey goes only while the card is there to come back with. */
  readonly canRevoke: boolean
  readonly onResume: () => void
  readonly onAsk: (change: 'suspend' | 'revoke') => void
}) {
  const { t } = useTranslation()
  const { authenticator, number } = props
  const { state, current } = authenticator
  return (
    <Card
      rank="h2"
      title={
        <span className="flex flex-wrap items-center gap-2">
          <span>{t('authenticators.number', { number })}</span>
          <Badge tone={TONES[state]}>{t(`authenticators.state.${state}`)}</Badge>
          {current && <Badge tone="plain">{t('authenticators.current')}</Badge>}
        </span>
      }
    >
      <AuthenticatorFacts authenticator={authenticator} />
      {state !== 'revoked' && (
        <div className="flex flex-wrap gap-3">
          {state === 'active' && (
            <Button
              kind="secondary"
              small
              label={t('authenticators.suspendOf', { number })}
              onPress={() => {
                props.onAsk('suspend')
              }}
            >
              {t('authenticators.suspend')}
            </Button>
          )}
          {state === 'suspended' && (
            <Button
              kind="secondary"
              small
              label={t('authenticators.resumeOf', { number })}
              onPress={props.onResume}
            >
              {t('authenticators.resume')}
            </Button>
          )}
          {props.canRevoke && (
            <Button
              kind="danger"
              small
              label={t('authenticators.revokeOf', { number })}
              onPress={() => {
                props.onAsk('revoke')
              }}
            >
              {t('authenticators.revoke')}
            </Button>
          )}
        </div>
      )}
      {state !== 'revoked' && !props.canRevoke && <Small>{t('authenticators.lastKept')}</Small>}
    </Card>
  )
}

function AuthenticatorFacts({ authenticator }: { readonly authenticator: Authenticator }) {
  const { t } = useTranslation()
  const { language } = useLanguage()
  const { backedUp, backupEligible, kind, lastUsedAt, createdAt } = authenticator
  const sync = backedUp ? 'synced' : backupEligible ? 'syncable' : 'deviceBound'
  return (
    <Facts
      rows={[
        ...(kind === null
          ? []
          : [[t('authenticators.on'), t(`authenticators.kind.${kind}`)] as const]),
        [t('authenticators.created'), dateTime(language, createdAt)],
        [
          t('authenticators.lastUsed'),
          lastUsedAt === null ? t('authenticators.never') : dateTime(language, lastUsedAt),
        ],
        [t('authenticators.sync'), t(`authenticators.${sync}`)],
      ]}
    />
  )
}

function Add() {
  const { t } = useTranslation()
  return (
    <Section title={t('authenticators.add')}>
      <Text>{t('authenticators.addText')}</Text>
      <Link
        to="/enrol"
        className={buttonLook('secondary')}
        onClick={() => {
          keepNext('/authenticators')
        }}
      >
        {t('authenticators.add')}
      </Link>
    </Section>
  )
}
