import { useMemo, type ReactNode } from 'react'
import { useTranslation } from 'react-i18next'
import type { Place } from '../../../services/policy/language/diagnostic.ts'
import type { Pack, Rule } from '../../../services/policy/language/pack.ts'
import type { AxisDifference, AxisFindings, ExamplePerson, Finding } from '../api/policy.ts'
import { QuietFailure, Waiting } from '../parts/notice.tsx'
import { Badge, Section, Small, Text, type Tone } from '../parts/page.tsx'
import { local } from '../text/format.ts'
import { useLanguage } from '../text/i18n.ts'
import { changesOf, useAnalysis, type AnalysisQuestion, type AxisAnalysis } from './analysis.ts'
import type { Draft } from './draft.ts'
import { FactsView } from './facts-view.tsx'
import { Sample } from './samples-panel.tsx'
import { NO_OPTIONS, SampleScorer, type SampleScores } from './sample-scores.ts'
import { folderOf } from './workbench.ts'

interface Packs {
  readonly now: Pack
  /** As it is in force. */
  readonly base: Pack | undefined
}

/** What is proved of the framework as written, each thing by a person who shows it. */
export function AnalysisPanel(props: {
  readonly path: string
  /** Absent while there are faults: nothing can be proved of them. */
  readonly pack: Pack | undefined
  readonly lastPack: Pack | undefined
  readonly base: Pack | undefined
  readonly draft: Draft
  readonly onGoTo: (place: Place) => void
}) {
  const { t } = useTranslation('studio')
  const { pack, lastPack, base } = props
  const question = useQuestion(props)
  const { axes, waitingFor, failure } = useAnalysis(question)
  if (lastPack === undefined)
    return (
      <Section title={t('analysis.title')}>
        <Text>{t('samples.noPack')}</Text>
      </Section>
    )
  return (
    <Section title={t('analysis.title')}>
      <Small>{t('analysis.text')}</Small>
      {pack === undefined && <Text>{t('analysis.faulty')}</Text>}
      {failure !== undefined && <QuietFailure failure={failure} />}
      {waitingFor !== undefined && (
        <Waiting text={t('analysis.waiting', { axis: titleOf(lastPack, waitingFor) })} />
      )}
      {[...lastPack.axes.keys()].map((axis) => {
        const found = axes.get(axis)
        return found === undefined ? null : (
          <Axis
            key={axis}
            analysis={found}
            current={found.of === question}
            packs={{ now: lastPack, base }}
            onGoTo={props.onGoTo}
          />
        )
      })}
      <Assumptions of={[...axes.values()][0]?.findings} />
    </Section>
  )

  function titleOf({ axes: known }: Pack, name: string): string {
    return known.get(name)?.name ?? name
  }
}

function useQuestion(props: {
  readonly path: string
  readonly pack: Pack | undefined
  readonly base: Pack | undefined
  readonly draft: Draft
}): AnalysisQuestion | undefined {
  const { path, pack, base, draft } = props
  const changes = JSON.stringify(changesOf(folderOf(path), draft.changes))
  return useMemo(() => {
    if (pack === undefined) return undefined
    return {
      pack: folderOf(path),
      axes: [...pack.axes.keys()],
      known: [...pack.axes.values()]
        .filter(({ name, internal }) => !internal && base?.axes.has(name) === true)
        .map(({ name }) => name),
      changes: JSON.parse(changes) as AnalysisQuestion['changes'], // written above
    }
  }, [path, pack, base, changes])
}

function Axis(props: {
  readonly analysis: AxisAnalysis
  readonly current: boolean
  readonly packs: Packs
  readonly onGoTo: (place: Place) => void
}) {
  const { t } = useTranslation('studio')
  const { language } = useLanguage()
  const { axis, findings, difference } = props.analysis
  const known = props.packs.now.axes.get(axis)
  const faults = findings.findings.filter(({ fault }) => fault)
  const notes = findings.findings.filter(({ fault }) => !fault)
  return (
    <div className="space-y-3 rounded-8 border border-solid-gray-420 p-3">
      <h3 className="text-std-18B-160">
        {known === undefined ? axis : `${local(language, known.title)} (${axis})`}
      </h3>
      {!props.current && <Small>{t('analysis.earlier')}</Small>}
      {difference !== undefined && <DifferenceView difference={difference} packs={props.packs} />}
      <p className="flex flex-wrap items-center gap-2 text-std-16N-170">
        {findings.unproved !== null ? (
          <>
            <Badge tone="warn">{t('analysis.unproved')}</Badge>
            <span>{local(language, findings.unproved)}</span>
          </>
        ) : faults.length === 0 ? (
          <Badge tone="good">{t('analysis.noFault')}</Badge>
        ) : (
          <Badge tone="bad">{t('analysis.faults', { count: faults.length })}</Badge>
        )}
      </p>
      <Findings findings={faults} axis={axis} {...props} />
      {notes.length > 0 && (
        <details>
          <summary className="cursor-pointer link">
            {t('analysis.notes', { count: notes.length })}
          </summary>
          <div className="mt-3">
            <Findings findings={notes} axis={axis} {...props} />
          </div>
        </details>
      )}
      {findings.open.length > 0 && (
        <ul className="ml-5 list-disc text-dns-14N-130 leading-160 text-solid-gray-700">
          {findings.open.map((open) => (
            <li key={open.en}>{local(language, open)}</li>
          ))}
        </ul>
      )}
    </div>
  )
}

