/** Moving a group to other offsets: what would be moved is shown before it is. */
import { useState } from 'preact/hooks'
import { api, send } from '../../api/client.js'
import { ApiFailure } from '../../api/failure.js'
import { count, counted } from '../../format.js'
import { Dialog } from '../../ui/dialog.js'
import { Form, SelectField, TextField, useSubmit } from '../../ui/form.js'
import { Icon } from '../../ui/icons.js'
import { type Column, Table } from '../../ui/table.js'
import { tell } from '../../ui/toast.js'
import type { Group } from './types.js'

interface Move {
  readonly topic: string
  readonly partition: number
  readonly before: number | null
  readonly after: number
}

interface ResetDialogProps {
  readonly group: Group
  readonly onClose: () => void
  readonly onDone: () => void
}

const kinds = {
  earliest: 'The first record that is there',
  latest: 'The end: only what comes from now on',
  timestamp: 'The first record of a time',
  offset: 'An offset',
  shift: 'A number of records forward or back',
}
type Kind = keyof typeof kinds

const columns: readonly Column<Move>[] = [
  { title: 'Partition', kind: 'wide', cell: ({ topic, partition }) => `${topic} · ${partition}` },
  { title: 'Now', kind: 'number', cell: ({ before }) => count(before) },
  { title: 'Then', kind: 'number', cell: ({ after }) => count(after) },
  {
    title: 'Moved by',
    kind: 'number',
    cell: ({ before, after }) => (before === null ? '–' : `${after > before ? '+' : ''}${count(after - before)}`),
  },
]

export function ResetDialog({ group, onClose, onDone }: ResetDialogProps) {
  const { groupId, positions, members } = group
  const topics = [...new Set(positions.map(({ topic }) => topic))]
  const [topic, setTopic] = useState('')
  const [kind, setKind] = useState<Kind>('earliest')
  const [value, setValue] = useState('')
  const [preview, setPreview] = useState<readonly Move[] | null>(null)
  const asked = { ...(topic === '' ? {} : { topics: [{ topic }] }), to: targetOf(kind, value) }
  const previewing = useSubmit(async () => {
    if (asked.to === null) throw new ApiFailure(400, 'INVALID_INPUT', wrongValue[kind] ?? '')
    const { positions } = await send<{ positions: Move[] }>('POST', api`groups/${groupId}/offsets`, { ...asked, dryRun: true })
    setPreview(positions)
  })
  const moving = useSubmit(async () => {
    const { positions } = await send<{ positions: Move[] }>('POST', api`groups/${groupId}/offsets`, { ...asked, dryRun: false })
    tell(`${groupId} is moved in ${counted(positions.length, 'partition')}.`)
    onDone()
    onClose()
  })
  const changed =
    <Value extends string>(set: (value: Value) => void) =>
    (value: string) =>
      set(value as Value)
  if (preview !== null) {
    return (
      <Dialog title={`Reset offsets of ${groupId}`} isWide onClose={onClose}>
        <Form
          sending={moving}
          action={`Move ${counted(preview.length, 'position')}`}
          isDangerous
          onCancel={() => setPreview(null)}
        >
          <p>Nothing has been changed yet. This is what it would be:</p>
          <div class="framed">
            <Table
              label="What is moved"
              columns={columns}
              rows={preview}
              keyOf={({ topic, partition }) => `${topic} ${partition}`}
            />
          </div>
        </Form>
      </Dialog>
    )
  }
  return (
    <Dialog title={`Reset offsets of ${groupId}`} onClose={onClose}>
      <Form sending={previewing} action="Preview" isReady={topics.length > 0 || topic !== ''} onCancel={onClose}>
        {(members?.length ?? 0) > 0 && (
          <p class="notice">
            <Icon name="warning" /> The group has {counted(members!.length, 'member')}. A preview works; moving it does only when
            they are stopped.
          </p>
        )}
        {topics.length === 0 ? (
          <TextField label="Topic" value={topic} onValue={setTopic} isMono isFocused hint="The group has no position yet." />
        ) : (
          <SelectField
            label="Topics"
            value={topic}
            onValue={setTopic}
            options={{
              '': `all ${topics.length} that it has a position in`,
              ...Object.fromEntries(topics.map(name => [name, name])),
            }}
          />
        )}
        <SelectField label="Move to" value={kind} onValue={changed<Kind>(setKind)} options={kinds} />
        {kind === 'timestamp' && (
          <TextField label="Time" type="datetime-local" value={value} onValue={setValue} hint="In your time zone." />
        )}
        {kind === 'offset' && (
          <TextField label="Offset" type="number" value={value} onValue={setValue} hint="Of every partition." />
        )}
        {kind === 'shift' && (
          <TextField label="Records" type="number" value={value} onValue={setValue} hint="Negative is back." />
        )}
      </Form>
    </Dialog>
  )
}

const wrongValue: Partial<Record<Kind, string>> = {
  timestamp: 'A day and a time are needed.',
  offset: 'A whole number from 0 on is needed.',
  shift: 'A whole number is needed.',
}

/** Null when the value is none. */
function targetOf(kind: Kind, value: string): object | null {
  const number = value.trim() === '' ? Number.NaN : Number(value)
  switch (kind) {
    case 'earliest':
    case 'latest':
      return { kind }
    case 'timestamp': {
      const timestampMs = new Date(value).getTime()
      return Number.isNaN(timestampMs) ? null : { kind, timestampMs }
    }
    case 'offset':
      return Number.isSafeInteger(number) && number >= 0 ? { kind, offset: number } : null
    case 'shift':
      return Number.isSafeInteger(number) ? { kind, by: number } : null
  }
}
