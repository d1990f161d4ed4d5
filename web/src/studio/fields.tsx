import { useId, type ReactNode } from 'react'
import { FieldError, Input, Label, TextArea, TextField } from 'react-aria-components'

const BOX = 'w-full rounded-8 border border-solid-gray-600 bg-white px-4 text-std-16N-170'

/** One line, or several with `rows`; `fault` says what is wrong with what was written. */
export function Field(props: {
  readonly label: string
  readonly value: string
  readonly onChange: (value: string) => void
  readonly type?: 'text' | 'date'
  readonly rows?: number
  readonly fault?: string | undefined
}) {
  const { fault, rows, type = 'text' } = props
  return (
    <TextField
      value={props.value}
      onChange={props.onChange}
      isInvalid={fault !== undefined}
      maxLength={1000}
      type={type}
      className="space-y-1"
    >
      <Label className="block text-std-16B-170">{props.label}</Label>
      {rows === undefined ? (
        <Input className={`min-h-12 ${BOX}`} />
      ) : (
        <TextArea rows={rows} className={`py-2 ${BOX}`} />
      )}
      <FieldError className="block text-dns-16N-130 text-error-2">{fault}</FieldError>
    </TextField>
  )
}

interface Option {
  readonly value: string
  readonly name: string
}

interface ChoiceGroup {
  readonly name: string
  readonly options: readonly Option[]
}

/** One of many, in groups or side by side: the browser's own list, which phones show best. */
export function Select(props: {
  readonly label: string
  readonly value: string
  readonly groups: readonly (ChoiceGroup | Option)[]
  readonly onChange: (value: string) => void
}): ReactNode {
  const id = useId()
  return (
    <div className="space-y-1">
      <label htmlFor={id} className="block text-std-16B-170">
        {props.label}
      </label>
      <select
        id={id}
        value={props.value}
        onChange={(event) => {
          props.onChange(event.target.value)
        }}
        className={`min-h-12 text-ellipsis ${BOX}`}
      >
        {props.groups.map((group) =>
          'options' in group ? (
            <optgroup key={group.name} label={group.name}>
              {group.options.map(toOption)}
            </optgroup>
          ) : (
            toOption(group)
          ),
        )}
      </select>
    </div>
  )
}

function toOption({ value, name }: Option): ReactNode {
  return (
    <option key={value} value={value}>
      {name}
    </option>
  )
}
