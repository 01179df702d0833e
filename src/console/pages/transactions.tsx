/** Transactions: those that hold readers of committed records up, and all transactional ids. */
import { api, mayWrite, send } from '../api/client.js'
import { useList } from '../api/list.js'
import { count, duration, time } from '../format.js'
import { type PageProps, pathTo } from '../path.js'
import { ask } from '../ui/dialog.js'
import { Badge, Button, Choice, FailureBox, Page, Panel, SearchBox, Tabs } from '../ui/parts.js'
import { type Column, ListTable } from '../ui/table.js'
import { tell } from '../ui/toast.js'
import { abortTransaction, toneOfTransaction } from './transaction.js'

interface OpenTransaction {
  readonly topic: string
  readonly partition: number
  readonly lastStableOffset: number
  readonly endOffset: number
  readonly heldBack: number
  readonly producerId: number | null
  readonly openSinceOffset: number | null
  readonly lastTimestampMs: number | null
  readonly transactionalId: string | null
  readonly openForMs: number | null
  readonly timeoutMs: number | null
}

interface TransactionRow {
  readonly transactionalId: string
  readonly producerId: number
  readonly state: string
}

const linkTo = (id: string) => (
  <a class="name" href={pathTo('/transactions/ids/:id', { id })} title={id}>
    {id}
  </a>
)

const openColumns = (onChange: () => void): Column<OpenTransaction>[] => [
  {
    title: 'Partition',
    sort: 'topic',
    cell: ({ topic, partition }) => (
      <a class="clip" href={pathTo('/topics/:topic', { topic })} title={topic}>
        {topic} · {partition}
      </a>
    ),
  },
  {
    title: 'Transactional id',
    sort: 'transactionalId',
    kind: 'wide',
    cell: ({ transactionalId, producerId }) => {
      if (transactionalId !== null) return linkTo(transactionalId)
      return producerId === null ? <span class="muted">not known</span> : <Badge tone="bad">hangs: no coordinator knows it</Badge>
    },
  },
  {
    title: 'Held back',
    sort: 'heldBack',
    kind: 'number',
    hint: 'Records that readers of committed records do not get',
    cell: ({ heldBack, lastStableOffset, endOffset }) => (
      <span title={`from offset ${count(lastStableOffset)} to ${count(endOffset)}`}>{count(heldBack)}</span>
    ),
  },
  {
    title: 'Open for',
    sort: 'openForMs',
    kind: 'number',
    cell: ({ openForMs, timeoutMs }) => (
      <span title={timeoutMs === null ? undefined : `The broker aborts it after ${duration(timeoutMs)}`}>
        {duration(openForMs)}
      </span>
    ),
  },
  { title: 'Wrote last', kind: 'mono', cell: ({ lastTimestampMs }) => time(lastTimestampMs) },
  { title: 'Producer', kind: 'number', cell: ({ producerId }) => (producerId === null ? '–' : String(producerId)) },
  {
    title: 'Actions',
    kind: 'actions',
    cell: row => (
      <Button
        tone="quiet"
        icon="close"
        isDisabled={!mayWrite.value || row.producerId === null}
        hint={`Abort the transaction on ${row.topic} · ${row.partition}`}
        onClick={() => abort(row, onChange)}
      />
    ),
  },
]

function abort({ topic, partition, producerId, transactionalId }: OpenTransaction, onChange: () => void): void {
  if (transactionalId !== null) {
    abortTransaction(transactionalId, onChange)
    return
  }
  ask({
    title: 'Abort a hanging transaction',
    text: (
      <>
        A marker is written to <strong>{topic}</strong>, partition {partition}, that ends what producer {producerId} began there,
        as <code>kafka-transactions abort</code> does. Only right when no coordinator will end it.
      </>
    ),
    action: 'Abort it',
    run: async () => {
      await send('POST', api`topics/${topic}/producers/abort`, { partition, producerId })
      tell('The transaction is aborted.')
      onChange()
    },
  })
}

const idColumns = (onChange: () => void): Column<TransactionRow>[] => [
  { title: 'Transactional id', sort: 'transactionalId', kind: 'wide', cell: ({ transactionalId }) => linkTo(transactionalId) },
  { title: 'State', sort: 'state', cell: ({ state }) => <Badge tone={toneOfTransaction(state)}>{state}</Badge> },
  { title: 'Producer', sort: 'producerId', kind: 'number', cell: ({ producerId }) => String(producerId) },
  {
    title: 'Actions',
    kind: 'actions',
    cell: ({ transactionalId, state }) => (
      <Button
        tone="quiet"
        icon="close"
        isDisabled={!mayWrite.value || state !== 'Ongoing'}
        hint={state === 'Ongoing' ? `Abort the transaction of ${transactionalId}` : `Nothing of ${transactionalId} is open`}
        onClick={() => abortTransaction(transactionalId, onChange)}
      />
    ),
  },
]

const states = {
  any: 'any',
  Ongoing: 'Ongoing',
  PrepareCommit: 'Prepare commit',
  PrepareAbort: 'Prepare abort',
  CompleteCommit: 'Complete commit',
  CompleteAbort: 'Complete abort',
  Empty: 'Empty',
}

export function Transactions({ params: { tab = 'open' } }: PageProps) {
  return (
    <Page title="Transactions">
      <Tabs
        label="Transactions"
        current={tab}
        tabs={[
          { name: 'open', title: 'Holding readers up', href: '/transactions' },
          { name: 'ids', title: 'Transactional ids', href: '/transactions/ids' },
        ]}
      />
      {tab === 'ids' ? <Ids /> : <Open />}
    </Page>
  )
}

function Open() {
  const listing = useList<OpenTransaction>(api`open-transactions`, { sort: 'topic', everyMs: 3000 })
  return (
    <Panel isFlush>
      <div class="toolbar">
        <SearchBox label="Search topics and ids" />
      </div>
      {listing.failure !== null && <FailureBox failure={listing.failure} onRetry={listing.refresh} />}
      <ListTable
        label="Open transactions by partition"
        listing={listing}
        columns={openColumns(listing.refresh)}
        keyOf={({ topic, partition, producerId }) => `${topic} ${partition} ${producerId}`}
        empty="Nothing holds readers of committed records up: the last stable offset of every partition is its end."
      />
    </Panel>
  )
}

function Ids() {
  const listing = useList<TransactionRow>(api`transactions`, { sort: 'transactionalId', everyMs: 3000, filters: ['state'] })
  return (
    <Panel isFlush>
      <div class="toolbar">
        <SearchBox label="Search transactional ids" />
        <Choice label="State" name="state" options={states} />
      </div>
      {listing.failure !== null && <FailureBox failure={listing.failure} onRetry={listing.refresh} />}
      <ListTable
        label="Transactional ids"
        listing={listing}
        columns={idColumns(listing.refresh)}
        keyOf={({ transactionalId }) => transactionalId}
        empty="No producer has come with a transactional id."
      />
    </Panel>
  )
}
