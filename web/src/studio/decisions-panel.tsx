import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import {
  decisions,
  explainDecision,
  type Decision,
  type DecisionsQuery,
  type Explanation,
} from '../api/policy.ts'
import { useAction } from '../parts/asking.ts'
import { Button, buttonLook } from '../parts/button.tsx'
import { ErrorNotice } from '../parts/notice.tsx'
import { Card, Facts, Small, Text } from '../parts/page.tsx'
import { dateTime, local } from '../text/format.ts'
import { useLanguage } from '../text/i18n.ts'
import { FactsView } from './facts-view.tsx'
import { Field } from './fields.tsx'

const NAMES = ['subject', 'framework', 'axis', 'rule'] as const
const DAYS = ['from', 'until'] as const
type Asked = Readonly<Record<(typeof NAMES)[number] | (typeof DAYS)[number], string>>
const NOTHING: Asked = { subject: '', framework: '', axis: '', rule: '', from: '', until: '' }
/** As many as the server gives at once. */
const PAGE = 100

/** Search over past decisions, each explained from the policy and the facts of then. */
export function DecisionsPanel() {
  const { t } = useTranslation('studio')
  const action = useAction()
  const [asked, setAsked] = useState(NOTHING)
  const [found, setFound] = useState<readonly Decision[]>()
  function search(before: readonly Decision[]): void {
    const after = before.at(-1)?.id
    action.run(async () => {
      const next = await decisions({ ...queryOf(asked), ...(after === undefined ? {} : { after }) })
      setFound([...before, ...next])
    })
  }
  return (
    <>
      <Text>{t('decisions.text')}</Text>
      <form
        className="space-y-4"
        onSubmit={(event) => {
          event.preventDefault()
          search([])
        }}
      >
        <div className="grid gap-4 sm:grid-cols-2 lg:grid-cols-3">
          {[...NAMES, ...DAYS].map((name) => (
            <Field
              key={name}
              label={t(`decisions.${name}`)}
              type={name === 'from' || name === 'until' ? 'date' : 'text'}
              value={asked[name]}
              onChange={(value) => {
                setAsked({ ...asked, [name]: value })
              }}
            />
          ))}
        </div>
        <button type="submit" className={buttonLook('primary')}>
          {action.busy ? t('decisions.searching') : t('decisions.search')}
        </button>
      </form>
      {action.failure && <ErrorNotice failure={action.failure} />}
      {found !== undefined && (
        <p role="status" className="text-std-16N-170">
          {found.length === 0 ? t('decisions.none') : t('decisions.found', { count: found.length })}
        </p>
      )}
      <ul className="space-y-4">
        {found?.map((decision) => (
          <li key={decision.id}>
            <DecisionCard decision={decision} />
          </li>
        ))}
      </ul>
      {found !== undefined && found.length > 0 && found.length % PAGE === 0 && (
        <Button
          kind="secondary"
          busy={action.busy}
          onPress={() => {
            search(found)
          }}
        >
          {t('decisions.more')}
        </Button>
      )}
    </>
  )
}

/** Only what was given; days as instants in the zone of the reader. */
function queryOf(asked: Asked): DecisionsQuery {
  const names = NAMES.map((name) => [name, asked[name].trim()] as const)
  const days = DAYS.filter((name) => asked[name] !== '').map(
    (name) => [name, new Date(`${asked[name]}T00:00:00`).toISOString()] as const,
  )
  return Object.fromEntries([...names, ...days].filter(([, value]) => value !== ''))
}

function DecisionCard({ decision }: { readonly decision: Decision }) {
  const { t } = useTranslation('studio')
  const { language } = useLanguage()
  const action = useAction()
  const [explained, setExplained] = useState<Explanation>()
  const { axis, framework, level, validUntil } = decision
  return (
    <Card rank="h2" title={`${framework} ${axis}: ${level}`}>
      <Facts
        rows={[
          [t('decisions.decidedAt'), dateTime(language, decision.decidedAt)],
          [t('decisions.subject'), <code key="subject">{decision.subject}</code>],
          [t('decisions.rules'), decision.firedRules.join(', ') || '–'],
          ...(validUntil === null
            ? []
            : [[t('decisions.validUntil'), dateTime(language, validUntil)] as const]),
        ]}
      />
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
          {t('decisions.explain', { axis, level })}
        </Button>
      ) : (
        <ExplanationView explanation={explained} />
      )}
    </Card>
  )
}

function ExplanationView({ explanation }: { readonly explanation: Explanation }) {
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
          [t('decisions.policy'), <code key="policy">{decision.policyDigest}</code>],
          [t('decisions.factsDigest'), <code key="facts">{decision.factsDigest}</code>],
        ]}
      />
      {explanation.facts !== null && (
        <FactsView title={t('decisions.factsTitle')} facts={explanation.facts} />
      )}
    </div>
  )
}
