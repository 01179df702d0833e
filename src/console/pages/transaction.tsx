/** One transactional id: what it has open, since when, and where. */
import { api, mayWrite, send } from '../api/client.js'
import { usePoll } from '../api/poll.js'
import { count, duration, time } from '../format.js'
import { type PageProps, pathTo } from '../path.js'
import { ask } from '../ui/dialog.js'
import { Badge, Button, Loaded, Page, Panel, Stat, Stats, type Tone } from '../ui/parts.js'
import { type Column, Table } from '../ui/table.js'
import { tell } from '../ui/toast.js'
import { ranges } from './group/types.js'

interface Answer {
  readonly transactionalId: string
  readonly producerId: number
  readonly state: string
  readonly producerEpoch: number
  readonly timeoutMs: number
  readonly startedMs: number | null
  readonly openForMs: number | null
  readonly topics: readonly OfTopic[]
}

interface OfTopic {
  readonly topic: string
  readonly partitions: readonly number[]
}

export function toneOfTransaction(state: string): Tone {
  if (state === 'Ongoing') return 'warn'
  return state.startsWith('Prepare') ? 'accent' : 'plain'
}

export function abortTransaction(id: string, onChange: () => void): void {
  ask({
    title: 'Abort the transaction',
    text: (
      <>
        What <strong>{id}</strong> has written since it began is thrown away for readers of committed records, and its producer is
        fenced: if it still runs, its next request fails.
      </>
    ),
    action: 'Abort it',
    run: async () => {
      await send('POST', api`transactions/${id}/abort`, {})
      tell(`The transaction of ${id} is aborted.`)
      onChange()
    },
  })
}

const columns: readonly Column<OfTopic>[] = [
  {
    title: 'Topic',
    kind: 'wide',
    cell: ({ topic }) => (
      <a class="name" href={pathTo('/topics/:topic', { topic })}>
        {topic}
      </a>
    ),
  },
  { title: 'Partitions', cell: ({ partitions }) => ranges(partitions) },
]

export function Transaction({ params: { id = '' } }: PageProps) {
  const polled = usePoll<Answer>(api`transactions/${id}`, 2000)
  const { data, refresh } = polled
  return (
    <Page
      title={id}
      above={{ title: 'Transactional ids', href: '/transactions/ids' }}
      badge={data !== null && <Badge tone={toneOfTransaction(data.state)}>{data.state}</Badge>}
      actions={
        <Button
          icon="close"
          isDisabled={!mayWrite.value || data?.startedMs == null}
          onClick={() => abortTransaction(id, refresh)}
        >
          Abort
        </Button>
      }
    >
      <Loaded polled={polled}>
        {transaction => (
          <>
            <Panel>
              <Stats>
                <Stat
                  label="Open for"
                  value={duration(transaction.openForMs)}
                  note={transaction.startedMs !== null && `since ${time(transaction.startedMs)}`}
                />
                <Stat label="Timeout" value={duration(transaction.timeoutMs)} note="then the broker aborts it" />
                <Stat label="Producer id" value={String(transaction.producerId)} />
                <Stat label="Producer epoch" value={count(transaction.producerEpoch)} />
              </Stats>
            </Panel>
            <Panel isFlush title="Partitions in the open transaction">
              <Table
                label="Partitions"
                columns={columns}
                rows={transaction.topics}
                keyOf={({ topic }) => topic}
                empty="None: no transaction is open."
              />
            </Panel>
          </>
        )}
      </Loaded>
    </Page>
  )
}
