import { useMemo, useState } from 'react'
import { useTranslation } from 'react-i18next'
import { check, impact, propose, replayLog, type GateReport } from '../api/policy.ts'
import { useAction } from '../parts/asking.ts'
import { Button } from '../parts/button.tsx'
import { Checkbox } from '../parts/choice.tsx'
import { Confirm } from '../parts/dialog.tsx'
import { ErrorNotice } from '../parts/notice.tsx'
import { Section, Small, Text } from '../parts/page.tsx'
import { AskedSection } from './asked-section.tsx'
import { ChangesView } from './changes-view.tsx'
import { DecisionFilterFields } from './decision-filter-fields.tsx'
import { EVERYTHING, rangeOf, type DecisionFilter } from './decision-filter.ts'
import type { Draft } from './draft.ts'
import { Field } from './fields.tsx'
import { ImpactView } from './impact-view.tsx'
import { LogImpactView } from './log-impact-view.tsx'
import { ReportView } from './report-view.tsx'

/** What the author changed, whether it may be published, whom it touches, and the way to propose it. */
export function ChangesPanel(props: { readonly draft: Draft; readonly onProposed: () => void }) {
  const { t } = useTranslation('studio')
  const { draft } = props
  if (draft.changes.length === 0) return <Text>{t('changes.none')}</Text>
  return (
    <>
      <Section title={t('changes.title')}>
        <ChangesView base={draft.base} changes={draft.changes} />
        <Discard draft={draft} />
      </Section>
      <Checking draft={draft} />
      <Impacts draft={draft} />
      <LogImpacts draft={draft} />
      <Proposing draft={draft} onProposed={props.onProposed} />
    </>
  )
}

function Discard({ draft }: { readonly draft: Draft }) {
  const { t } = useTranslation('studio')
  const [asking, setAsking] = useState(false)
  const action = useAction()
  return (
    <>
      <Button
        kind="danger"
        small
        onPress={() => {
          setAsking(true)
        }}
      >
        {t('changes.discard')}
      </Button>
      <Confirm
        open={asking}
        onClose={() => {
          setAsking(false)
        }}
        title={t('changes.discardTitle')}
        confirm={t('changes.discard')}
        action={action}
        onConfirm={() => {
          setAsking(false)
          draft.restore()
        }}
      >
        <Text>{t('changes.discardText')}</Text>
      </Confirm>
    </>
  )
}

function Checking({ draft }: { readonly draft: Draft }) {
  const { t } = useTranslation('studio')
  return (
    <AskedSection
      title={t('changes.checkTitle')}
      text={t('changes.checkText')}
      ask={t('changes.check')}
      asking={t('changes.checking')}
      about={draft.changes}
      answer={(changes) => check(changes)}
    >
      {(report) => <ReportView report={report} />}
    </AskedSection>
  )
}

function Impacts({ draft }: { readonly draft: Draft }) {
  const { t } = useTranslation('studio')
  return (
    <AskedSection
      title={t('changes.impactTitle')}
      text={t('changes.impactText')}
      ask={t('changes.impact')}
      asking={t('changes.computing')}
      about={draft.changes}
      answer={impact}
    >
      {(found) => <ImpactView impact={found} />}
    </AskedSection>
  )
}

/** What was asked in the past, answered by the draft. */
function LogImpacts({ draft }: { readonly draft: Draft }) {
  const { t } = useTranslation('studio')
  const [filter, setFilter] = useState<DecisionFilter>({ ...EVERYTHING, occasion: 'answer' })
  const { changes } = draft
  const about = useMemo(() => ({ changes, filter }), [changes, filter])
  return (
    <AskedSection
      title={t('logImpact.title')}
      text={t('logImpact.text')}
      ask={t('logImpact.ask')}
      asking={t('changes.computing')}
      about={about}
      answer={(asked) => replayLog(asked.changes, rangeOf(asked.filter))}
      fields={<DecisionFilterFields filter={filter} onChange={setFilter} />}
    >
      {(found) => <LogImpactView impact={found} />}
    </AskedSection>
  )
}

function Proposing(props: { readonly draft: Draft; readonly onProposed: () => void }) {
  const { t } = useTranslation('studio')
  const { draft } = props
  const action = useAction()
  const [note, setNote] = useState('')
  const [raisesNobody, setRaisesNobody] = useState(false)
  const [tried, setTried] = useState(false)
  const [report, setReport] = useState<GateReport>()
  const empty = note.trim() === ''
  function send(): void {
    setTried(true)
    if (empty) return
    setReport(undefined)
    const intent = raisesNobody ? 'raises_nobody' : 'any'
    action.run(async () => {
      const before = await check(draft.changes, intent)
      if (!before.passed) {
        setReport(before)
        return
      }
      await propose({
        basePolicyDigest: draft.basePolicyDigest,
        changes: [...draft.changes],
        note: note.trim(),
        intent,
      })
      draft.restore()
      props.onProposed()
    })
  }
  return (
    <Section title={t('changes.proposeTitle')}>
      <Small>{t('changes.proposeText')}</Small>
      <Field
        label={t('changes.note')}
        value={note}
        onChange={setNote}
        rows={3}
        fault={tried && empty ? t('changes.noteNeeded') : undefined}
      />
      <Checkbox checked={raisesNobody} onChange={setRaisesNobody}>
        {t('changes.raisesNobody')}
      </Checkbox>
      {action.failure && <ErrorNotice failure={action.failure} />}
      {report !== undefined && <ReportView report={report} />}
      <Button busy={action.busy} busyText={t('changes.proposing')} onPress={send}>
        {t('changes.propose')}
      </Button>
    </Section>
  )
}
