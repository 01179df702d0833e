/** Why a group rebalanced, the latest first. */
import { nowMs } from '../../clock.js'
import { ago, count, time } from '../../format.js'
import { Panel } from '../../ui/parts.js'
import { type Column, Table } from '../../ui/table.js'
import { type Group, type Rebalance, reasons } from './types.js'

const columns: readonly Column<Rebalance>[] = [
  { title: 'When', cell: ({ atMs }) => <span title={time(atMs)}>{ago(atMs, nowMs())}</span> },
  {
    title: 'Why',
    cell: ({ reason }) => {
      const [text, meaning] = reasons[reason] ?? [reason, '']
      return (
        <span class="two-lines">
          {text}
          <small>{meaning}</small>
        </span>
      )
    },
  },
  {
    title: 'Who',
    kind: 'wide',
    cell: ({ clientId, memberId, said }) => (
      <span class="two-lines" title={memberId ?? undefined}>
        {clientId === null || clientId === '' ? (memberId ?? '–') : clientId}
        {said !== null && said !== '' && <small>“{said}”</small>}
      </span>
    ),
  },
  { title: 'Epoch', kind: 'number', hint: 'The generation, or group epoch, that it led to', cell: ({ epoch }) => count(epoch) },
  { title: 'Members', kind: 'number', hint: 'In the group at that moment', cell: ({ members }) => count(members) },
]

export function Rebalances({ group: { rebalances } }: { readonly group: Group }) {
  return (
    <Panel isFlush>
      <Table
        label="Rebalances"
        isTall
        columns={columns}
        rows={[...rebalances].reverse()}
        keyOf={({ atMs, epoch, reason }) => `${atMs} ${epoch} ${reason}`}
        empty="It has not rebalanced since the broker started, or that was long ago: the broker remembers the latest 20."
      />
    </Panel>
  )
}
