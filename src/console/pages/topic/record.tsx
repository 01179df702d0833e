/** One record, all of it: key, value and headers as JSON, text or bytes. */
import { useEffect, useMemo, useState } from 'preact/hooks'
import { api, get, mayWrite } from '../../api/client.js'
import type { Bytes, RecordJson, RecordPage } from '../../api/types.js'
import { nowMs } from '../../clock.js'
import { ago, bytes, count, time } from '../../format.js'
import { pathTo, queryText } from '../../path.js'
import { Badge, Button } from '../../ui/parts.js'
import { tell, tellFailure } from '../../ui/toast.js'
import { parseJson } from './json.js'
import { JsonTree } from './json-tree.js'
import { ProduceDialog } from './produce.js'
import { bytesOf, hexBytesMax, hexOf, textOf } from './record-bytes.js'

const wholeBytesMax = 4 * 1024 * 1024
const textCharsMax = 100_000

/** The record again with nothing cut, as far as the API shows it. */
async function wholeRecord(topic: string, { partition, offset }: RecordJson): Promise<RecordJson> {
  const asked = { partition, from: 'offset', at: offset, limit: 1, fieldBytes: wholeBytesMax, isolation: 'read_uncommitted' }
  const { records } = await get<RecordPage>(api`topics/${topic}/records`, asked)
  const [found] = records
  if (found?.offset !== offset) throw new Error('The record is not there any more.')
  return found
}

const isCut = ({ key, value, headers }: RecordJson): boolean =>
  [key, value, ...headers.map(header => header.value)].some(field => field?.isTruncated)

interface RecordDetailProps {
  readonly topic: string
  readonly record: RecordJson
  readonly onClose: () => void
}

export function RecordDetail({ topic, record, onClose }: RecordDetailProps) {
  const [whole, setWhole] = useState<RecordJson | null>(null)
  const [replayed, setReplayed] = useState<RecordJson | null>(null)
  const shown = whole ?? record
  const { partition, offset, key, value, headers } = shown
  const link =
    pathTo('/topics/:topic', { topic }) + queryText({ partition, from: 'offset', at: offset, open: `${partition}:${offset}` })
  const copyLink = () =>
    navigator.clipboard.writeText(location.origin + link).then(
      () => tell('Copied the link to this record.'),
      () => tell('The browser does not let the console copy here: open the link and take it from the address bar.'),
    )
  const showAll = () => void wholeRecord(topic, record).then(setWhole, tellFailure)
  const replay = () => void (isCut(shown) ? wholeRecord(topic, record) : Promise.resolve(shown)).then(setReplayed, tellFailure)
  return (
    <section class="record" aria-label={`Record ${offset} of partition ${partition}`}>
      <header>
        <h2>
          <a href={link}>
            {partition} : {count(offset)}
          </a>
        </h2>
        <div class="actions">
          <Button tone="quiet" icon="copy" hint="Copy a link to this record" onClick={copyLink} />
          <Button tone="quiet" icon="replay" isDisabled={!mayWrite.value} onClick={replay}>
            Replay
          </Button>
          <Button tone="quiet" icon="close" hint="Close the record" onClick={onClose} />
        </div>
      </header>
      <Facts record={shown} />
      {isCut(shown) && (
        <p class="cut">
          Shown is the beginning.{' '}
          {whole === null ? (
            <Button onClick={showAll}>Show all of it</Button>
          ) : (
            'The console shows 4 MiB of a field; export has all.'
          )}
        </p>
      )}
      <FieldView title="Value" field={value} />
      <FieldView title="Key" field={key} />
      <h3>{headers.length === 0 ? 'No headers' : `Headers`}</h3>
      {headers.map((header, at) => (
        <FieldView key={at} title={header.key} field={header.value} isHeader />
      ))}
      {replayed !== null && <ProduceDialog topic={topic} replayed={replayed} onClose={() => setReplayed(null)} />}
    </section>
  )
}

function Facts({ record }: { readonly record: RecordJson }) {
  const { timestampMs, timestampType, compression, producerId, isTransactional } = record
  return (
    <dl class="facts">
      <dt>{timestampType === 'CreateTime' ? 'Created' : 'Appended'}</dt>
      <dd>
        {time(timestampMs)} <span class="muted">({ago(timestampMs, nowMs())})</span>
      </dd>
      <dt>Compression</dt>
      <dd>{compression}</dd>
      {producerId !== null && (
        <>
          <dt>Producer id</dt>
          <dd>
            {producerId} {isTransactional && <Badge>in a transaction</Badge>}
          </dd>
        </>
      )}
    </dl>
  )
}

type View = 'json' | 'text' | 'hex'
const titles = { json: 'JSON', text: 'Text', hex: 'Hex' } as const

function FieldView({
  title,
  field,
  isHeader,
}: {
  readonly title: string
  readonly field: Bytes | null
  readonly isHeader?: boolean
}) {
  const text = useMemo(() => (field === null ? null : textOf(field)), [field])
  const json = useMemo(() => (text === null ? null : parseJson(text)), [text])
  const best: View = json !== null ? 'json' : text !== null ? 'text' : 'hex'
  const [view, setView] = useState<View>(best)
  useEffect(() => setView(best), [best])
  const views = (['json', 'text', 'hex'] as const).filter(
    name => (name === 'json' ? json : name === 'text' ? text : field) !== null,
  )
  return (
    <div class={isHeader ? 'field-view header' : 'field-view'}>
      <header>
        <h3>{title}</h3>
        {field === null ? <Badge>null</Badge> : <span class="muted">{bytes(field.bytes)}</span>}
        {field !== null && field.schemaId !== null && <Badge tone="accent">schema id {field.schemaId}</Badge>}
        {field !== null && field.bytes > 0 && views.length > 1 && (
          <fieldset class="views" aria-label={`How ${title} is shown`}>
            {views.map(name => (
              <Button key={name} tone="quiet" isPressed={name === view} onClick={() => setView(name)}>
                {titles[name]}
              </Button>
            ))}
          </fieldset>
        )}
      </header>
      {field !== null && field.bytes > 0 && (
        // biome-ignore lint/a11y/noNoninteractiveTabindex: what scrolls can be scrolled by keys
        <section class="bytes" aria-label={`${title}, as ${titles[view]}`} tabIndex={0}>
          {view === 'json' && json !== null ? (
            <JsonTree node={json} />
          ) : (
            <Plain field={field} text={view === 'hex' ? null : text} />
          )}
        </section>
      )}
    </div>
  )
}

function Plain({ field, text }: { readonly field: Bytes; readonly text: string | null }) {
  const all = text === null ? bytesOf(field) : null
  const shown = all === null ? text!.slice(0, textCharsMax) : hexOf(all)
  const left = all === null ? text!.length - shown.length : all.length - hexBytesMax
  return (
    <>
      <pre>{shown}</pre>
      {left > 0 && <p class="muted">… and {all === null ? `${count(left)} characters` : bytes(left)} more; export has all.</p>}
    </>
  )
}
