/** What is asked again and again while a page shows it, and what comes by itself. */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { after, nowMs } from '../clock.js'
import { get, open } from './client.js'
import { EventStream } from './event-stream.js'
import { type ApiFailure, failureFrom } from './failure.js'

export interface Polled<Answer> {
  /** The latest there is; it stays while a later one cannot be had. */
  readonly data: Answer | null
  readonly failure: ApiFailure | null
  /** When `data` came. */
  readonly atMs: number
  readonly refresh: () => void
}

/**
 * Asks for `path` (null: for nothing) now, when it changes, and every `everyMs` (null: not again) while the page is looked at.
 * Give the component a `key` where another path is another thing, so that it does not show the last one's data meanwhile.
 */
export function usePoll<Answer>(path: string | null, everyMs: number | null = 5000): Polled<Answer> {
  const [polled, setPolled] = useState<Omit<Polled<Answer>, 'refresh'>>({ data: null, failure: null, atMs: 0 })
  const [turn, setTurn] = useState(0)
  useEffect(() => {
    if (path === null) return
    const ended = new AbortController()
    let stopWaiting = () => {}
    const ask = async () => {
      try {
        const data = await get<Answer>(path, {}, ended.signal)
        if (!ended.signal.aborted) setPolled({ data, failure: null, atMs: nowMs() })
      } catch (error) {
        if (!ended.signal.aborted) setPolled(last => ({ ...last, failure: failureFrom(error) }))
      }
      if (everyMs !== null && !ended.signal.aborted) stopWaiting = after(everyMs, askWhenSeen)
    }
    const askWhenSeen = () => {
      if (!document.hidden) void ask()
      else document.addEventListener('visibilitychange', () => void ask(), { once: true, signal: ended.signal })
    }
    void ask()
    return () => {
      ended.abort()
      stopWaiting()
    }
  }, [path, everyMs, turn])
  return { ...polled, refresh: useCallback(() => setTurn(value => value + 1), []) }
}

export type StreamState = 'off' | 'connecting' | 'live' | 'failed'

/** Server-sent events of `path` while it is not null; begun again a second after they end. */
export function useStream(
  path: string | null,
  onEvent: (event: string, data: unknown) => void,
): { readonly state: StreamState; readonly failure: ApiFailure | null } {
  const [state, setState] = useState<StreamState>('off')
  const [failure, setFailure] = useState<ApiFailure | null>(null)
  const listener = useRef(onEvent)
  listener.current = onEvent
  useEffect(() => {
    setFailure(null)
    if (path === null) return setState('off')
    const ended = new AbortController()
    let stopWaiting = () => {}
    const follow = async () => {
      setState('connecting')
      try {
        const { body } = await open(path, { signal: ended.signal })
        setState('live')
        const events = new EventStream((event, data) => listener.current(event, data))
        for (const reader = body!.pipeThrough(new TextDecoderStream()).getReader(); ; ) {
          const { value, done } = await reader.read()
          if (done) break
          events.push(value)
        }
        setFailure(null)
      } catch (error) {
        if (ended.signal.aborted) return
        const failed = failureFrom(error)
        setFailure(failed)
        setState('failed')
        if (failed.status !== null && failed.status < 500 && failed.status !== 429) return
      }
      if (!ended.signal.aborted) stopWaiting = after(1000, () => void follow())
    }
    void follow()
    return () => {
      ended.abort()
      stopWaiting()
    }
  }, [path])
  return { state, failure }
}
