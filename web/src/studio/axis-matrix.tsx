import { useTranslation } from 'react-i18next'
import { INDETERMINATE } from '../../../services/policy/language/score-value.ts'
import type { ImpactAxis } from '../api/policy.ts'
import { Small, Text } from '../parts/page.tsx'
import { local } from '../text/format.ts'
import { useLanguage } from '../text/i18n.ts'

/** How many go from which level to which on one axis: people now, or decisions of the log. */
export function AxisMatrix(props: {
  readonly axis: ImpactAxis
  /** Whose words are used. */
  readonly of: 'changes' | 'logImpact'
}) {
  const { t } = useTranslation('studio')
  const { language } = useLanguage()
  const { axis, of } = props
  const { raised, lowered, levels, matrix } = axis
  const same = matrix.reduce((sum, row, level) => sum + (row[level] ?? 0), 0)
  const name = `${local(language, axis.title)} (${axis.framework} ${axis.axis})`
  const nameOf = (level: string): string =>
    level === INDETERMINATE ? t('samples.indeterminate') : level
  const summary = t(`${of}.summary`, { raised, lowered, same })
  return (
    <div className="space-y-3">
      <h3 className="text-std-18B-160">{name}</h3>
      <Text>{summary}</Text>
      <Chart
        label={t('changes.chart', { axis: name, summary })}
        parts={{ raised, lowered, same }}
      />
      {/* A caption would be as wide as the table, which is scrolled. */}
      <Small>{t(`${of}.matrix`)}</Small>
      <div className="relative overflow-x-auto" tabIndex={0} role="region" aria-label={name}>
        <table aria-label={name} className="border-collapse text-dns-16N-130">
          <thead>
            <tr>
              <th scope="col" className={CELL}>
                {t(`${of}.nowColumn`)}
              </th>
              {levels.map((level) => (
                <th key={level} scope="col" className={CELL}>
                  {nameOf(level)}
                </th>
              ))}
            </tr>
          </thead>
          <tbody>
            {levels.map((level, row) => (
              <tr key={level}>
                <th scope="row" className={CELL}>
                  {nameOf(level)}
                </th>
                {levels.map((to, column) => {
                  const count = matrix[row]?.[column] ?? 0
                  return (
                    <td key={to} className={`${CELL} text-right ${cellLook(row, column, count)}`}>
                      {count}
                    </td>
                  )
                })}
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </div>
  )
}

const CELL = 'border border-solid-gray-420 px-3 py-2 font-400 whitespace-nowrap'

function cellLook(row: number, column: number, count: number): string {
  if (count === 0) return 'text-solid-gray-700'
  if (row === column) return ''
  return column > row ? 'bg-green-50 font-700 text-green-900' : 'bg-red-50 font-700 text-red-1000'
}

const BARS = {
  raised: 'fill-green-800',
  same: 'fill-solid-gray-420',
  lowered: 'fill-red-800',
} as const
const WIDTH = 360
const BAR = 24
const LABEL = 96

/** Three bars; the same in words is their name, and stands above them. */
function Chart(props: {
  readonly label: string
  readonly parts: Readonly<Record<keyof typeof BARS, number>>
}) {
  const { t } = useTranslation('studio')
  const names = Object.keys(BARS) as (keyof typeof BARS)[] // the keys of our own constant
  const most = Math.max(1, ...Object.values(props.parts))
  return (
    <svg
      role="img"
      aria-label={props.label}
      viewBox={`0 0 ${WIDTH} ${names.length * (BAR + 8)}`}
      className="w-full max-w-md"
    >
      {names.map((name, index) => {
        const length = ((WIDTH - LABEL - 56) * props.parts[name]) / most
        const top = index * (BAR + 8)
        return (
          <g key={name}>
            <text
              x={LABEL - 8}
              y={top + 17}
              textAnchor="end"
              className="fill-solid-gray-900 text-[14px]"
            >
              {t(`changes.${name}`)}
            </text>
            <rect x={LABEL} y={top} width={length} height={BAR} className={BARS[name]} />
            <text x={LABEL + length + 6} y={top + 17} className="fill-solid-gray-900 text-[14px]">
              {props.parts[name]}
            </text>
          </g>
        )
      })}
    </svg>
  )
}
