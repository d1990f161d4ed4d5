import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { check, impact, propose, type GateReport, type Impact } from '../api/policy.ts'
import { useAction } from '../parts/asking.ts'
import { Button } from '../parts/button.tsx'
import { Checkbox } from '../parts/choice.tsx'
import { Confirm } from '../parts/dialog.tsx'
import { ErrorNotice } from '../parts/notice.tsx'
import { Section, Small, Text } from '../parts/page.tsx'
import { ChangesView } from './changes-view.tsx'
import type { Draft } from './draft.ts'
import { Field } from './fields.tsx'
import { ImpactView } from './impact-view.tsx'
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

/** An answer about the changes as they were when it was asked for. */
interface About<Answer> {
  readonly changes: Draft['changes']
  readonly answer: Answer
}

function Checking({ draft }: { readonly draft: Draft }) {
  const { t } = useTranslation('studio')
  const action = useAction()
  const [found, setFound] = useState<About<GateReport>>()
  const { changes } = draft
  return (
    <Section title={t('changes.checkTitle')}>
      <Small>{t('changes.checkText')}</Small>
      <Button
        kind="secondary"
        busy={action.busy}
        busyText={t('changes.checking')}
        onPress={() => {
          action.run(async () => {
            setFound({ changes, answer: await check(changes) })
          })
        }}
      >
        {t('changes.check')}
      </Button>
      {action.failure && <ErrorNotice failure={action.failure} />}
      {found !== undefined && <Outdated about={found} draft={draft} />}
      {found !== undefined && <ReportView report={found.answer} />}
    </Section>
  )
}

function Impacts({ draft }: { readonly draft: Draft }) {
  const { t } = useTranslation('studio')
  const action = useAction()
  const [found, setFound] = useState<About<Impact>>()
  const { changes } = draft
  return (
    <Section title={t('changes.impactTitle')}>
      <Small>{t('changes.impactText')}</Small>
      <Button
        kind="secondary"
        busy={action.busy}
        busyText={t('changes.computing')}
        onPress={() => {
          action.run(async () => {
            setFound({ changes, answer: await impact(changes) })
          })
        }}
      >
        {t('changes.impact')}
      </Button>
      {action.failure && <ErrorNotice failure={action.failure} />}
      {found !== undefined && <Outdated about={found} draft={draft} />}
      {found !== undefined && <ImpactView impact={found.answer} />}
    </Section>
  )
}

function Outdated(props: { readonly about: About<unknown>; readonly draft: Draft }) {
  const { t } = useTranslation('studio')
  return props.about.changes === props.draft.changes ? null : <Text>{t('changes.outdated')}</Text>
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
