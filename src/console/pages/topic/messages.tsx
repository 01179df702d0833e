/** The messages of a topic: from any place or as they come, filtered, and one of them in full. */
import { useEffect, useState } from 'preact/hooks'
import { api, get, mayWrite } from '../../api/client.js'
import type { RecordJson, RecordPage } from '../../api/types.js'
import { bytes, count, counted, time } from '../../format.js'
import { query as address, setQuery } from '../../router.js'
import { Badge, Button, Choice, FailureBox, Panel, SearchBox } from '../../ui/parts.js'
import { type Column, Table } from '../../ui/table.js'
import { ImportDialog } from './import.js'
import { RecordDetail } from './record.js'
import { previewOf } from './record-bytes.js'
import { exportQuery, type From, localTime, type RecordQuery, recordPlace, recordQueryOf } from './record-query.js'
import { type Browsed, type Tail, useRecords, useTail } from './use-records.js'

interface MessagesProps {
  readonly topic: string
  /** How many there are; null until it is known. */
  readonly partitions: number | null
}

export function Messages({ topic, partitions }: MessagesProps) {
  const query = recordQueryOf(address.value)
  const isLive = address.value.live === '1'
  const [isPaused, setPaused] = useState(false)
  const browsed = useRecords(topic, query, !isLive)
  const tail = useTail(topic, query, isLive, isPaused)
  const records = isLive ? tail.records : browsed.records
  const [opened, close] = useOpened(topic, records)
  const failure = isLive ? tail.failure : browsed.failure
  return (
    <div class={`messages${opened === null ? '' : ' with-record'}`}>
      <Panel isFlush>
        <Toolbar query={query} isLive={isLive} partitions={partitions} />
        <div class="toolbar">
          <SearchBox label="Only with this text in key, value or headers" name="filter" />
          {isLive ? (
            <LiveState tail={tail} isPaused={isPaused} onPaused={setPaused} />
          ) : (
            <Button icon="refresh" hint="Ask again" isDisabled={browsed.isBusy} onClick={browsed.refresh} />
          )}
          <Files topic={topic} query={query} onImported={browsed.refresh} />
        </div>
        {failure !== null && <FailureBox failure={failure} onRetry={isLive ? undefined : browsed.refresh} />}
        <Table
          label={`Messages of ${topic}`}
          columns={messageColumns}
          rows={records}
          keyOf={placeOf}
          onRow={record => setQuery({ open: placeOf(record) })}
          rowClass={record => (opened !== null && placeOf(record) === placeOf(opened) ? 'chosen' : undefined)}
          isDimmed={browsed.isBusy && !isLive}
          empty={failure === null && <Nothing query={query} browsed={browsed} isLive={isLive} />}
        />
        {!isLive && <More browsed={browsed} />}
      </Panel>
      {opened !== null && <RecordDetail key={placeOf(opened)} topic={topic} record={opened} onClose={close} />}
    </div>
  )
}

const placeOf = ({ partition, offset }: RecordJson): string => `${partition}:${offset}`

export const messageColumns: readonly Column<RecordJson>[] = [
  { title: 'Partition', kind: 'number', cell: ({ partition }) => partition },
  {
    title: 'Offset',
    kind: 'number',
    cell: record => (
      <button type="button" class="link" onClick={() => setQuery({ open: placeOf(record) })}>
        {count(record.offset)}
      </button>
    ),
  },
  { title: 'Time', kind: 'mono', cell: ({ timestampMs }) => time(timestampMs) },
  { title: 'Key', kind: 'mono', cell: ({ key }) => <Preview field={key} className="key" /> },
  { title: 'Value', kind: 'wide', cell: ({ value }) => <Preview field={value} className="mono" /> },
  { title: 'Size', kind: 'number', cell: ({ value }) => (value === null ? '' : bytes(value.bytes)) },
]

function Preview({ field, className }: { readonly field: RecordJson['key']; readonly className: string }) {
  if (field === null) return <span class="muted">null</span>
  return (
    <bdi class={className}>
      {field.schemaId !== null && <Badge tone="accent">id {field.schemaId}</Badge>}
      {previewOf(field)}
    </bdi>
  )
}

interface ToolbarProps {
  readonly query: RecordQuery
  readonly isLive: boolean
  readonly partitions: number | null
}

const places = { end: 'the end', start: 'the start', offset: 'offset', timestamp: 'time' }

function Toolbar({ query, isLive, partitions }: ToolbarProps) {
  const { from, at, partition } = query
  const setFrom = (next: From) => setQuery({ from: next === 'end' ? null : next, at: null, open: null })
  return (
    <div class="toolbar">
      <Button
        icon={isLive ? 'pause' : 'play'}
        isPressed={isLive}
        onClick={() => setQuery({ live: isLive ? null : '1', open: null })}
      >
        {isLive ? 'End the tail' : 'Live tail'}
      </Button>
      {!isLive && (
        <label class="choice">
          <span>From</span>
          <select value={from} onChange={event => setFrom(event.currentTarget.value as From)}>
            {Object.entries(places).map(([value, text]) => (
              <option key={value} value={value}>
                {text}
              </option>
            ))}
          </select>
        </label>
      )}
      {!isLive && from === 'offset' && (
        <input
          type="number"
          min="0"
          class="number-input"
          aria-label="Offset"
          placeholder="offset"
          value={at ?? ''}
          onChange={event => setQuery({ at: event.currentTarget.value })}
        />
      )}
      {!isLive && from === 'timestamp' && (
        <input
          type="datetime-local"
          step="0.001"
          aria-label="Time"
          value={at === null ? '' : localTime(at)}
          onChange={event => setQuery({ at: new Date(event.currentTarget.value).getTime() || null })}
        />
      )}
      <label class="choice">
        <span>Partition</span>
        <input
          type="number"
          min="0"
          max={partitions === null ? undefined : partitions - 1}
          class="number-input short"
          placeholder="all"
          value={partition ?? ''}
          onChange={event => setQuery({ partition: event.currentTarget.value, open: null })}
        />
      </label>
      <Choice label="Transactions" name="isolation" options={{ read_committed: 'committed', read_uncommitted: 'all' }} />
      {!isLive && <Choice label="Show" name="limit" options={{ 50: '50', 100: '100', 500: '500' }} />}
    </div>
  )
}