function Findings(props: {
  readonly findings: readonly Finding[]
  readonly axis: string
  readonly packs: Packs
  readonly onGoTo: (place: Place) => void
}) {
  if (props.findings.length === 0) return null
  return (
    <ul className="space-y-3">
      {props.findings.map((finding) => (
        <li key={`${finding.kind} ${finding.text.en}`}>
          <FindingView finding={finding} {...props} />
        </li>
      ))}
    </ul>
  )
}

function FindingView(props: {
  readonly finding: Finding
  readonly axis: string
  readonly packs: Packs
  readonly onGoTo: (place: Place) => void
}) {
  const { t } = useTranslation('studio')
  const { language } = useLanguage()
  const { kind, fault, text, rule, example } = props.finding
  const place = rule === null ? undefined : ruleOf(props.packs.now, rule)?.place
  return (
    <div className="space-y-2">
      <p className="text-std-16N-170">
        <Badge tone={fault ? 'bad' : 'plain'}>
          {t(`analysis.kinds.${kind}`, { defaultValue: kind })}
        </Badge>{' '}
        {local(language, text)}
        {place !== undefined && (
          <>
            {' '}
            <button
              type="button"
              className="min-h-11 cursor-pointer link"
              onClick={() => {
                props.onGoTo(place)
              }}
            >
              {t('analysis.goTo', { rule })}
            </button>
          </>
        )}
      </p>
      {example !== null && (
        <Shown
          axis={props.axis}
          example={example}
          pack={props.packs.now}
          title={t('analysis.example')}
        />
      )}
    </div>
  )
}

function ruleOf(pack: Pack, id: string): Rule | undefined {
  const { grants, vetoes, caps, notes, answers } = pack
  return [...grants, ...vetoes, ...caps, ...notes, ...answers].find((rule) => rule.id === id)
}

const TONES: Readonly<Record<AxisDifference['change'], Tone>> = {
  equivalent: 'good',
  'only-lowers': 'warn',
  'only-raises': 'warn',
  mixed: 'warn',
  differs: 'warn',
  open: 'plain',
}

function DifferenceView(props: { readonly difference: AxisDifference; readonly packs: Packs }) {
  const { t } = useTranslation('studio')
  const { language } = useLanguage()
  const { axis, change, unproved, raised, lowered } = props.difference
  const { now, base } = props.packs
  return (
    <div className="space-y-2">
      <p className="flex flex-wrap items-center gap-2 text-std-16N-170">
        {t('analysis.difference')}
        <Badge tone={TONES[change]}>{t(`analysis.changes.${change}`)}</Badge>
        {unproved !== null && <span>{local(language, unproved)}</span>}
      </p>
      {raised !== null && (
        <Shown
          axis={axis}
          example={raised}
          pack={now}
          base={base}
          title={t(change === 'differs' ? 'analysis.otherwise' : 'analysis.raised')}
        />
      )}
      {lowered !== null && (
        <Shown axis={axis} example={lowered} pack={now} base={base} title={t('analysis.lowered')} />
      )}
    </div>
  )
}

/** A person of a proof, as sample people are shown. Options stand as the pack itself sets them: so they did in the proof. */
function Shown(props: {
  readonly axis: string
  readonly example: ExamplePerson
  readonly pack: Pack
  readonly base?: Pack | undefined
  readonly title: string
}): ReactNode {
  const { t } = useTranslation('studio')
  const { language } = useLanguage()
  const { axis, example, pack, base, title } = props
  const scored = useMemo(() => {
    const at = Math.floor(Date.parse(example.at) / 1000)
    const scorer = new SampleScorer(pack, NO_OPTIONS, at)
    const person = { id: title, title: { ja: title, en: title }, facts: example.facts }
    const of = (one: Pack | undefined): SampleScores | undefined =>
      one?.axes.has(axis) === true
        ? new SampleScorer(one, NO_OPTIONS, at).on(axis, person)
        : undefined
    return { scorer, sample: of(pack), before: of(base) }
  }, [axis, example, pack, base, title])
  if (scored.sample === undefined) return null
  return (
    <Sample sample={scored.sample} before={scored.before} scorer={scored.scorer}>
      <Text>{local(language, example.label)}</Text>
      {example.before !== null && (
        <>
          <Text>{t('analysis.step', { values: example.values.join(' → ') })}</Text>
          <FactsView title={t('analysis.factsBefore')} facts={example.before} />
        </>
      )}
      <FactsView title={t('analysis.facts')} facts={example.facts} />
    </Sample>
  )
}

function Assumptions({ of }: { readonly of: AxisFindings | undefined }) {
  const { t } = useTranslation('studio')
  const { language } = useLanguage()
  if (of === undefined) return null
  return (
    <details>
      <summary className="cursor-pointer link">{t('analysis.assumptions')}</summary>
      <ul className="mt-2 ml-5 list-disc text-dns-14N-130 leading-160">
        {of.assumptions.map((assumption) => (
          <li key={assumption.en}>{local(language, assumption)}</li>
        ))}
      </ul>
    </details>
  )
}
