import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { explainDecision, type Explanation, type LogImpact } from '../api/policy.ts'
import { useAction } from '../parts/asking.ts'
import { Button } from '../parts/button.tsx'
import { ErrorNotice } from '../parts/notice.tsx'
import { Badge, Facts, Text } from '../parts/page.tsx'
import { AxisMatrix } from './axis-matrix.tsx'
import { DecisionHead, ExplanationView } from './decision-card.tsx'

/** What past questions would have been answered under the draft, and a few of those that would have been answered otherwise. */
export function LogImpactView({ impact }: { readonly impact: LogImpact }) {
  const { t } = useTranslation('studio')
  const { decisions, changed, notReplayable, notAnswered } = impact
  if (decisions === 0) return <Text>{t('logImpact.none')}</Text>
  return (
    <div className="space-y-6">
      <p role="status" className="text-std-16B-170">
        {t('logImpact.found', { decisions, changed })}
      </p>
      <Facts
        rows={[
          [t('logImpact.noLongerSatisfied'), impact.noLongerSatisfied],
          [t('logImpact.newlySatisfied'), impact.newlySatisfied],
          ...(notReplayable === 0 ? [] : [[t('logImpact.notReplayable'), notReplayable] as const]),
          ...(notAnswered === 0 ? [] : [[t('logImpact.notAnswered'), notAnswered] as const]),
        ]}
      />
      {impact.axes.map((axis) => (
        <div key={`${axis.framework} ${axis.axis}`} className="space-y-3">
          <AxisMatrix axis={axis} of="logImpact" />
          {axis.examples.length > 0 && (
            <ul aria-label={t('logImpact.examples')} className="space-y-2">
              {axis.examples.map((example) => (
                <li key={example.id}>
                  <Example {...example} />
                </li>
              ))}
            </ul>
          )}
        </div>
      ))}
    </div>
  )
}

/** A decision that would have been another one, with what it was made of then. */
function Example(props: LogImpact['axes'][number]['examples'][number]) {
  const { t } = useTranslation('studio')
  const action = useAction()
  const [explained, setExplained] = useState<Explanation>()
  const { id, from, to } = props
  return (
    <div className="space-y-3 rounded-8 border border-solid-gray-420 p-3">
      <div className="flex flex-wrap items-center gap-3">
        <Badge tone="warn">{t('logImpact.example', { from, to })}</Badge>
        {explained === undefined && (
          <Button
            kind="secondary"
            small
            busy={action.busy}
            onPress={() => {
              action.run(async () => {
                setExplained(await explainDecision(id))
              })
            }}
          >
            {t('logImpact.show')}
          </Button>
        )}
      </div>
      {action.failure && <ErrorNotice failure={action.failure} />}
      {explained !== undefined && (
        <>
          <DecisionHead decision={explained.decision} />
          <ExplanationView explanation={explained} />
        </>
      )}
    </div>
  )
}
