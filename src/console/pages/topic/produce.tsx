/** Writes a record: a new one, or one that is there once more. */
import { useState } from 'preact/hooks'
import { api, send } from '../../api/client.js'
import type { RecordJson } from '../../api/types.js'
import { count } from '../../format.js'
import { Dialog } from '../../ui/dialog.js'
import { Form, SelectField, TextField, useSubmit } from '../../ui/form.js'
import { Button } from '../../ui/parts.js'
import { tell } from '../../ui/toast.js'
import { type EnteredField, type EnteredRecord, emptyRecord, enteredFrom, inputOf, problemOf } from './record-input.js'

interface ProduceDialogProps {
  readonly topic: string
  /** Whole. */
  readonly replayed?: RecordJson
  readonly onClose: () => void
}

export function ProduceDialog({ topic, replayed, onClose }: ProduceDialogProps) {
  const [target, setTarget] = useState(topic)
  const [record, setRecord] = useState<EnteredRecord>(replayed === undefined ? emptyRecord : enteredFrom(replayed))
  const change = (changes: Partial<EnteredRecord>) => setRecord({ ...record, ...changes })
  const problem = problemOf(record)
  const sending = useSubmit(async () => {
    const { records } = await send<Written>('POST', api`topics/${target}/records`, { records: [inputOf(record)] })
    const [written] = records
    tell(`Written to ${target}, partition ${written?.partition}, at offset ${count(written?.offset)}.`)
    onClose()
  })
  const setHeader = (at: number, header: EnteredRecord['headers'][number] | null) =>
    change({ headers: record.headers.flatMap((old, index) => (index !== at ? [old] : header === null ? [] : [header])) })
  return (
    <Dialog title={replayed === undefined ? `Produce to ${topic}` : 'Replay a record'} onClose={onClose} isWide>
      <Form
        sending={sending}
        action={replayed === undefined ? 'Produce' : 'Replay'}
        isReady={problem === null}
        onCancel={onClose}
      >
        <div class="fields">
          {replayed !== undefined && <TextField label="Topic" value={target} onValue={setTarget} isMono />}
          <TextField
            label="Partition"
            placeholder="by the key"
            value={record.partition}
            onValue={partition => change({ partition })}
          />
        </div>
        <FieldInput title="Key" field={record.key} onField={key => change({ key })} isFocused />
        <FieldInput title="Value" field={record.value} onField={value => change({ value })} lines={8} />
        {record.headers.map((header, at) => (
          <fieldset key={at} class="header-input">
            <legend>Header {at + 1}</legend>
            <TextField label="Name" value={header.name} onValue={name => setHeader(at, { ...header, name })} isMono />
            <FieldInput title="Value" field={header.value} onField={value => setHeader(at, { ...header, value })} />
            <Button tone="quiet" icon="close" hint={`Remove header ${at + 1}`} onClick={() => setHeader(at, null)} />
          </fieldset>
        ))}
        <Button
          icon="plus"
          onClick={() => change({ headers: [...record.headers, { name: '', value: { kind: 'text', text: '' } }] })}
        >
          Header
        </Button>
        {problem !== null && <p class="problem">{problem}</p>}
      </Form>
    </Dialog>
  )
}

interface Written {
  readonly records: readonly { readonly partition: number; readonly offset: number }[]
}

interface FieldInputProps {
  readonly title: string
  readonly field: EnteredField
  readonly onField: (field: EnteredField) => void
  readonly lines?: number
  readonly isFocused?: boolean
}

const kinds = { text: 'text', base64: 'base64', null: 'null' } as const

function FieldInput({ title, field, onField, lines = 1, isFocused = false }: FieldInputProps) {
  const { kind, text } = field
  return (
    <div class="field-input">
      <TextField
        label={title}
        value={text}
        onValue={value => onField({ kind, text: value })}
        lines={lines}
        isFocused={isFocused}
        isDisabled={kind === 'null'}
        isMono
      />
      <SelectField
        label={`${title} is`}
        value={kind}
        onValue={value => onField({ kind: value as EnteredField['kind'], text: value === 'null' ? '' : text })}
        options={kinds}
      />
    </div>
  )
}
