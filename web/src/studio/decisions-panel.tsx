import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import {
  decisions,
  exportAddress,
  type Decision,
  type DecisionRange,
  type Decisions,
} from '../api/policy.ts'
import { useAction } from '../parts/asking.ts'
import { Button, buttonLook } from '../parts/button.tsx'
import { ErrorNotice } from '../parts/notice.tsx'
import { Small, Text } from '../parts/page.tsx'
import { AnswerGroup } from './answer-group.tsx'
import { decidedTogether } from './answers.ts'
import { DecisionFilterFields } from './decision-filter-fields.tsx'
import { EVERYTHING, rangeOf } from './decision-filter.ts'

/** Pages of one search; what is written in the fields meanwhile is of the next one. */
interface Found {
  readonly range: DecisionRange
  readonly decisions: readonly Decision[]
  readonly next: Decisions['next']
}

/** Search over past decisions, each explained from the policy and the facts of then. */
export function DecisionsPanel() {
  const { t } = useTranslation('studio')
  const action = useAction()
  const [filter, setFilter] = useState(EVERYTHING)
  const [found, setFound] = useState<Found>()
  function read(range: DecisionRange, before?: Found): void {
    const after = before?.next ?? undefined
    action.run(async () => {
      const page = await decisions({ ...range, ...(after !== undefined && { after }) })
      const all = [...(before?.decisions ?? []), ...page.decisions]
      setFound({ range, decisions: all, next: page.next })
    })
  }
  return (
    <>
      <Text>{t('decisions.text')}</Text>
      <form
        className="space-y-4"
        onSubmit={(event) => {
          event.preventDefault()
          read(rangeOf(filter))
        }}
      >
        <DecisionFilterFields filter={filter} onChange={setFilter} />
        <button type="submit" className={buttonLook('primary')}>
          {action.busy ? t('decisions.searching') : t('decisions.search')}
        </button>
      </form>
      {action.failure && <ErrorNotice failure={action.failure} />}
      {found !== undefined && (
        <FoundDecisions
          found={found}
          busy={action.busy}
          onMore={() => {
            read(found.range, found)
          }}
          onWhole={(questionId) => {
            read({ questionId })
          }}
        />
      )}
    </>
  )
}

function FoundDecisions(props: {
  readonly found: Found
  readonly busy: boolean
  readonly onMore: () => void
  readonly onWhole: (questionId: string) => void
}) {
  const { t } = useTranslation('studio')
  const { range, decisions: shown, next } = props.found
  const count = shown.length
  return (
    <>
      <p role="status" className="text-std-16N-170">
        {next !== null && t('decisions.foundSoFar', { count })}
        {next === null && (count === 0 ? t('decisions.none') : t('decisions.found', { count }))}
      </p>
      {count > 0 && (
        <div className="space-y-1">
          <a
            href={exportAddress(range)}
            download="decisions.ndjson"
            className={buttonLook('secondary', true)}
          >
            {t('decisions.export')}
          </a>
          <Small>{t('decisions.exportText')}</Small>
        </div>
      )}
      <ul className="space-y-4">
        {decidedTogether(shown).map((group) => (
          <li key={group.id}>
            <AnswerGroup
              group={group}
              onWhole={range.questionId === undefined ? props.onWhole : undefined}
            />
          </li>
        ))}
      </ul>
      {next !== null && (
        <Button kind="secondary" busy={props.busy} onPress={props.onMore}>
          {t('decisions.more')}
        </Button>
      )}
    </>
  )
}
