/** Who may do what: ACLs, added and deleted. */
import { useState } from 'preact/hooks'
import { api, mayWrite, send } from '../../api/client.js'
import { usePoll } from '../../api/poll.js'
import { ask, Dialog } from '../../ui/dialog.js'
import { Form, SelectField, TextField, useSubmit } from '../../ui/form.js'
import { Badge, Button, Loaded, Panel } from '../../ui/parts.js'
import { type Column, Table } from '../../ui/table.js'
import { tell } from '../../ui/toast.js'

interface Acl {
  readonly resourceType: string
  readonly resourceName: string
  readonly patternType: string
  readonly principal: string
  readonly host: string
  readonly operation: string
  readonly permission: string
}

const same = (...names: readonly string[]) => Object.fromEntries(names.map(name => [name, name.replaceAll('_', ' ')]))
const resourceTypes = same('topic', 'group', 'cluster', 'transactional_id', 'delegation_token', 'user')
const operations = same(
  'all',
  'read',
  'write',
  'create',
  'delete',
  'alter',
  'describe',
  'cluster_action',
  'describe_configs',
  'alter_configs',
  'idempotent_write',
  'create_tokens',
  'describe_tokens',
  'two_phase_commit',
)

const keyOf = (acl: Acl): string => Object.values(acl).join('\n')

export function Acls() {
  const polled = usePoll<{ readonly acls: readonly Acl[] }>(api`acls`, null)
  const [isAdding, setAdding] = useState(false)
  const remove = (acl: Acl) =>
    ask({
      title: 'Delete the ACL',
      text: (
        <>
          <strong>{acl.principal}</strong> is no longer {acl.permission === 'deny' ? 'denied' : 'allowed'} to{' '}
          {acl.operation.replaceAll('_', ' ')} on {acl.resourceType.replaceAll('_', ' ')} <strong>{acl.resourceName}</strong>.
        </>
      ),
      action: 'Delete the ACL',
      run: async () => {
        await send('DELETE', api`acls`, undefined, { ...acl })
        tell('The ACL is deleted.')
        polled.refresh()
      },
    })
  const columns: Column<Acl>[] = [
    {
      title: 'Who',
      cell: ({ principal }) => (
        <span class="clip" title={principal}>
          {principal}
        </span>
      ),
    },
    { title: 'May', cell: ({ permission }) => <Badge tone={permission === 'deny' ? 'bad' : 'good'}>{permission}</Badge> },
    { title: 'What', cell: ({ operation }) => operation.replaceAll('_', ' ') },
    {
      title: 'On',
      kind: 'wide',
      cell: ({ resourceType, resourceName, patternType }) => (
        <span title={resourceName}>
          {resourceType.replaceAll('_', ' ')} {resourceName}
          {patternType === 'prefixed' ? '…' : ''}
        </span>
      ),
    },
    { title: 'From', kind: 'mono', cell: ({ host }) => (host === '*' ? 'anywhere' : host) },
    {
      title: 'Actions',
      kind: 'actions',
      cell: acl => (
        <Button
          tone="quiet"
          icon="trash"
          isDisabled={!mayWrite.value}
          hint={`Delete this ACL of ${acl.principal}`}
          onClick={() => remove(acl)}
        />
      ),
    },
  ]
  return (
    <Panel
      isFlush
      title="ACLs"
      actions={
        <Button icon="plus" isDisabled={!mayWrite.value} onClick={() => setAdding(true)}>
          New ACL
        </Button>
      }
    >
      <Loaded polled={polled}>
        {({ acls }) => (
          <Table
            label="ACLs"
            columns={columns}
            rows={acls}
            keyOf={keyOf}
            empty="No ACLs: who comes in may do what the broker’s defaults say."
          />
        )}
      </Loaded>
      {isAdding && <AclDialog onClose={() => setAdding(false)} onDone={polled.refresh} />}
    </Panel>
  )
}

function AclDialog({ onClose, onDone }: { readonly onClose: () => void; readonly onDone: () => void }) {
  const [acl, setAcl] = useState<Acl>({
    resourceType: 'topic',
    resourceName: '',
    patternType: 'literal',
    principal: 'User:',
    host: '*',
    operation: 'read',
    permission: 'allow',
  })
  const set = (name: keyof Acl) => (value: string) => setAcl(before => ({ ...before, [name]: value }))
  const sending = useSubmit(async () => {
    await send('POST', api`acls`, acl)
    tell('The ACL is added.')
    onDone()
    onClose()
  })
  const isCluster = acl.resourceType === 'cluster'
  const typed = (value: string) =>
    setAcl(before => ({ ...before, resourceType: value, resourceName: value === 'cluster' ? 'kafka-cluster' : '' }))
  return (
    <Dialog title="New ACL" onClose={onClose}>
      <Form sending={sending} action="Add the ACL" isReady={acl.resourceName !== ''} onCancel={onClose}>
        <TextField
          label="Who"
          value={acl.principal}
          onValue={set('principal')}
          hint="As in User:alice; User:* is everyone."
          isFocused
          isMono
        />
        <div class="fields">
          <SelectField label="May" value={acl.permission} onValue={set('permission')} options={same('allow', 'deny')} />
          <SelectField label="What" value={acl.operation} onValue={set('operation')} options={operations} />
        </div>
        <div class="fields">
          <SelectField label="On a" value={acl.resourceType} onValue={typed} options={resourceTypes} />
          <SelectField
            label="Whose name"
            value={acl.patternType}
            onValue={set('patternType')}
            isDisabled={isCluster}
            options={{ literal: 'is this', prefixed: 'begins with this' }}
          />
        </div>
        <TextField
          label="Name"
          value={acl.resourceName}
          onValue={set('resourceName')}
          isDisabled={isCluster}
          hint="* is every name."
          isMono
        />
        <TextField label="From" value={acl.host} onValue={set('host')} hint="An address; * is anywhere." isMono />
      </Form>
    </Dialog>
  )
}
