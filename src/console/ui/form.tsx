/** Forms: fields with their labels and hints, and sending them. */
import type { ComponentChildren } from 'preact'
import { useEffect, useId, useRef, useState } from 'preact/hooks'
import { type ApiFailure, failureFrom } from '../api/failure.js'
import { Button, FailureBox } from './parts.js'

export interface Sending {
  readonly isBusy: boolean
  readonly failure: ApiFailure | null
  readonly submit: () => void
}

export function useSubmit(run: () => Promise<void>): Sending {
  const [isBusy, setBusy] = useState(false)
  const [failure, setFailure] = useState<ApiFailure | null>(null)
  const submit = async () => {
    if (isBusy) return
    setBusy(true)
    setFailure(null)
    try {
      await run()
    } catch (error) {
      setFailure(failureFrom(error))
    } finally {
      setBusy(false)
    }
  }
  return { isBusy, failure, submit: () => void submit() }
}

interface FormProps {
  readonly sending: Sending
  /** The button's word. */
  readonly action: string
  readonly isReady?: boolean
  readonly isDangerous?: boolean
  readonly onCancel?: () => void
  readonly children: ComponentChildren
}

export function Form({ sending, action, isReady = true, isDangerous = false, onCancel, children }: FormProps) {
  const submitted = (event: SubmitEvent) => {
    event.preventDefault()
    if (isReady) sending.submit()
  }
  return (
    <form onSubmit={submitted} novalidate>
      {children}
      {sending.failure !== null && <FailureBox failure={sending.failure} />}
      <footer class="form-actions">
        {onCancel !== undefined && (
          <Button tone="quiet" onClick={onCancel}>
            Cancel
          </Button>
        )}
        <Button type="submit" tone={isDangerous ? 'danger' : 'primary'} isDisabled={!isReady || sending.isBusy}>
          {sending.isBusy ? 'Working…' : action}
        </Button>
      </footer>
    </form>
  )
}

interface FieldProps {
  readonly label: string
  readonly hint?: ComponentChildren
  readonly value: string
  readonly onValue: (value: string) => void
  readonly isMono?: boolean
  readonly isFocused?: boolean
  readonly isDisabled?: boolean
}

interface TextFieldProps extends FieldProps {
  readonly type?: 'text' | 'password' | 'number' | 'datetime-local'
  readonly placeholder?: string
  readonly autocomplete?: 'username' | 'current-password' | 'new-password' | 'off'
  /** More than one: a text of lines. */
  readonly lines?: number
}

export function TextField(props: TextFieldProps) {
  const { label, hint, value, onValue, isMono, isFocused, isDisabled, type = 'text', lines = 1 } = props
  const id = useId()
  const input = useRef<HTMLInputElement & HTMLTextAreaElement>(null)
  useEffect(() => {
    if (isFocused) input.current?.focus()
  }, [isFocused])
  const shared = {
    id,
    ref: input,
    value,
    disabled: isDisabled,
    class: isMono ? 'mono' : undefined,
    placeholder: props.placeholder,
    spellcheck: false,
    'aria-describedby': hint === undefined ? undefined : `${id}-hint`,
    onInput: (event: { readonly currentTarget: { readonly value: string } }) => onValue(event.currentTarget.value),
  }
  return (
    <div class="field">
      <label for={id}>{label}</label>
      {lines > 1 ? (
        <textarea {...shared} rows={lines} />
      ) : (
        <input {...shared} type={type as 'text'} autocomplete={props.autocomplete ?? 'off'} />
      )}
      {hint !== undefined && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  )
}

interface SelectFieldProps extends FieldProps {
  readonly options: Readonly<Record<string, string>>
}

export function SelectField({ label, hint, value, onValue, isDisabled, options }: SelectFieldProps) {
  const id = useId()
  return (
    <div class="field">
      <label for={id}>{label}</label>
      <select
        id={id}
        value={value}
        disabled={isDisabled}
        aria-describedby={hint === undefined ? undefined : `${id}-hint`}
        onChange={event => onValue(event.currentTarget.value)}
      >
        {Object.entries(options).map(([option, text]) => (
          <option key={option} value={option}>
            {text}
          </option>
        ))}
      </select>
      {hint !== undefined && (
        <p class="hint" id={`${id}-hint`}>
          {hint}
        </p>
      )}
    </div>
  )
}

interface CheckFieldProps {
  readonly label: string
  readonly isChecked: boolean
  readonly onChecked: (isChecked: boolean) => void
}

export function CheckField({ label, isChecked, onChecked }: CheckFieldProps) {
  return (
    <label class="check">
      <input type="checkbox" checked={isChecked} onChange={event => onChecked(event.currentTarget.checked)} />
      {label}
    </label>
  )
}
