/** Configs of a topic, the broker or a group: what holds and why, with Kafka's words beside each key, and changing them. */
import { useState } from 'preact/hooks'
import { mayWrite, send } from '../api/client.js'
import { usePoll } from '../api/poll.js'
import type { Config } from '../api/types.js'
import { query } from '../router.js'
import { Dialog } from '../ui/dialog.js'
import { Form, SelectField, TextField, useSubmit } from '../ui/form.js'
import { Badge, Button, Choice, Loaded, Panel, SearchBox, type Tone } from '../ui/parts.js'
import { type Column, Table } from '../ui/table.js'
import { tell } from '../ui/toast.js'

const sources: Readonly<Record<string, readonly [text: string, tone: Tone]>> = {
  topic: ['of this topic', 'accent'],
  group: ['of this group', 'accent'],
  'dynamic-broker': ['set on this broker', 'accent'],
  'dynamic-default': ['set for all brokers', 'accent'],
  'static-broker': ['configuration file', 'good'],
  default: ['default', 'plain'],
}

interface ConfigsProps {
  /** Of the API. */
  readonly path: string
  /** What they are configs of, in words. */
  readonly of: string
}

export function Configs({ path, of }: ConfigsProps) {
  const polled = usePoll<{ readonly configs: readonly Config[] }>(path, null)
  const [edited, setEdited] = useState<Config | null>(null)
  const { search = '', show = 'all' } = query.value
  const isShown = ({ name, doc, source, isReadOnly }: Config): boolean => {
    if (show === 'set' && source === 'default') return false
    if (show === 'changeable' && isReadOnly) return false
    return `${name} ${doc ?? ''}`.toLowerCase().includes(search.toLowerCase())
  }
  const columns: Column<Config>[] = [
    {
      title: 'Key',
      kind: 'wide',
      cell: ({ name, doc }) => (
        <span class="two-lines">
          <code>{name}</code>
          <small title={doc ?? undefined}>{doc}</small>
        </span>
      ),
    },
    { title: 'Value', cell: config => <Value config={config} /> },
    {
      title: 'From',
      cell: ({ source }) => {
        const [text, tone] = sources[source] ?? [source, 'plain']
        return <Badge tone={tone}>{text}</Badge>
      },
    },
    {
      title: 'Actions',
      kind: 'actions',
      cell: config => (
        <Button
          tone="quiet"
          icon="edit"
          hint={config.isReadOnly ? `${config.name} holds until the broker is started again` : `Change ${config.name}`}
          isDisabled={config.isReadOnly || !mayWrite.value}
          onClick={() => setEdited(config)}
        />
      ),
    },
  ]
  return (
    <Panel isFlush>
      <div class="toolbar">
        <SearchBox label="Search keys and what they do" />
        <Choice label="Show" name="show" options={{ all: 'all', set: 'what is set', changeable: 'what can be changed now' }} />
      </div>
      <Loaded polled={polled}>
        {({ configs }) => (
          <Table
            label="Configs"
            isTall
            columns={columns}
            rows={configs.filter(isShown)}
            keyOf={({ name }) => name}
            empty={search === '' ? 'Nothing of the kind is set.' : `No key has “${search}” in its name or its description.`}
          />
        )}
      </Loaded>
      {edited !== null && (
        <ConfigDialog
          config={edited}
          path={path}
          isOwn={edited.source === sourceOf(path)}
          of={of}
          onClose={() => setEdited(null)}
          onDone={polled.refresh}
        />
      )}
    </Panel>
  )
}

/** That of what is set in this very place, and can be taken away there. */
function sourceOf(path: string): string {
  if (path.includes('/topics/')) return 'topic'
  return path.includes('/groups/') ? 'group' : 'dynamic-broker'
}

function Value({ config: { value, isSensitive } }: { readonly config: Config }) {
  if (isSensitive) return <span class="muted">hidden</span>
  if (value === null) return <span class="muted">none</span>
  if (value === '') return <span class="muted">empty</span>
  return (
    <code class="clip" title={value}>
      {value}
    </code>
  )
}

interface ConfigDialogProps {
  readonly config: Config
  readonly path: string
  readonly isOwn: boolean
  readonly of: string
  readonly onClose: () => void
  readonly onDone: () => void
}

function ConfigDialog({ config, path, isOwn, of, onClose, onDone }: ConfigDialogProps) {
  const { name, type, doc, synonyms, isSensitive } = config
  const [value, setValue] = useState(config.value ?? '')
  const change = async (body: object, words: string) => {
    await send('PATCH', path, body)
    tell(words)
    onDone()
    onClose()
  }
  const saving = useSubmit(() => change({ set: { [name]: value } }, `${name} is set.`))
  const resetting = useSubmit(() => change({ delete: [name] }, `${name} is back to what holds without.`))
  const without = synonyms.find(({ source }) => source !== config.source)
  return (
    <Dialog title={name} onClose={onClose}>
      {doc !== null && <p class="say">{doc}</p>}
      <Form sending={saving} action="Save" onCancel={onClose}>
        {type === 'boolean' ? (
          <SelectField label="Value" value={value} onValue={setValue} options={{ true: 'true', false: 'false' }} />
        ) : (
          <TextField
            label="Value"
            value={value}
            onValue={setValue}
            isMono
            isFocused
            type={isSensitive ? 'password' : 'text'}
            hint={type === 'list' ? 'A list: parts are separated by commas.' : `Type: ${type}.`}
          />
        )}
        {isOwn && (
          <p class="say">
            It is set for {of}. Without that {without?.value == null ? 'the default' : <code>{without.value}</code>} holds.{' '}
            <Button icon="replay" isDisabled={resetting.isBusy} onClick={resetting.submit}>
              Take it away
            </Button>
          </p>
        )}
      </Form>
    </Dialog>
  )
}
