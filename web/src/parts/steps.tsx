import { useTranslation } from 'react-i18next'

/** Where the person stands in a course of steps; `current` counts from 1, and one more than there are means all done. */
export function Steps(props: {
  readonly label: string
  readonly steps: readonly string[]
  readonly current: number
}) {
  const { t } = useTranslation()
  return (
    <ol aria-label={props.label} className="grid grid-cols-3 gap-2">
      {props.steps.map((step, index) => {
        const number = index + 1
        const state = number < props.current ? 'done' : number === props.current ? 'now' : 'ahead'
        return (
          <li
            key={step}
            {...(state === 'now' ? { 'aria-current': 'step' } : {})}
            className={`border-t-4 pt-2 [word-break:auto-phrase] text-dns-14B-130 ${LOOKS[state]}`}
          >
            {number}. {step}
            <span className="block text-dns-14N-130">
              {state === 'now' && t('enrol.stepNow')}
              {state === 'done' && t('enrol.stepDone')}
            </span>
          </li>
        )
      })}
    </ol>
  )
}

const LOOKS = {
  done: 'border-success-2 text-green-900',
  now: 'border-key-900 text-key-900',
  ahead: 'border-solid-gray-300 text-solid-gray-700',
} as const