interface LiveStateProps {
  readonly tail: Tail
  readonly isPaused: boolean
  readonly onPaused: (isPaused: boolean) => void
}

function LiveState({ tail, isPaused, onPaused }: LiveStateProps) {
  const { state, shown, skipped } = tail
  const words = { off: 'off', connecting: 'connecting', live: 'live', failed: 'no connection' }
  return (
    <>
      <Badge tone={state === 'live' ? 'good' : 'warn'}>{isPaused ? 'paused' : words[state]}</Badge>
      <span class="muted figures">
        {count(shown)} shown, {count(skipped)} left out
      </span>
      <Button icon={isPaused ? 'play' : 'pause'} onClick={() => onPaused(!isPaused)}>
        {isPaused ? 'Go on' : 'Pause'}
      </Button>
    </>
  )
}

function Files({
  topic,
  query,
  onImported,
}: {
  readonly topic: string
  readonly query: RecordQuery
  readonly onImported: () => void
}) {
  const [isImporting, setImporting] = useState(false)
  return (
    <div class="actions">
      <span class="muted export">Export</span>
      {['ndjson', 'csv', 'kcat'].map(format => (
        <a key={format} class="button" href={api`topics/${topic}/export` + exportQuery(query, format)} download>
          {format}
        </a>
      ))}
      <Button icon="upload" isDisabled={!mayWrite.value} onClick={() => setImporting(true)}>
        Import
      </Button>
      {isImporting && <ImportDialog topic={topic} onClose={() => setImporting(false)} onDone={onImported} />}
    </div>
  )
}

interface NothingProps {
  readonly query: RecordQuery
  readonly browsed: Browsed
  readonly isLive: boolean
}

function Nothing({ query, browsed, isLive }: NothingProps) {
  if (isLive) return <>Waiting for the next message…</>
  if ((query.from === 'offset' || query.from === 'timestamp') && query.at === null) return <>Enter {places[query.from]} above.</>
  if (browsed.isBusy) return <>Looking…</>
  if (query.filter !== '')
    return (
      <>
        Nothing with “{query.filter}” in {counted(browsed.scanned.records, 'record')}.
      </>
    )
  return <>No messages here. Produce one, or look from another place.</>
}

function More({ browsed }: { readonly browsed: Browsed }) {
  const { records, scanned, hasMore, isBusy, more } = browsed
  if (records.length === 0 && !hasMore) return null
  return (
    <footer class="pager">
      <span>
        {counted(records.length, 'message')} of {count(scanned.records)} looked at ({bytes(scanned.bytes)})
      </span>
      {hasMore && (
        <Button isDisabled={isBusy} onClick={more}>
          {isBusy ? 'Looking…' : 'Go on'}
        </Button>
      )}
    </footer>
  )
}

/** The record that the address names: of those in the list, or asked for by itself. "j" and "k" go to those beside it. */
function useOpened(topic: string, records: readonly RecordJson[]): [record: RecordJson | null, close: () => void] {
  const place = recordPlace(address.value.open)
  const name = place === null ? null : `${place.partition}:${place.offset}`
  const [asked, setAsked] = useState<RecordJson | null>(null)
  const listed = records.find(record => placeOf(record) === name)
  const isMissing = name !== null && listed === undefined && (asked === null || placeOf(asked) !== name)
  useEffect(() => {
    if (!isMissing) return
    const ended = new AbortController()
    const { partition, offset } = place!
    const one = { partition, from: 'offset', at: offset, limit: 1, isolation: 'read_uncommitted' }
    get<RecordPage>(api`topics/${topic}/records`, one, ended.signal).then(
      page => setAsked(page.records.find(record => placeOf(record) === name) ?? null),
      () => undefined,
    )
    return () => ended.abort()
  }, [topic, name, isMissing])
  useEffect(() => {
    const pressed = (event: KeyboardEvent) => {
      const step = { j: 1, k: -1 }[event.key]
      if (step === undefined || name === null || event.target instanceof HTMLInputElement) return
      if (event.target instanceof Element && event.target.closest('dialog, select, textarea') !== null) return
      const next = records[records.findIndex(record => placeOf(record) === name) + step]
      if (next !== undefined) setQuery({ open: placeOf(next) })
    }
    document.addEventListener('keydown', pressed)
    return () => document.removeEventListener('keydown', pressed)
  }, [records, name])
  const last = asked !== null && placeOf(asked) === name ? asked : null
  return [name === null ? null : (listed ?? last), () => setQuery({ open: null })]
}
