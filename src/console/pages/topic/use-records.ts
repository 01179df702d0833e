/** Records of a page: asked for, gone on with, or heard as they come. */
import { useCallback, useEffect, useRef, useState } from 'preact/hooks'
import { api, get } from '../../api/client.js'
import { type ApiFailure, failureFrom } from '../../api/failure.js'
import { type StreamState, useStream } from '../../api/poll.js'
import type { RecordJson, RecordPage } from '../../api/types.js'
import { after } from '../../clock.js'
import { browseQuery, liveQuery, type RecordQuery } from './record-query.js'

export interface Browsed {
  readonly records: readonly RecordJson[]
  /** What was looked at for them. */
  readonly scanned: { readonly records: number; readonly bytes: number }
  readonly hasMore: boolean
  readonly isBusy: boolean
  readonly failure: ApiFailure | null
  readonly more: () => void
  readonly refresh: () => void
}

const nothing = { records: [], scanned: { records: 0, bytes: 0 }, cursor: null }

export function useRecords(topic: string, query: RecordQuery, isOn: boolean): Browsed {
  const asked = isOn ? browseQuery(query) : null
  const [page, setPage] = useState<RecordPage>(nothing)
  const [isBusy, setBusy] = useState(false)
  const [failure, setFailure] = useState<ApiFailure | null>(null)
  const [turn, setTurn] = useState(0)
  const current = useRef(new AbortController())
  const load = async (before: RecordPage | null) => {
    current.current.abort()
    const ended = new AbortController()
    current.current = ended
    setBusy(true)
    try {
      const cursor = before === null ? {} : { cursor: before.cursor }
      const path = `${api`topics/${topic}/records`}${asked}`
      const next = await get<RecordPage>(path, cursor, ended.signal)
      if (ended.signal.aborted) return
      setFailure(null)
      setPage(before === null ? next : joined(before, next))
    } catch (error) {
      if (ended.signal.aborted) return
      setFailure(failureFrom(error))
    }
    setBusy(false)
  }
  useEffect(() => {
    if (asked === null) setPage(nothing)
    else void load(null)
    return () => current.current.abort()
  }, [topic, asked, turn])
  const newestFirst = query.from === 'end'
  return {
    records: newestFirst ? page.records.toReversed() : page.records,
    scanned: page.scanned,
    hasMore: page.cursor !== null && !newestFirst,
    isBusy,
    failure,
    more: () => void load(page),
    refresh: useCallback(() => setTurn(value => value + 1), []),
  }
}

const joined = (before: RecordPage, next: RecordPage): RecordPage => ({
  records: [...before.records, ...next.records],
  cursor: next.cursor,
  scanned: {
    records: before.scanned.records + next.scanned.records,
    bytes: before.scanned.bytes + next.scanned.bytes,
  },
})

const keptMax = 500
/** The screen is drawn so often, however many come. */
const drawMs = 200
const rate = 40

export interface Tail {
  /** The newest first; at most `keptMax`. */
  readonly records: readonly RecordJson[]
  readonly shown: number
  /** That came and were left out: more than can be shown. */
  readonly skipped: number
  readonly state: StreamState
  readonly failure: ApiFailure | null
}

export function useTail(topic: string, query: RecordQuery, isOn: boolean, isPaused: boolean): Tail {
  const [tail, setTail] = useState({ records: [] as readonly RecordJson[], shown: 0, skipped: 0 })
  const waiting = useRef({ records: [] as RecordJson[], skipped: 0, isDrawn: true })
  const paused = useRef(isPaused)
  paused.current = isPaused
  const path = isOn ? api`topics/${topic}/records/live` + liveQuery(query, rate) : null
  useEffect(() => {
    setTail({ records: [], shown: 0, skipped: 0 })
    waiting.current = { records: [], skipped: 0, isDrawn: true }
  }, [path])
  const draw = () => {
    const { records, skipped } = waiting.current
    waiting.current = { records: [], skipped: 0, isDrawn: true }
    setTail(last => ({
      records: [...records.toReversed(), ...last.records].slice(0, keptMax),
      shown: last.shown + records.length,
      skipped: last.skipped + skipped,
    }))
  }
  const { state, failure } = useStream(path, (event, data) => {
    const { current } = waiting
    if (event === 'record' && !paused.current) current.records.push(data as RecordJson)
    else if (event === 'record') current.skipped++
    else if (event === 'skipped') current.skipped += (data as { readonly records: number }).records
    if (current.isDrawn) after(drawMs, draw)
    current.isDrawn = false
  })
  return { ...tail, state, failure }
}
