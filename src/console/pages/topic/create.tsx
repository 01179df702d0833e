/** Makes a topic. */
import { useState } from 'preact/hooks'
import { api, send } from '../../api/client.js'
import { pathTo } from '../../path.js'
import { go } from '../../router.js'
import { Dialog } from '../../ui/dialog.js'
import { Form, SelectField, TextField, useSubmit } from '../../ui/form.js'
import { tell } from '../../ui/toast.js'
import { configLines } from './config-lines.js'

const policies = { '': 'as the broker says', delete: 'delete', compact: 'compact', 'compact,delete': 'compact and delete' }

export function CreateDialog({ onClose }: { readonly onClose: () => void }) {
  const [name, setName] = useState('')
  const [partitions, setPartitions] = useState('')
  const [policy, setPolicy] = useState('')
  const [retention, setRetention] = useState('')
  const [others, setOthers] = useState('')
  const lines = configLines(others)
  const sending = useSubmit(async () => {
    const given = { 'cleanup.policy': policy, 'retention.ms': retention }
    const configs = { ...Object.fromEntries(Object.entries(given).filter(([, value]) => value !== '')), ...lines.configs }
    await send('POST', api`topics`, { name, configs, partitions: partitions === '' ? -1 : Number(partitions) })
    tell(`Created ${name}.`)
    onClose()
    go(pathTo('/topics/:topic', { topic: name }))
  })
  return (
    <Dialog title="Create a topic" onClose={onClose}>
      <Form
        sending={sending}
        action="Create"
        isReady={name !== '' && /^\d{0,9}$/.test(partitions) && lines.problem === null}
        onCancel={onClose}
      >
        <TextField
          label="Name"
          value={name}
          onValue={setName}
          hint="Letters, digits, dots, dashes, underscores"
          isMono
          isFocused
        />
        <div class="fields">
          <TextField label="Partitions" value={partitions} onValue={setPartitions} placeholder="num.partitions" />
          <SelectField label="Old records are" value={policy} onValue={setPolicy} options={policies} hint="cleanup.policy" />
          <TextField
            label="Kept for, in ms"
            value={retention}
            onValue={setRetention}
            placeholder="as the broker says"
            hint="retention.ms"
          />
        </div>
        <TextField
          label="Other configs"
          value={others}
          onValue={setOthers}
          placeholder={'min.compaction.lag.ms=60000\nmax.message.bytes=2097152'}
          hint={lines.problem ?? 'A line each: key=value'}
          lines={3}
          isMono
        />
      </Form>
    </Dialog>
  )
}
