import { useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { explainDecision, type Decision, type Explanation } from '../api/policy.ts'
import { useAction } from '../parts/asking.ts'
import { Button } from '../parts/button.tsx'
import { ErrorNotice } from '../parts/notice.tsx'
import { Badge, Card, Facts, Small } from '../parts/page.tsx'
import { dateTime, local } from '../text/format.ts'
import { useLanguage } from '../text/i18n.ts'
import { FactsView } from './facts-view.tsx'

/** A decision of the log, explained where that is asked for. */
export function DecisionCard(props: {
  readonly decision: Decision
  readonly rank?: 'h2' | 'h3'
  /** Below what it says. */
  readonly children?: ReactNode
}) {
  const { t } = useTranslation('studio')
  const { decision, rank = 'h2', children } = props
  const action = useAction()
  const [explained, setExplained] = useState<Explanation>()
  const { axis, framework, level, occasion } = decision
  // An answer to whoever asked for nothing is about no axis.
  const about = axis === '' ? t('decisions.nothingAsked') : `${framework} ${axis}: ${level}`
  return (
    <Card
      rank={rank}
      title={
        <span className="flex flex-wrap items-center gap-2">
          <span className="min-w-0 wrap-anywhere">{about}</span>
          <Badge tone="plain">{t(`decisions.occasions.${occasion}`)}</Badge>
          <Enough satisfied={decision.satisfied} />
        </span>
      }
    >
      <DecisionHead decision={decision} />
      {action.failure && <ErrorNotice failure={action.failure} />}
      {explained === undefined ? (
        <Button
          kind="secondary"
          small
          busy={action.busy}
          onPress={() => {
            action.run(async () => {
              setExplained(await explainDecision(decision.id))
            })
          }}
        >
          {axis === '' ? t('decisions.explainAnswer') : t('decisions.explain', { axis, level })}
        </Button>
      ) : (
        <ExplanationView explanation={explained} />
      )}
      {children}
    </Card>
  )
}

/** When, for whom and by which rules it was decided. */
export function DecisionHead({ decision }: { readonly decision: Decision }) {
  const { t } = useTranslation('studio')
  const { language } = useLanguage()
  const { relyingParty, requested, validUntil } = decision
  return (
    <Facts
      rows={[
        [t('decisions.decidedAt'), dateTime(language, decision.decidedAt)],
        ...(relyingParty === null ? [] : [[t('decisions.relyingParty'), relyingParty] as const]),
        ...(requested === null ? [] : [[t('decisions.requested'), requested] as const]),
        [t('decisions.subject'), <Code key="subject">{decision.subject}</Code>],
        [t('decisions.rules'), decision.firedRules.join(', ') || '–'],
        ...(validUntil === null
          ? []
          : [[t('decisions.validUntil'), dateTime(language, validUntil)] as const]),
      ]}
    />
  )
}

export function Enough({ satisfied }: { readonly satisfied: boolean | null }) {
  const { t } = useTranslation('studio')
  if (satisfied === null) return null
  return satisfied ? (
    <Badge tone="good">{t('decisions.enough.yes')}</Badge>
  ) : (
    <Badge tone="bad">{t('decisions.enough.no')}</Badge>
  )
}

/** Ids and digests have no place to be broken at by themselves. */
function Code({ children }: { readonly children: string }) {
  return <code className="text-dns-14N-130 wrap-anywhere">{children}</code>
}

export function ExplanationView({ explanation }: { readonly explanation: Explanation }) {
  const { t } = useTranslation('studio')
  const { language } = useLanguage()
  const { decision, replay, why, whyNot } = explanation
  return (
    <div className="space-y-3 border-t border-solid-gray-420 pt-3">
      <h3 className="text-std-16B-170">{t('decisions.explanation')}</h3>
      <p role="status" className="text-std-16N-170">
        {replay.outcome === 'same' && t('decisions.same')}
        {replay.outcome === 'differs' && t('decisions.differs', { level: replay.level })}
        {replay.outcome === 'not_replayable' && t(`decisions.lacking.${replay.lacking}`)}
      </p>
      {why.length > 0 && (
        <>
          <Small>{t('decisions.why')}</Small>
          <ul className="ml-5 list-disc text-std-16N-170">
            {why.map(({ rule, title, clauses }) => (
              <li key={rule}>
                <code>{rule}</code> {local(language, title)}
                {clauses.length > 0 && ` (${clauses.join(', ')})`}
              </li>
            ))}
          </ul>
        </>
      )}
      {whyNot.length > 0 && (
        <>
          <Small>{t('decisions.whyNot')}</Small>
          <ul className="ml-5 list-disc text-std-16N-170">
            {whyNot.map(({ rule, title, clauses, to, missing }) => (
              <li key={rule}>
                {t('decisions.to', { level: to })}: {local(language, missing ?? title)}
                {clauses.length > 0 && ` (${clauses.join(', ')})`}
              </li>
            ))}
          </ul>
        </>
      )}
      <Facts
        rows={[
          [t('decisions.policy'), <Code key="policy">{decision.policyDigest}</Code>],
          [t('decisions.factsDigest'), <Code key="facts">{decision.factsDigest}</Code>],
        ]}
      />
      {explanation.facts !== null && (
        <FactsView title={t('decisions.factsTitle')} facts={explanation.facts} />
      )}
    </div>
  )
}
