/** One group: how far it is behind, who reads what, why it rebalanced, and moving it. */
import { useState } from 'preact/hooks'
import { api, mayWrite, send } from '../api/client.js'
import { usePoll } from '../api/poll.js'
import { count, counted, duration, rate, short } from '../format.js'
import { type PageProps, pathTo } from '../path.js'
import { go } from '../router.js'
import { Chart } from '../ui/chart.js'
import { ask } from '../ui/dialog.js'
import { Badge, Button, Loaded, Page, Panel, Stat, Stats, Tabs } from '../ui/parts.js'
import { tell } from '../ui/toast.js'
import { type LagHistory, useLagHistory } from './group/lag-history.js'
import { Members } from './group/members.js'
import { Positions } from './group/positions.js'
import { Rebalances } from './group/rebalances.js'
import { ResetDialog } from './group/reset.js'
import { type Group as Answer, toneOf } from './group/types.js'

const pollMs = 2000

export function Group({ params }: PageProps) {
  const { group: groupId = '', tab = 'positions' } = params
  const polled = usePoll<Answer>(api`groups/${groupId}`, pollMs)
  const history = useLagHistory(polled.data, polled.atMs)
  const [isResetting, setResetting] = useState(false)
  const { data } = polled
  const remove = () =>
    ask({
      title: 'Delete the group',
      text: (
        <>
          <strong>{groupId}</strong> and its positions in {counted(topicsOf(data!).length, 'topic')} are forgotten. A consumer
          that comes with this group id begins where its <code>auto.offset.reset</code> says.
        </>
      ),
      action: 'Delete the group',
      run: async () => {
        await send('DELETE', api`groups/${groupId}`)
        tell(`${groupId} is deleted.`)
        go('/groups')
      },
    })
  const hasMembers = (data?.members?.length ?? 0) > 0
  const hint = hasMembers ? 'Stop its members first' : undefined
  return (
    <Page
      title={groupId}
      above={{ title: 'Groups', href: '/groups' }}
      badge={data !== null && <Badge tone={toneOf(data.state)}>{data.state}</Badge>}
      actions={
        data !== null && (
          <>
            <Button icon="replay" isDisabled={!mayWrite.value} onClick={() => setResetting(true)}>
              Reset offsets
            </Button>
            <Button icon="trash" isDisabled={!mayWrite.value || hasMembers} hint={hint} onClick={remove}>
              Delete
            </Button>
          </>
        )
      }
    >
      <Loaded polled={polled}>
        {group => (
          <>
            <Head group={group} history={history} />
            <Tabs
              label="Of this group"
              current={tab}
              tabs={[
                {
                  name: 'positions',
                  title: 'Positions',
                  href: pathTo('/groups/:group', { group: groupId }),
                  note: count(group.positions.length),
                },
                {
                  name: 'members',
                  title: 'Members',
                  href: pathTo('/groups/:group/:tab', { group: groupId, tab: 'members' }),
                  note: count(group.members?.length ?? null),
                },
                {
                  name: 'rebalances',
                  title: 'Rebalances',
                  href: pathTo('/groups/:group/:tab', { group: groupId, tab: 'rebalances' }),
                  note: count(group.rebalances.length),
                },
              ]}
            />
            {tab === 'members' && <Members group={group} />}
            {tab === 'rebalances' && <Rebalances group={group} />}
            {tab === 'positions' && <Positions group={group} onChange={polled.refresh} />}
          </>
        )}
      </Loaded>
      {isResetting && data !== null && <ResetDialog group={data} onClose={() => setResetting(false)} onDone={polled.refresh} />}
    </Page>
  )
}

export const topicsOf = ({ positions }: Answer): string[] => [...new Set(positions.map(({ topic }) => topic))]

function Head({ group, history }: { readonly group: Answer; readonly history: LagHistory }) {
  const { readPerSecond, writtenPerSecond } = history
  return (
    <>
      <Panel>
        <Stats>
          <Stat label="Lag" value={count(group.lag)} note={catchUp(group.lag, readPerSecond, writtenPerSecond)} />
          <Stat label="Reads" value={rate(readPerSecond)} note="committed, last 30 s" />
          <Stat label="Written for it" value={rate(writtenPerSecond)} note="last 30 s" />
          <Stat label="Members" value={count(group.members?.length ?? null)} />
          <Stat label="Type" value={group.type} note={group.protocolType} />
          <Stat label="Assignor" value={group.assignor === null || group.assignor === '' ? '–' : group.assignor} />
        </Stats>
      </Panel>
      <Panel>
        <Chart title="Lag" times={history.times} series={history.series} format={short} />
      </Panel>
    </>
  )
}

function catchUp(lag: number | null, read: number | null, written: number | null): string {
  if (lag === null) return 'no position yet'
  if (lag === 0) return 'caught up'
  if (read === null || written === null) return 'measuring…'
  if (read > written) return `caught up in ${duration((1000 * lag) / (read - written))}`
  return read < written ? 'falls behind' : 'stays as it is'
}
