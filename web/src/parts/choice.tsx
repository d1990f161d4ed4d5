import type { ReactNode } from 'react'
import { Checkbox as AriaCheckbox, Label, Radio, RadioGroup } from 'react-aria-components'

export interface Option {
  readonly value: string
  readonly name: ReactNode
  readonly text: string
}

const ROW =
  'flex cursor-pointer gap-3 rounded-8 border border-solid-gray-420 p-4 hover:bg-solid-gray-50 data-[selected]:border-key-900 data-[selected]:bg-key-50 data-[focus-visible]:outline-4 data-[focus-visible]:outline-offset-2 data-[focus-visible]:outline-black data-[focus-visible]:ring-2 data-[focus-visible]:ring-yellow-300'

/** One of a few, each with its explanation. */
export function Choice(props: {
  readonly label: string
  readonly options: readonly Option[]
  /** null: none yet. With any other value that is no option, Tab would pass the whole group by. */
  readonly value: string | null
  readonly onChange: (value: string) => void
}) {
  return (
    <RadioGroup value={props.value} onChange={props.onChange} className="space-y-3">
      <Label className="block text-std-16B-170">{props.label}</Label>
      {props.options.map((option) => (
        <Radio key={option.value} value={option.value} className={`group ${ROW}`}>
          <span
            aria-hidden="true"
            className="mt-1 flex size-6 shrink-0 items-center justify-center rounded-full border-2 border-solid-gray-600 bg-white group-data-[selected]:border-key-900"
          >
            <span className="size-3 rounded-full group-data-[selected]:bg-key-900" />
          </span>
          <span>
            <span className="block text-std-16B-170">{option.name}</span>
            <span className="block text-dns-14N-130 leading-160">{option.text}</span>
          </span>
        </Radio>
      ))}
    </RadioGroup>
  )
}

export function Checkbox(props: {
  readonly checked: boolean
  readonly onChange: (checked: boolean) => void
  readonly children: ReactNode
}) {
  return (
    <AriaCheckbox
      isSelected={props.checked}
      onChange={props.onChange}
      className="group flex min-h-11 cursor-pointer items-start gap-3 rounded-4 py-2 data-[focus-visible]:outline-4 data-[focus-visible]:outline-offset-2 data-[focus-visible]:outline-black data-[focus-visible]:ring-2 data-[focus-visible]:ring-yellow-300"
    >
      <span
        aria-hidden="true"
        className="mt-0.5 flex size-6 shrink-0 items-center justify-center rounded-4 border-2 border-solid-gray-600 bg-white text-white group-data-[selected]:border-key-900 group-data-[selected]:bg-key-900"
      >
        <svg viewBox="0 0 16 16" className="size-4 fill-none stroke-current stroke-3">
          <path d="M2.5 8.5l4 4 7-9" />
        </svg>
      </span>
      <span className="min-w-0 text-std-16N-170">{props.children}</span>
    </AriaCheckbox>
  )
}
