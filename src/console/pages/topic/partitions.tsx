/** The partitions of a topic. */
import { useState } from 'preact/hooks'
import { api, mayWrite, send } from '../../api/client.js'
import type { Partition, Topic } from '../../api/types.js'
import { bytes, count } from '../../format.js'
import { pathTo, queryText } from '../../path.js'
import { Dialog } from '../../ui/dialog.js'
import { Form, TextField, useSubmit } from '../../ui/form.js'
import { Badge, Button, Panel } from '../../ui/parts.js'
import { type Column, Table } from '../../ui/table.js'
import { tell } from '../../ui/toast.js'
import { askPurgeBefore } from './questions.js'

interface PartitionsProps {
  readonly topic: Topic
  readonly onChange: () => void
}

export function Partitions({ topic, onChange }: PartitionsProps) {
  const [isGrowing, setGrowing] = useState(false)
  return (
    <Panel
      isFlush
      title="Partitions"
      actions={
        <Button icon="plus" isDisabled={!mayWrite.value} onClick={() => setGrowing(true)}>
          Add partitions
        </Button>
      }
    >
      <Table
        label={`Partitions of ${topic.name}`}
        rows={topic.partitions}
        columns={columnsOf(topic.name, onChange)}
        keyOf={keyOf}
      />
      {isGrowing && <GrowDialog topic={topic} onClose={() => setGrowing(false)} onDone={onChange} />}
    </Panel>
  )
}

const keyOf = ({ partition }: Partition) => partition

const columnsOf = (topic: string, onChange: () => void): readonly Column<Partition>[] => [
  {
    title: 'Partition',
    kind: 'wide',
    cell: ({ partition, endOffset, lastStableOffset }) => (
      <>
        <a class="name" href={pathTo('/topics/:topic', { topic }) + queryText({ partition })}>
          {partition}
        </a>
        {lastStableOffset < endOffset && <Badge tone="warn">open transaction at {count(lastStableOffset)}</Badge>}
      </>
    ),
  },
  { title: 'Start', kind: 'number', cell: ({ startOffset }) => count(startOffset), hint: 'The first offset that is there' },
  { title: 'End', kind: 'number', cell: ({ endOffset }) => count(endOffset), hint: 'The high watermark' },
  { title: 'Records', kind: 'number', cell: ({ startOffset, endOffset }) => count(endOffset - startOffset) },
  { title: 'Size', kind: 'number', cell: ({ sizeBytes }) => bytes(sizeBytes) },
  { title: 'Leader', kind: 'number', cell: ({ leader }) => (leader < 0 ? <Badge tone="bad">none</Badge> : leader) },
  { title: 'Epoch', kind: 'number', cell: ({ leaderEpoch }) => leaderEpoch, hint: 'Of the leader' },
  {
    title: 'Purge',
    kind: 'actions',
    cell: ({ partition, startOffset, endOffset }) => (
      <Button
        tone="quiet"
        icon="purge"
        hint={`Purge partition ${partition}`}
        isDisabled={!mayWrite.value || startOffset === endOffset}
        onClick={() => askPurgeBefore(topic, partition, endOffset, onChange)}
      />
    ),
  },
]

function GrowDialog({
  topic,
  onClose,
  onDone,
}: {
  readonly topic: Topic
  readonly onClose: () => void
  readonly onDone: () => void
}) {
  const present = topic.partitions.length
  const [wanted, setWanted] = useState(String(present + 1))
  const sending = useSubmit(async () => {
    await send('POST', api`topics/${topic.name}/partitions`, { count: Number(wanted) })
    tell(`${topic.name} has ${wanted} partitions.`)
    onDone()
    onClose()
  })
  return (
    <Dialog title="Add partitions" onClose={onClose}>
      <Form sending={sending} action="Add" isReady={/^\d{1,9}$/.test(wanted)} onCancel={onClose}>
        <p>Keys may go to other partitions than before, and a topic never gets fewer.</p>
        <TextField
          label="Partitions in all"
          hint={`There are ${present}.`}
          type="number"
          value={wanted}
          onValue={setWanted}
          isFocused
        />
      </Form>
    </Dialog>
  )
}
