import { useMemo, useState, type KeyboardEvent } from 'react'
import { useTranslation } from 'react-i18next'
import type { Place } from '../../../services/policy/language/diagnostic.ts'
import type { Axis, Pack } from '../../../services/policy/language/pack.ts'
import { Badge, Section, Small, Text, type Tone } from '../parts/page.tsx'
import { local } from '../text/format.ts'
import { useLanguage } from '../text/i18n.ts'
import { decisionTable, type DecisionTable, type TableRow, type Wish } from './decision-table.ts'
import { Select } from './fields.tsx'

/** The rules of one axis side by side. */
export function TablePanel(props: {
  readonly pack: Pack | undefined
  readonly faulty: boolean
  readonly onGoTo: (place: Place) => void
}) {
  const { t } = useTranslation('studio')
  const { language } = useLanguage()
  const { pack } = props
  const [chosen, setChosen] = useState('')
  const axes = [...(pack?.axes.values() ?? [])]
  const axis = axes.find(({ name }) => name === chosen) ?? axes[0]
  return (
    <Section title={t('table.title')}>
      {pack === undefined || axis === undefined ? (
        <Text>{t('samples.noPack')}</Text>
      ) : (
        <>
          <Small>{t('table.text')}</Small>
          {props.faulty && <Small>{t('samples.none')}</Small>}
          <Select
            label={t('table.axis')}
            value={axis.name}
            onChange={setChosen}
            groups={[
              {
                name: local(language, pack.title),
                options: axes.map(({ name, title }) => ({
                  value: name,
                  name: `${local(language, title)} (${name})`,
                })),
              },
            ]}
          />
          <Table pack={pack} axis={axis} onGoTo={props.onGoTo} />
        </>
      )}
    </Section>
  )
}

function Table(props: {
  readonly pack: Pack
  readonly axis: Axis
  readonly onGoTo: (place: Place) => void
}) {
  const { t } = useTranslation('studio')
  const { language } = useLanguage()
  const { pack, axis } = props
  const table = useMemo(() => decisionTable(pack, axis), [pack, axis])
  const { columns, rows, minimum } = table
  const others = rows.some((row) => row.others.length > 0)
  const name = t('table.caption', { axis: local(language, axis.title), count: rows.length })
  return (
    <>
      {minimum.length > 0 && (
        <Text>
          {t('table.minimum')} <code>{minimum.join(', ')}</code>
        </Text>
      )}
      {rows.length === 0 ? (
        <Text>{t('table.noRules')}</Text>
      ) : (
        <div className="relative overflow-x-auto" tabIndex={0} role="region" aria-label={name}>
          <table className="border-collapse text-dns-14N-130">
            <caption className="pb-1 text-left leading-160 text-solid-gray-700">{name}</caption>
            <thead>
              <tr>
                <th scope="col" className={`${HEAD} lg:sticky lg:left-0 lg:z-10`}>
                  {t('table.rule')}
                </th>
                <th scope="col" className={HEAD}>
                  {t('table.result')}
                </th>
                {columns.map((column) => (
                  <th key={column} scope="col" className={HEAD}>
                    <code className="break-words">{column}</code>
                  </th>
                ))}
                {others && (
                  <th scope="col" className={HEAD}>
                    {t('table.others')}
                  </th>
                )}
                <th scope="col" className={HEAD}>
                  {t('table.clause')}
                </th>
              </tr>
            </thead>
            <tbody onKeyDown={moveAmongRows}>
              {rows.map((row) => (
                <Row key={row.rule.id} row={row} table={table} others={others} {...props} />
              ))}
            </tbody>
          </table>
        </div>
      )}
    </>
  )
}

/** Up and down among the rules, Home and End to the first and the last. */
function moveAmongRows(event: KeyboardEvent<HTMLTableSectionElement>): void {
  const buttons = [...event.currentTarget.querySelectorAll('button')]
  const now = buttons.findIndex((button) => button === document.activeElement)
  if (now < 0) return
  const to = { ArrowDown: now + 1, ArrowUp: now - 1, Home: 0, End: buttons.length - 1 }[event.key]
  const target = to === undefined ? undefined : buttons[to]
  if (target === undefined) return
  event.preventDefault()
  target.focus()
}

function Row(props: {
  readonly row: TableRow
  readonly table: DecisionTable
  readonly others: boolean
  readonly onGoTo: (place: Place) => void
}) {
  const { t } = useTranslation('studio')
  const { language } = useLanguage()
  const { rule, wishes, others } = props.row
  return (
    <tr className="focus-within:bg-yellow-50">
      <th scope="row" className={`${CELL} lg:sticky lg:left-0 lg:z-10 min-w-36 bg-white text-left`}>
        <button
          type="button"
          className="min-h-11 cursor-pointer text-left link"
          onClick={() => {
            props.onGoTo(rule.place)
          }}
        >
          {rule.id}
        </button>
        <span className="block leading-160">{local(language, rule.title)}</span>
      </th>
      <td className={CELL}>
        <Effect row={props.row} />
      </td>
      {props.table.columns.map((column) => (
        <td key={column} className={CELL}>
          <Wishes of={wishes.get(column) ?? []} />
        </td>
      ))}
      {props.others && (
        <td className={CELL}>{others.length === 0 ? <Nothing /> : <Lines lines={others} />}</td>
      )}
      <td className={`${CELL} min-w-36 leading-160`}>
        {rule.cites.join(', ') || t('table.noClause')}
      </td>
    </tr>
  )
}

const TONES: Readonly<Record<TableRow['stratum'], Tone>> = {
  grant: 'good',
  veto: 'bad',
  cap: 'warn',
  answer: 'plain',
}

function Effect({ row: { stratum, effect } }: { readonly row: TableRow }) {
  const { t } = useTranslation('studio')
  return (
    <span className="flex flex-col items-start gap-1">
      <Badge tone={TONES[stratum]}>{t(`table.strata.${stratum}`)}</Badge>
      {effect.length === 0
        ? t('table.toLowest')
        : effect.map((one) => <span key={one}>{one}</span>)}
    </span>
  )
}

function Wishes({ of }: { readonly of: readonly Wish[] }) {
  const { t } = useTranslation('studio')
  if (of.length === 0) return <Nothing />
  const [only] = of
  if (only !== undefined && only.kind !== 'text')
    return <span>{t(`table.wishes.${only.kind}`)}</span>
  return <Lines lines={of.flatMap((wish) => (wish.kind === 'text' ? wish.text : []))} />
}

function Lines({ lines }: { readonly lines: readonly string[] }) {
  return (
    <ul className="space-y-1">
      {lines.map((line) => (
        <li key={line}>
          <code className="leading-160 break-words">{line}</code>
        </li>
      ))}
    </ul>
  )
}

/** An empty cell says so to whoever cannot see that it is. */
function Nothing() {
  const { t } = useTranslation('studio')
  return (
    <span className="text-solid-gray-600">
      <span aria-hidden="true">–</span>
      <span className="sr-only">{t('table.any')}</span>
    </span>
  )
}

const CELL = 'max-w-72 border border-solid-gray-420 px-2 py-2 align-top font-400'
const HEAD = `${CELL} bg-solid-gray-50 text-left font-700`
