import { useTranslation } from 'react-i18next'
import { Button } from '../parts/button.tsx'
import { Badge, Card, Small } from '../parts/page.tsx'
import { dateTime } from '../text/format.ts'
import { useLanguage } from '../text/i18n.ts'
import { enoughOf, type DecidedTogether } from './answers.ts'
import { DecisionCard, Enough } from './decision-card.tsx'

/** The decisions of one answer to a service, or a decision that stands alone. */
export function AnswerGroup(props: {
  readonly group: DecidedTogether
  /** Finds all of one answer; absent where that was searched for. */
  readonly onWhole?: ((questionId: string) => void) | undefined
}) {
  const { t } = useTranslation('studio')
  const { language } = useLanguage()
  const { group, onWhole } = props
  const { questionId, decisions } = group
  const [first] = decisions
  const whole = questionId !== null && onWhole !== undefined && (
    <div>
      <Button
        kind="secondary"
        small
        onPress={() => {
          onWhole(questionId)
        }}
      >
        {t('decisions.whole')}
      </Button>
    </div>
  )
  if (decisions.length === 1) return <DecisionCard decision={first}>{whole}</DecisionCard>
  return (
    <Card
      rank="h2"
      title={
        <span className="flex flex-wrap items-center gap-2">
          <span>{t('decisions.oneAnswer', { count: decisions.length })}</span>
          <Badge tone="plain">{t(`decisions.occasions.${first.occasion}`)}</Badge>
          <Enough satisfied={enoughOf(group, onWhole === undefined)} />
        </span>
      }
    >
      <Small>
        {first.relyingParty} · {dateTime(language, first.decidedAt)}
      </Small>
      <ul className="space-y-3">
        {decisions.map((decision) => (
          <li key={decision.id}>
            <DecisionCard decision={decision} rank="h3" />
          </li>
        ))}
      </ul>
      {whole}
    </Card>
  )
}
