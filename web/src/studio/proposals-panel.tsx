import { useState } from 'react'
import { useTranslation } from 'react-i18next'
import { approve, proposals, refuseProposal, withdraw, type Proposal } from '../api/policy.ts'
import { Answered } from '../parts/answered.tsx'
import { useAction, useAnswer } from '../parts/asking.ts'
import { Button } from '../parts/button.tsx'
import { Confirm } from '../parts/dialog.tsx'
import { Announcement, ErrorNotice, Warning } from '../parts/notice.tsx'
import { Badge, Card, Facts, Small, Text, type Tone } from '../parts/page.tsx'
import { dateTime } from '../text/format.ts'
import { useLanguage } from '../text/i18n.ts'
import { ChangesView } from './changes-view.tsx'
import type { Draft } from './draft.ts'
import { Field } from './fields.tsx'
import { ReportView } from './report-view.tsx'

const TONES = {
  open: 'warn',
  published: 'good',
  withdrawn: 'plain',
  refused: 'bad',
} as const satisfies Record<Proposal['state'], Tone>

/** What authors proposed, and the approval of a second person, which publishes. */
export function ProposalsPanel(props: { readonly draft: Draft; readonly onPublished: () => void }) {
  const { t } = useTranslation('studio')
  const asked = useAnswer(proposals)
  const [said, setSaid] = useState<string>()
  return (
    <>
      <Text>{t('proposals.text')}</Text>
      <Announcement text={said} />
      <Answered asked={asked} path="/studio">
        {(found) =>
          found.length === 0 ? (
            <Text>{t('proposals.none')}</Text>
          ) : (
            <ul className="space-y-4">
              {found.map((proposal) => (
                <li key={proposal.id}>
                  <ProposalCard
                    proposal={proposal}
                    draft={props.draft}
                    onDone={(words, published) => {
                      setSaid(words)
                      asked.again()
                      if (published) props.onPublished()
                    }}
                  />
                </li>
              ))}
            </ul>
          )
        }
      </Answered>
    </>
  )
}

function ProposalCard(props: {
  readonly proposal: Proposal
  readonly draft: Draft
  readonly onDone: (words: string, published: boolean) => void
}) {
  const { t } = useTranslation('studio')
  const { language } = useLanguage()
  const { proposal } = props
  const [shown, setShown] = useState(false)
  const { rolledBackTo, successor } = proposal
  return (
    <Card
      rank="h2"
      title={
        <span className="flex flex-wrap items-center gap-2">
          <span>{t('proposals.titleOf', { author: proposal.author })}</span>
          <Badge tone={TONES[proposal.state]}>{t(`proposals.state.${proposal.state}`)}</Badge>
          {proposal.own && <Badge tone="plain">{t('proposals.own')}</Badge>}
        </span>
      }
    >
      <Facts
        rows={[
          [t('proposals.reason'), proposal.note],
          [t('proposals.at'), dateTime(language, proposal.at)],
          [
            t('proposals.digest'),
            <code key="digest" className="text-dns-14N-130">
              {proposal.contentDigest}
            </code>,
          ],
        ]}
      />
      {proposal.refusal !== null && <Facts rows={[[t('proposals.refusal'), proposal.refusal]]} />}
      {rolledBackTo !== null && <Text>{t('proposals.rollback', { sequence: rolledBackTo })}</Text>}
      {successor !== null && (
        <Warning>
          <p className="break-words">{t('proposals.handsOver', { kid: successor })}</p>
        </Warning>
      )}
      <ReportView report={proposal.report} />
      {proposal.state === 'open' && (
        <>
          {proposal.current ? (
            <Button
              kind="secondary"
              small
              onPress={() => {
                setShown(!shown)
              }}
            >
              {shown ? t('proposals.hide') : t('proposals.show')}
            </Button>
          ) : (
            <Warning>
              <p>{t('proposals.outdated')}</p>
            </Warning>
          )}
          {shown && proposal.current && (
            <ChangesView base={props.draft.base} changes={proposal.changes} />
          )}
          <Actions proposal={proposal} onDone={props.onDone} />
        </>
      )}
    </Card>
  )
}

function Actions(props: {
  readonly proposal: Proposal
  readonly onDone: (words: string, published: boolean) => void
}) {
  const { t } = useTranslation('studio')
  const { proposal, onDone } = props
  const action = useAction()
  const [refusing, setRefusing] = useState(false)
  if (proposal.own)
    return (
      <>
        <Small>{t('proposals.ownText')}</Small>
        {action.failure && <ErrorNotice failure={action.failure} />}
        <Button
          kind="danger"
          small
          busy={action.busy}
          onPress={() => {
            action.run(async () => {
              await withdraw(proposal.id)
              onDone(t('proposals.withdrawn'), false)
            })
          }}
        >
          {t('proposals.withdraw')}
        </Button>
      </>
    )
  return (
    <>
      {action.failure && <ErrorNotice failure={action.failure} />}
      <div className="flex flex-wrap gap-3">
        <Button
          busy={action.busy}
          busyText={t('proposals.approving')}
          disabled={!proposal.current || !proposal.report.passed}
          onPress={() => {
            action.run(async () => {
              const { release } = await approve(proposal.id, proposal.contentDigest)
              onDone(t('proposals.published', { sequence: release.sequence }), true)
            })
          }}
        >
          {t('proposals.approve')}
        </Button>
        <Button
          kind="danger"
          onPress={() => {
            setRefusing(true)
          }}
        >
          {t('proposals.refuse')}
        </Button>
      </div>
      <Refusal
        proposal={proposal}
        open={refusing}
        onClose={() => {
          setRefusing(false)
        }}
        onRefused={() => {
          setRefusing(false)
          onDone(t('proposals.refused'), false)
        }}
      />
    </>
  )
}

function Refusal(props: {
  readonly proposal: Proposal
  readonly open: boolean
  readonly onClose: () => void
  readonly onRefused: () => void
}) {
  const { t } = useTranslation('studio')
  const action = useAction()
  const [reason, setReason] = useState('')
  return (
    <Confirm
      open={props.open}
      onClose={props.onClose}
      title={t('proposals.refuseTitle')}
      confirm={t('proposals.refuse')}
      confirmDisabled={reason.trim() === ''}
      action={action}
      onConfirm={() => {
        action.run(async () => {
          await refuseProposal(props.proposal.id, reason.trim())
          props.onRefused()
        })
      }}
    >
      <Text>{t('proposals.refuseText')}</Text>
      <Field label={t('proposals.refusal')} value={reason} onChange={setReason} rows={3} />
    </Confirm>
  )
}
