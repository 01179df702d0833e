/** Users of SCRAM: made, given another password, deleted. */
import { useState } from 'preact/hooks'
import { api, mayWrite, send } from '../../api/client.js'
import { usePoll } from '../../api/poll.js'
import { ask, Dialog } from '../../ui/dialog.js'
import { Form, SelectField, TextField, useSubmit } from '../../ui/form.js'
import { Button, Loaded, Panel } from '../../ui/parts.js'
import { type Column, Table } from '../../ui/table.js'
import { tell } from '../../ui/toast.js'

interface User {
  readonly name: string
  readonly credentials: readonly { readonly mechanism: string; readonly iterations: number }[]
}

const mechanisms = { 'SCRAM-SHA-512': 'SCRAM-SHA-512', 'SCRAM-SHA-256': 'SCRAM-SHA-256' }

export function Users() {
  const polled = usePoll<{ readonly users: readonly User[] }>(api`users`, null)
  const [edited, setEdited] = useState<string | null>(null)
  const remove = (name: string) =>
    ask({
      title: 'Delete the user',
      text: (
        <>
          <strong>{name}</strong> cannot log in any longer. Its ACLs and quotas stay.
        </>
      ),
      action: 'Delete the user',
      run: async () => {
        await send('DELETE', api`users/${name}`)
        tell(`${name} is deleted.`)
        polled.refresh()
      },
    })
  const columns: Column<User>[] = [
    { title: 'User', kind: 'wide', cell: ({ name }) => <span class="name">{name}</span> },
    {
      title: 'Mechanisms',
      cell: ({ credentials }) => credentials.map(({ mechanism, iterations }) => `${mechanism} (${iterations} rounds)`).join(', '),
    },
    {
      title: 'Actions',
      kind: 'actions',
      cell: ({ name }) => (
        <>
          <Button
            tone="quiet"
            icon="edit"
            isDisabled={!mayWrite.value}
            hint={`Give ${name} another password`}
            onClick={() => setEdited(name)}
          />
          <Button tone="quiet" icon="trash" isDisabled={!mayWrite.value} hint={`Delete ${name}`} onClick={() => remove(name)} />
        </>
      ),
    },
  ]
  return (
    <Panel
      isFlush
      title="Users of SCRAM"
      actions={
        <Button icon="plus" isDisabled={!mayWrite.value} onClick={() => setEdited('')}>
          New user
        </Button>
      }
    >
      <Loaded polled={polled}>
        {({ users }) => (
          <Table
            label="Users"
            columns={columns}
            rows={users}
            keyOf={({ name }) => name}
            empty="No users. Those of PLAIN stand in the configuration of their listener."
          />
        )}
      </Loaded>
      {edited !== null && <UserDialog name={edited} onClose={() => setEdited(null)} onDone={polled.refresh} />}
    </Panel>
  )
}

interface UserDialogProps {
  /** Empty for a new one. */
  readonly name: string
  readonly onClose: () => void
  readonly onDone: () => void
}

function UserDialog({ name, onClose, onDone }: UserDialogProps) {
  const [entered, setEntered] = useState(name)
  const [password, setPassword] = useState('')
  const [mechanism, setMechanism] = useState('SCRAM-SHA-512')
  const sending = useSubmit(async () => {
    await send('PUT', api`users/${entered}`, { password, mechanism })
    tell(name === '' ? `${entered} is made.` : `${entered} has another password.`)
    onDone()
    onClose()
  })
  return (
    <Dialog title={name === '' ? 'New user' : `Another password for ${name}`} onClose={onClose}>
      <Form
        sending={sending}
        action={name === '' ? 'Make the user' : 'Set the password'}
        isReady={entered !== '' && password !== ''}
        onCancel={onClose}
      >
        <TextField
          label="Name"
          value={entered}
          onValue={setEntered}
          isFocused={name === ''}
          isDisabled={name !== ''}
          autocomplete="off"
        />
        <TextField
          label="Password"
          type="password"
          value={password}
          onValue={setPassword}
          isFocused={name !== ''}
          autocomplete="new-password"
        />
        <SelectField label="Mechanism" value={mechanism} onValue={setMechanism} options={mechanisms} />
      </Form>
    </Dialog>
  )
}
