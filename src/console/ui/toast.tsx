/** Short words about what was done, at the edge; they leave by themselves. */
import { signal } from '@preact/signals'
import { adviceOf, failureFrom } from '../api/failure.js'
import { after } from '../clock.js'
import { Button } from './parts.js'

interface Toast {
  readonly id: number
  readonly text: string
  readonly advice?: string
}

const toasts = signal<readonly Toast[]>([])
const shownMs = 5000
const failureMs = 15_000
let last = 0

function show(toast: Omit<Toast, 'id'>, ms: number): void {
  const id = ++last
  toasts.value = [...toasts.value, { id, ...toast }]
  after(ms, () => drop(id))
}

const drop = (id: number) => {
  toasts.value = toasts.value.filter(toast => toast.id !== id)
}

export const tell = (text: string): void => show({ text }, shownMs)

export function tellFailure(error: unknown): void {
  const failure = failureFrom(error)
  show({ text: failure.message, advice: adviceOf(failure) }, failureMs)
}

export function Toasts() {
  return (
    <div class="toasts" role="status" aria-live="polite">
      {toasts.value.map(({ id, text, advice }) => (
        <div key={id} class={`toast${advice === undefined ? '' : ' bad'}`}>
          <div>
            {text}
            {advice !== undefined && <p>{advice}</p>}
          </div>
          <Button tone="quiet" icon="close" hint="Dismiss" onClick={() => drop(id)} />
        </div>
      ))}
    </div>
  )
}
