/** The broker at one glance. */
import { api } from '../api/client.js'
import { usePoll } from '../api/poll.js'
import type { Overview as Answer } from '../api/types.js'
import { bytes, count } from '../format.js'
import { Loaded, Page, Panel, Stat, Stats } from '../ui/parts.js'

export function Overview() {
  const polled = usePoll<Answer>(api`overview`, 2000)
  return (
    <Page title="Overview">
      <Loaded polled={polled}>
        {overview => (
          <Panel>
            <Stats>
              <Stat label="Topics" value={count(overview.topics)} />
              <Stat label="Partitions" value={count(overview.partitions)} />
              <Stat label="Groups" value={count(overview.groups)} />
              <Stat label="Connections" value={count(overview.connections)} />
              <Stat label="On disk" value={bytes(overview.sizeBytes)} />
            </Stats>
          </Panel>
        )}
      </Loaded>
    </Page>
  )
}
