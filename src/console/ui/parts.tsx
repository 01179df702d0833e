/** The pieces that pages are made of. */
import type { ComponentChildren } from 'preact'
import { useEffect, useRef, useState } from 'preact/hooks'
import { type ApiFailure, adviceOf } from '../api/failure.js'
import type { Polled } from '../api/poll.js'
import { after } from '../clock.js'
import { query, setQuery } from '../router.js'
import { Icon, type IconName } from './icons.js'

interface PageProps {
  readonly title: string
  /** What stands above: links to where this belongs. */
  readonly above?: { readonly title: string; readonly href: string }
  readonly badge?: ComponentChildren
  readonly actions?: ComponentChildren
  readonly children: ComponentChildren
}

export function Page({ title, above, badge, actions, children }: PageProps) {
  useEffect(() => {
    document.title = `${title} · Gregor`
  }, [title])
  return (
    <>
      <header class="page-header">
        {above !== undefined && (
          <nav aria-label="Breadcrumb" class="above">
            <a href={above.href}>{above.title}</a>
            <Icon name="right" size={12} />
          </nav>
        )}
        <h1>{title}</h1>
        {badge}
        <div class="actions">{actions}</div>
      </header>
      {children}
    </>
  )
}

interface PanelProps {
  readonly title?: string
  readonly actions?: ComponentChildren
  /** Without a margin around what is in it, as for tables. */
  readonly isFlush?: boolean
  readonly children: ComponentChildren
}

export function Panel({ title, actions, isFlush, children }: PanelProps) {
  return (
    <section class={`panel${isFlush ? ' flush' : ''}`}>
      {title !== undefined && (
        <header>
          <h2>{title}</h2>
          <div class="actions">{actions}</div>
        </header>
      )}
      {children}
    </section>
  )
}

/** One figure. */
export function Stat({
  label,
  value,
  note,
}: {
  readonly label: string
  readonly value: string
  readonly note?: ComponentChildren
}) {
  return (
    <div class="stat">
      <dt>{label}</dt>
      <dd>{value}</dd>
      {note !== undefined && <dd class="note">{note}</dd>}
    </div>
  )
}

export const Stats = ({ children }: { readonly children: ComponentChildren }) => <dl class="stats">{children}</dl>

export type Tone = 'plain' | 'good' | 'warn' | 'bad' | 'accent'

export function Badge({ tone = 'plain', children }: { readonly tone?: Tone; readonly children: ComponentChildren }) {
  return <span class={`badge ${tone}`}>{children}</span>
}

interface ButtonProps {
  readonly icon?: IconName
  readonly tone?: 'plain' | 'primary' | 'danger' | 'quiet'
  readonly type?: 'button' | 'submit'
  readonly isDisabled?: boolean
  /** Said when the pointer rests, and heard when there is no text. */
  readonly hint?: string | undefined
  readonly isPressed?: boolean
  readonly onClick?: () => void
  readonly children?: ComponentChildren
}

export function Button(props: ButtonProps) {
  const { icon, tone = 'plain', type = 'button', isDisabled, hint, isPressed, onClick, children } = props
  return (
    <button
      type={type}
      class={tone}
      disabled={isDisabled}
      title={hint}
      aria-label={children === undefined ? hint : undefined}
      aria-pressed={isPressed}
      onClick={onClick}
    >
      {icon !== undefined && <Icon name={icon} />}
      {children}
    </button>
  )
}

/** What went wrong, and what to do next. */
export function FailureBox({ failure, onRetry }: { readonly failure: ApiFailure; readonly onRetry?: (() => void) | undefined }) {
  return (
    <div class="failure" role="alert">
      <Icon name="warning" />
      <div>
        <strong>{failure.message}</strong> <code>{failure.type}</code>
        <p>{adviceOf(failure)}</p>
      </div>
      {onRetry !== undefined && (
        <Button icon="refresh" onClick={onRetry}>
          Try again
        </Button>
      )}
    </div>
  )
}

interface LoadedProps<Answer> {
  readonly polled: Polled<Answer>
  readonly children: (data: Answer) => ComponentChildren
}

/** Shows what was asked for, the failure above it (the last data stay), or that it is on the way. */
export function Loaded<Answer>({ polled, children }: LoadedProps<Answer>) {
  const { data, failure, refresh } = polled
  return (
    <>
      {failure !== null && <FailureBox failure={failure} onRetry={refresh} />}
      {data !== null ? children(data) : failure === null && <div class="empty">Loading…</div>}
    </>
  )
}

interface TabsProps {
  readonly label: string
  readonly tabs: readonly { readonly name: string; readonly title: string; readonly href: string; readonly note?: string }[]
  readonly current: string
}

/** Tabs are links: each is a page. */
export function Tabs({ label, tabs, current }: TabsProps) {
  return (
    <nav class="tabs" aria-label={label}>
      {tabs.map(({ name, title, href, note }) => (
        <a key={name} href={href} aria-current={name === current ? 'page' : undefined}>
          {title}
          {note !== undefined && <span class="tab-note">{note}</span>}
        </a>
      ))}
    </nav>
  )
}

const typingMs = 250

/** A search that stands in the address as `name`; "/" on the keyboard goes to it. */
export function SearchBox({ label, name = 'search' }: { readonly label: string; readonly name?: string }) {
  const given = query.value[name] ?? ''
  const [text, setText] = useState(given)
  const waiting = useRef(() => {})
  useEffect(() => setText(given), [given])
  const changed = (value: string) => {
    setText(value)
    waiting.current()
    waiting.current = after(typingMs, () => setQuery({ [name]: value, offset: null }))
  }
  return (
    <label class="search">
      <span class="sr">{label}</span>
      <Icon name="search" />
      <input
        type="search"
        placeholder={label}
        value={text}
        data-search
        spellcheck={false}
        autocomplete="off"
        onInput={event => changed(event.currentTarget.value)}
      />
    </label>
  )
}

interface ChoiceProps {
  readonly label: string
  readonly name: string
  /** By value; the first is what holds when the address says nothing. */
  readonly options: Readonly<Record<string, string>>
}

/** A choice that stands in the address as `name`. */
export function Choice({ label, name, options }: ChoiceProps) {
  const values = Object.keys(options)
  const value = query.value[name] ?? values[0]
  const chosen = (next: string) => setQuery({ [name]: next === values[0] ? null : next, offset: null })
  return (
    <label class="choice">
      <span>{label}</span>
      <select value={value} onChange={event => chosen(event.currentTarget.value)}>
        {values.map(option => (
          <option key={option} value={option}>
            {options[option]}
          </option>
        ))}
      </select>
    </label>
  )
}
