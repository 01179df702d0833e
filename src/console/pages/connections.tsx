/** Who is connected by Kafka's protocol, and how much it sends and gets. */
import { api, mayWrite, send } from '../api/client.js'
import { useList } from '../api/list.js'
import { byteRate, bytes, count, duration, rate } from '../format.js'
import { ask } from '../ui/dialog.js'
import { Button, FailureBox, Page, Panel, SearchBox } from '../ui/parts.js'
import { type Column, ListTable } from '../ui/table.js'
import { tell } from '../ui/toast.js'

interface Connection {
  readonly id: string
  readonly listener: string
  readonly protocol: string
  readonly remoteAddress: string
  readonly remotePort: number
  readonly principal: string
  readonly clientId: string
  readonly software: string
  readonly softwareVersion: string
  readonly connectedForMs: number
  readonly requests: number
  readonly bytesIn: number
  readonly bytesOut: number
  readonly requestsPerSecond: number
  readonly bytesInPerSecond: number
  readonly bytesOutPerSecond: number
}

const columns = (onClosed: () => void): Column<Connection>[] => [
  {
    title: 'Client id',
    sort: 'clientId',
    kind: 'wide',
    cell: ({ clientId }) => <span title={clientId}>{clientId === '' ? '–' : clientId}</span>,
  },
  {
    title: 'Software',
    sort: 'software',
    hint: 'As the client says it',
    cell: ({ software, softwareVersion }) => (
      <span class="clip" title={`${software} ${softwareVersion}`}>
        {software === '' || software === 'unknown' ? '–' : `${software} ${softwareVersion}`}
      </span>
    ),
  },
  {
    title: 'Address',
    sort: 'remoteAddress',
    kind: 'mono',
    cell: ({ remoteAddress, remotePort }) =>
      remoteAddress.includes(':') ? `[${remoteAddress}]:${remotePort}` : `${remoteAddress}:${remotePort}`,
  },
  {
    title: 'User',
    sort: 'principal',
    cell: ({ principal, listener, protocol }) => (
      <span class="clip" title={`${principal}, by listener ${listener} (${protocol})`}>
        {principal.replace(/^User:/, '')}
      </span>
    ),
  },
  { title: 'Since', sort: 'connectedForMs', kind: 'number', cell: ({ connectedForMs }) => duration(connectedForMs) },
  {
    title: 'Requests',
    kind: 'number',
    cell: ({ requests, requestsPerSecond }) => <span title={`${count(requests)} in all`}>{rate(requestsPerSecond)}</span>,
  },
  {
    title: 'In',
    sort: 'bytesInPerSecond',
    kind: 'number',
    cell: ({ bytesIn, bytesInPerSecond }) => <span title={`${bytes(bytesIn)} in all`}>{byteRate(bytesInPerSecond)}</span>,
  },
  {
    title: 'Out',
    sort: 'bytesOutPerSecond',
    kind: 'number',
    cell: ({ bytesOut, bytesOutPerSecond }) => <span title={`${bytes(bytesOut)} in all`}>{byteRate(bytesOutPerSecond)}</span>,
  },
  {
    title: 'Actions',
    kind: 'actions',
    cell: connection => (
      <Button
        tone="quiet"
        icon="close"
        isDisabled={!mayWrite.value}
        hint={`Close the connection of ${connection.clientId} from port ${connection.remotePort}`}
        onClick={() => close(connection, onClosed)}
      />
    ),
  },
]

function close({ id, clientId, remoteAddress, remotePort }: Connection, onClosed: () => void): void {
  ask({
    title: 'Close the connection',
    text: (
      <>
        The connection of <strong>{clientId === '' ? 'a client without an id' : clientId}</strong> from {remoteAddress}, port{' '}
        {remotePort}, is closed; what it has asked is answered. Most clients connect again at once.
      </>
    ),
    action: 'Close it',
    run: async () => {
      await send('DELETE', api`connections/${id}`)
      tell('The connection is closed.')
      onClosed()
    },
  })
}

export function Connections() {
  const listing = useList<Connection>(api`connections`, { sort: 'clientId', everyMs: 2000 })
  return (
    <Page title="Connections">
      <Panel isFlush>
        <div class="toolbar">
          <SearchBox label="Search by client id, software, address or user" />
        </div>
        {listing.failure !== null && <FailureBox failure={listing.failure} onRetry={listing.refresh} />}
        <ListTable
          label="Connections"
          listing={listing}
          columns={columns(listing.refresh)}
          keyOf={({ id }) => id}
          empty="No client is connected. Point one at a listener that the overview shows."
        />
      </Panel>
    </Page>
  )
}
