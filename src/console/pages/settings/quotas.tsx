/** How much a user, a client id or an address may use. */
import { useState } from 'preact/hooks'
import { api, mayWrite, send } from '../../api/client.js'
import { ApiFailure } from '../../api/failure.js'
import { usePoll } from '../../api/poll.js'
import { byteRate, count } from '../../format.js'
import { ask, Dialog } from '../../ui/dialog.js'
import { Form, SelectField, TextField, useSubmit } from '../../ui/form.js'
import { Button, Loaded, Panel } from '../../ui/parts.js'
import { type Column, Table } from '../../ui/table.js'
import { tell } from '../../ui/toast.js'

type Entity = Readonly<Partial<Record<'user' | 'clientId' | 'ip', string | null>>>
interface Quota {
  readonly entity: Entity
  readonly values: Readonly<Record<string, number>>
}

const parts = { user: 'User', clientId: 'Client id', ip: 'Address' } as const
const keys = {
  producer_byte_rate: { title: 'Writes', unit: 'bytes a second', format: byteRate, isOfIp: false },
  consumer_byte_rate: { title: 'Reads', unit: 'bytes a second', format: byteRate, isOfIp: false },
  request_percentage: {
    title: 'Requests',
    unit: 'percent of a thread',
    format: (value: number) => `${count(value)} %`,
    isOfIp: false,
  },
  controller_mutation_rate: {
    title: 'Changes',
    unit: 'partitions a second',
    format: (value: number) => `${count(value)}/s`,
    isOfIp: false,
  },
  connection_creation_rate: {
    title: 'Connects',
    unit: 'connections a second',
    format: (value: number) => `${count(value)}/s`,
    isOfIp: true,
  },
} as const
type Key = keyof typeof keys
const keyNames = Object.keys(keys) as Key[]

const nameOf = (entity: Entity): string =>
  Object.entries(entity)
    .map(([part, name]) => `${parts[part as keyof typeof parts].toLowerCase()} ${name === null ? '(default)' : name}`)
    .join(', ')

export function Quotas() {
  const polled = usePoll<{ readonly quotas: readonly Quota[] }>(api`quotas`, null)
  const [edited, setEdited] = useState<Quota | 'new' | null>(null)
  const remove = ({ entity, values }: Quota) =>
    ask({
      title: 'Take the quotas away',
      text: (
        <>
          <strong>{nameOf(entity)}</strong> may use as much as the defaults allow.
        </>
      ),
      action: 'Take them away',
      run: async () => {
        await send('PUT', api`quotas`, { entity, values: Object.fromEntries(Object.keys(values).map(key => [key, null])) })
        tell('The quotas are taken away.')
        polled.refresh()
      },
    })
  const columns: Column<Quota>[] = [
    { title: 'Of', kind: 'wide', cell: ({ entity }) => <span title={nameOf(entity)}>{nameOf(entity)}</span> },
    ...keyNames.map(
      (key): Column<Quota> => ({
        title: keys[key].title,
        kind: 'number',
        hint: `${key}: ${keys[key].unit}`,
        cell: ({ values }) => (values[key] === undefined ? '–' : keys[key].format(values[key])),
      }),
    ),
    {
      title: 'Actions',
      kind: 'actions',
      cell: quota => (
        <>
          <Button
            tone="quiet"
            icon="edit"
            isDisabled={!mayWrite.value}
            hint={`Change the quotas of ${nameOf(quota.entity)}`}
            onClick={() => setEdited(quota)}
          />
          <Button
            tone="quiet"
            icon="trash"
            isDisabled={!mayWrite.value}
            hint={`Take away the quotas of ${nameOf(quota.entity)}`}
            onClick={() => remove(quota)}
          />
        </>
      ),
    },
  ]
  return (
    <Panel
      isFlush
      title="Quotas"
      actions={
        <Button icon="plus" isDisabled={!mayWrite.value} onClick={() => setEdited('new')}>
          New quota
        </Button>
      }
    >
      <Loaded polled={polled}>
        {({ quotas }) => (
          <Table
            label="Quotas"
            columns={columns}
            rows={quotas}
            keyOf={({ entity }) => nameOf(entity)}
            empty="No quotas: nobody is held back."
          />
        )}
      </Loaded>
      {edited !== null && (
        <QuotaDialog quota={edited === 'new' ? null : edited} onClose={() => setEdited(null)} onDone={polled.refresh} />
      )}
    </Panel>
  )
}

interface QuotaDialogProps {
  readonly quota: Quota | null
  readonly onClose: () => void
  readonly onDone: () => void
}

function QuotaDialog({ quota, onClose, onDone }: QuotaDialogProps) {
  const [part, setPart] = useState<keyof typeof parts>('user')
  const [name, setName] = useState('')
  const [values, setValues] = useState<Partial<Record<Key, string>>>(() =>
    Object.fromEntries(Object.entries(quota?.values ?? {}).map(([key, value]) => [key, String(value)])),
  )
  const entity: Entity = quota?.entity ?? { [part]: name === '' ? null : name }
  const shown = keyNames.filter(key => keys[key].isOfIp === 'ip' in entity)
  const sending = useSubmit(async () => {
    const set = Object.fromEntries(shown.map(key => [key, limitOf(values[key])]))
    if (Object.values(set).some(value => Number.isNaN(value))) throw new ApiFailure(400, 'INVALID_INPUT', 'A quota is a number.')
    await send('PUT', api`quotas`, { entity, values: set })
    tell('The quotas are set.')
    onDone()
    onClose()
  })
  return (
    <Dialog title={quota === null ? 'New quota' : `Quotas of ${nameOf(quota.entity)}`} onClose={onClose}>
      <Form sending={sending} action="Set the quotas" onCancel={onClose}>
        {quota === null && (
          <div class="fields">
            <SelectField label="Of a" value={part} onValue={value => setPart(value as keyof typeof parts)} options={parts} />
            <TextField label="Name" value={name} onValue={setName} hint="Empty: the default of all that have none." isFocused />
          </div>
        )}
        {shown.map(key => (
          <TextField
            key={key}
            label={keys[key].title}
            type="number"
            value={values[key] ?? ''}
            onValue={value => setValues(before => ({ ...before, [key]: value }))}
            hint={`${keys[key].unit}; empty: no limit of its own`}
          />
        ))}
      </Form>
    </Dialog>
  )
}

const limitOf = (text: string | undefined): number | null => (text === undefined || text.trim() === '' ? null : Number(text))
