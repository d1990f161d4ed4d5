import { useState, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import { formatTime } from '../../../services/policy/language/dates.ts'
import type { Pack } from '../../../services/policy/language/pack.ts'
import type { RuleReason, Score } from '../../../services/policy/language/score-value.ts'
import { Badge, Section, Small, Text } from '../parts/page.tsx'
import { dateTime, local } from '../text/format.ts'
import { useLanguage } from '../text/i18n.ts'
import { differs, valueText, type SampleScorer, type SampleScores } from './sample-scores.ts'

/** What each sample person gets under the rules as written, and why. */
export function SamplesPanel(props: {
  readonly pack: Pack | undefined
  /** The rules have faults now; what is shown is of the last ones without. */
  readonly faulty: boolean
  readonly scores:
    | { readonly scorer: SampleScorer; readonly people: readonly SampleScores[] | undefined }
    | undefined
  readonly before: readonly SampleScores[] | undefined
}) {
  const { t } = useTranslation('studio')
  const { language } = useLanguage()
  const { pack, scores } = props
  return (
    <Section title={t('samples.title')}>
      {pack === undefined || scores === undefined ? (
        <Text>{t('samples.noPack')}</Text>
      ) : (
        <>
          <Small>
            {local(language, pack.title)} ({pack.framework} {pack.version}). {t('samples.text')}{' '}
            {t('samples.options')}
          </Small>
          {props.faulty && <Small>{t('samples.none')}</Small>}
          {scores.people === undefined && <Text>{t('samples.notInForce')}</Text>}
          <ul className="space-y-3">
            {scores.people?.map((sample) => (
              <li key={sample.person.id}>
                <Sample
                  sample={sample}
                  before={props.before?.find(({ person }) => person.id === sample.person.id)}
                  scorer={scores.scorer}
                />
              </li>
            ))}
          </ul>
        </>
      )}
    </Section>
  )
}

/** A person with their levels, to be opened for the reasons. */
export function Sample(props: {
  readonly sample: SampleScores
  readonly before: SampleScores | undefined
  readonly scorer: SampleScorer
  /** Stands over the reasons. */
  readonly children?: ReactNode
}) {
  const { language } = useLanguage()
  const { person, scores } = props.sample
  const [open, setOpen] = useState(false)
  // What an answer says is long: it stands in the open only where it changed.
  const isShown = (score: Score): boolean =>
    props.scorer.pack.axes.get(score.axis)?.kind !== 'answer' ||
    differs(score, beforeOf(props.before, score))
  return (
    <details
      className="group rounded-8 border border-solid-gray-420 p-3"
      onToggle={(event) => {
        setOpen(event.currentTarget.open)
      }}
    >
      <summary className="cursor-pointer space-y-1 text-std-16B-170">
        {local(language, person.title)}
        <span className="flex flex-wrap gap-2">
          {scores.filter(isShown).map((score) => (
            <Value key={score.axis} score={score} before={beforeOf(props.before, score)} />
          ))}
        </span>
      </summary>
      <div className="mt-3 space-y-4 border-t border-solid-gray-200 pt-3">
        {props.children}
        {/* What is missing is computed for those alone who are looked at: this is drawn at every key. */}
        {(open ? scores : []).map((score) => (
          <Reasons
            key={score.axis}
            score={score}
            sample={props.sample}
            before={beforeOf(props.before, score)}
            scorer={props.scorer}
          />
        ))}
      </div>
    </details>
  )
}

function beforeOf(before: SampleScores | undefined, { axis }: Score): Score | undefined {
  return before?.scores.find((score) => score.axis === axis)
}

function Value({ score, before }: { readonly score: Score; readonly before: Score | undefined }) {
  const { t } = useTranslation('studio')
  const changed = differs(score, before)
  return (
    <Badge tone={changed ? 'warn' : 'plain'}>
      {score.axis} {shown(score, t('samples.indeterminate'))}
      {changed && ` (${t('samples.changed')})`}
    </Badge>
  )
}

function shown(score: Score, indeterminate: string): string {
  return score.status === 'indeterminate' ? indeterminate : valueText(score.value)
}

function Reasons(props: {
  readonly score: Score
  readonly sample: SampleScores
  readonly before: Score | undefined
  readonly scorer: SampleScorer
}) {
  const { t } = useTranslation('studio')
  const { language } = useLanguage()
  const { score, before } = props
  const axis = props.scorer.pack.axes.get(score.axis)
  const unmet = props.scorer.unmet(props.sample.person, score.axis)
  return (
    <div className="space-y-2">
      <h3 className="text-std-16B-170">
        {axis === undefined ? score.axis : local(language, axis.title)}:{' '}
        {shown(score, t('samples.indeterminate'))}
      </h3>
      {before !== undefined && differs(score, before) && (
        <p className="text-dns-16N-130 leading-160">
          {t('samples.before', { value: shown(before, t('samples.indeterminate')) })}
        </p>
      )}
      {score.validUntil !== undefined && (
        <p className="text-dns-16N-130 leading-160">
          {t('samples.until', { time: dateTime(language, formatTime(score.validUntil)) })}
        </p>
      )}
      <Small>{t('samples.decided')}</Small>
      {score.fired.length === 0 ? (
        <Text>{t('samples.noRule')}</Text>
      ) : (
        <RuleList rules={score.fired} />
      )}
      {score.missing.length > 0 && (
        <>
          <Small>{t('samples.unknown')}</Small>
          <ul className="ml-5 list-disc text-dns-16N-130 leading-160">
            {score.missing.map((missing) => (
              <li key={missing.path}>
                {missing[language]} (<code>{missing.path}</code>)
              </li>
            ))}
          </ul>
        </>
      )}
      {unmet.length > 0 && (
        <>
          <Small>{t('samples.unmet')}</Small>
          <ul className="ml-5 list-disc text-dns-16N-130 leading-160">
            {unmet.slice(0, MOST_UNMET).map((rule) => (
              <li key={rule.id}>
                {rule.effect !== '' && `${rule.effect}: `}
                {local(language, rule.missing ?? rule.title)} ({rule.cites.join(', ')})
              </li>
            ))}
          </ul>
        </>
      )}
    </div>
  )
}

const MOST_UNMET = 5

function RuleList({ rules }: { readonly rules: readonly RuleReason[] }) {
  const { language } = useLanguage()
  return (
    <ul className="ml-5 list-disc text-dns-16N-130 leading-160">
      {rules.map(({ id, title, cites }) => (
        <li key={id}>
          <code>{id}</code> {local(language, title)}
          {cites.length > 0 && ` (${cites.join(', ')})`}
        </li>
      ))}
    </ul>
  )
}
