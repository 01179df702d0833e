/** Dialogs, and the question before what cannot be taken back. */
import { signal } from '@preact/signals'
import type { ComponentChildren } from 'preact'
import { useId, useLayoutEffect, useRef, useState } from 'preact/hooks'
import { Form, TextField, useSubmit } from './form.js'
import { Button } from './parts.js'

interface DialogProps {
  readonly title: string
  readonly onClose: () => void
  readonly isWide?: boolean
  readonly children: ComponentChildren
}

export function Dialog({ title, onClose, isWide, children }: DialogProps) {
  const dialog = useRef<HTMLDialogElement>(null)
  const id = useId()
  // Before a field of it takes the focus.
  useLayoutEffect(() => dialog.current?.showModal(), [])
  return (
    <dialog ref={dialog} class={isWide ? 'wide' : undefined} aria-labelledby={id} onClose={onClose}>
      <header>
        <h2 id={id}>{title}</h2>
        <Button tone="quiet" icon="close" hint="Close" onClick={() => dialog.current?.close()} />
      </header>
      <div class="dialog-body">{children}</div>
    </dialog>
  )
}

interface Question {
  readonly title: string
  /** What will happen. */
  readonly text: ComponentChildren
  /** The button's word. */
  readonly action: string
  /** Has to be typed: for what is gone for good. */
  readonly typed?: string
  readonly isDangerous?: boolean
  /** Its failure is shown in the dialog, which stays. */
  readonly run: () => Promise<void>
}

const question = signal<Question | null>(null)

/** Asks, and runs what was asked when the answer is yes. */
export function ask(asked: Question): void {
  question.value = asked
}

/** Where the question is shown; once in the shell. */
export function Questions() {
  const asked = question.value
  return asked === null ? null : <QuestionDialog {...asked} />
}

function QuestionDialog({ title, text, action, typed, isDangerous = true, run }: Question) {
  const close = () => {
    question.value = null
  }
  const [entered, setEntered] = useState('')
  const sending = useSubmit(async () => {
    await run()
    close()
  })
  return (
    <Dialog title={title} onClose={close}>
      <Form
        sending={sending}
        action={action}
        isDangerous={isDangerous}
        isReady={typed === undefined || entered === typed}
        onCancel={close}
      >
        <p>{text}</p>
        {typed !== undefined && (
          <TextField label={`Type ${typed} to confirm`} value={entered} onValue={setEntered} isMono isFocused />
        )}
      </Form>
    </Dialog>
  )
}
