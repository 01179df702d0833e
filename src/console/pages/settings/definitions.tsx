/** Topics, configs, ACLs and quotas as one file: saved, and brought to another broker after a look at what would happen. */
import { useState } from 'preact/hooks'
import { api, mayWrite, send } from '../../api/client.js'
import { ApiFailure, failureFrom } from '../../api/failure.js'
import { counted } from '../../format.js'
import { Dialog } from '../../ui/dialog.js'
import { Form, useSubmit } from '../../ui/form.js'
import { Icon } from '../../ui/icons.js'
import { Badge, FailureBox, Panel, type Tone } from '../../ui/parts.js'
import { type Column, Table } from '../../ui/table.js'
import { tell } from '../../ui/toast.js'

interface Outcome {
  readonly kind: string
  readonly name: string
  readonly action: string
  readonly error: string | null
}

const tones: Readonly<Record<string, Tone>> = { make: 'good', change: 'accent', none: 'plain', 'by hand': 'warn' }
const words: Readonly<Record<string, string>> = { none: 'is so already', 'by hand': 'by hand' }

const columns: readonly Column<Outcome>[] = [
  { title: 'What', cell: ({ kind }) => kind },
  { title: 'Name', kind: 'wide', cell: ({ name }) => <span title={name}>{name}</span> },
  { title: 'Action', cell: ({ action }) => <Badge tone={tones[action] ?? 'plain'}>{words[action] ?? action}</Badge> },
  { title: 'Problem', cell: ({ error }) => (error === null ? '' : <span class="wraps">{error}</span>) },
]

export function DefinitionFile() {
  const [file, setFile] = useState<{
    readonly name: string
    readonly content: object
    readonly outcomes: readonly Outcome[]
  } | null>(null)
  const [failure, setFailure] = useState<ApiFailure | null>(null)
  const read = async (chosen: File) => {
    setFailure(null)
    try {
      const content = parsed(await chosen.text())
      const { outcomes } = await send<{ outcomes: Outcome[] }>('POST', api`definitions`, content, { dryRun: true })
      setFile({ name: chosen.name, content, outcomes })
    } catch (error) {
      setFailure(failureFrom(error))
    }
  }
  return (
    <>
      <Panel title="Export">
        <p class="say">
          Topics with their configs, configs of the broker and of groups that were set while it ran, ACLs and quotas, as one JSON
          file: to keep, to compare, or to bring to another broker. No records, no positions of groups, no passwords.
        </p>
        <a class="button" href={api`definitions`} download="gregor-definitions.json">
          <Icon name="download" /> Save the file
        </a>
      </Panel>
      <Panel title="Import">
        <p class="say">
          What is missing is made, what differs is set, and nothing is taken away. You see what would happen before it does. Users
          come without passwords: make them by hand.
        </p>
        {failure !== null && <FailureBox failure={failure} />}
        <label class={`button file${mayWrite.value ? '' : ' off'}`}>
          <Icon name="upload" /> Choose a file
          <input
            type="file"
            class="sr"
            accept="application/json,.json"
            disabled={!mayWrite.value}
            onChange={event => {
              const input = event.currentTarget
              const [chosen] = input.files ?? []
              // So that the same file can be chosen again.
              if (chosen !== undefined) void read(chosen).finally(() => (input.value = ''))
            }}
          />
        </label>
      </Panel>
      {file !== null && <ImportDialog {...file} onClose={() => setFile(null)} />}
    </>
  )
}

interface ImportProps {
  readonly name: string
  readonly content: object
  readonly outcomes: readonly Outcome[]
  readonly onClose: () => void
}

function ImportDialog({ name, content, outcomes, onClose }: ImportProps) {
  const [done, setDone] = useState<readonly Outcome[] | null>(null)
  const importing = useSubmit(async () => {
    const { outcomes } = await send<{ outcomes: Outcome[] }>('POST', api`definitions`, content, { dryRun: false })
    const wrong = outcomes.filter(({ error }) => error !== null)
    tell(`${name} is imported${wrong.length === 0 ? '' : `; ${counted(wrong.length, 'part')} could not be`}.`)
    if (wrong.length === 0) onClose()
    else setDone(outcomes)
  })
  const changes = outcomes.filter(({ action }) => action === 'make' || action === 'change').length
  const table = (
    <div class="framed">
      <Table
        label="What would be done"
        columns={columns}
        rows={done ?? outcomes}
        keyOf={({ kind, name }) => `${kind} ${name}`}
        empty="The file is empty."
      />
    </div>
  )
  return (
    <Dialog title={`Import ${name}`} isWide onClose={onClose}>
      {done !== null ? (
        table
      ) : (
        <Form sending={importing} action={`Do it: ${counted(changes, 'change')}`} isReady={changes > 0} onCancel={onClose}>
          <p>Nothing has been changed yet. This is what would be:</p>
          {table}
        </Form>
      )}
    </Dialog>
  )
}

function parsed(text: string): object {
  const wrong = new ApiFailure(400, 'INVALID_INPUT', 'The file is no JSON object.')
  try {
    const content: unknown = JSON.parse(text)
    if (typeof content === 'object' && content !== null) return content
  } catch {
    throw wrong
  }
  throw wrong
}
