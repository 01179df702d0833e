/** Which broker this is, and how the console looks. */
import { api } from '../../api/client.js'
import { usePoll } from '../../api/poll.js'
import type { Overview } from '../../api/types.js'
import { bytes } from '../../format.js'
import { SelectField } from '../../ui/form.js'
import { Loaded, Panel } from '../../ui/parts.js'
import { type Theme, theme } from '../../ui/theme.js'

const themes = { system: 'as the system', light: 'light', dark: 'dark' }
const durabilities = {
  fsync: 'acknowledged when it is on the disk',
  os: 'acknowledged when the operating system has it',
  none: 'never synced',
}

export function About() {
  const polled = usePoll<Overview>(api`overview`, null)
  return (
    <>
      <Panel title="This browser">
        <div class="narrow">
          <SelectField
            label="Theme"
            value={theme.value}
            onValue={value => {
              theme.value = value as Theme
            }}
            options={themes}
          />
        </div>
      </Panel>
      <Panel title="This broker">
        <Loaded polled={polled}>
          {({ clusterId, brokerId, listeners, durability, isEphemeral, sizeBytes }) => (
            <dl class="facts">
              <dt>Cluster id</dt>
              <dd class="mono">{clusterId}</dd>
              <dt>Broker id</dt>
              <dd class="mono">{brokerId}</dd>
              {listeners.map(({ name, protocol, host, port }) => (
                <Listener key={name} name={name} where={`${host === '' ? '*' : host}:${port}`} protocol={protocol} />
              ))}
              <dt>Records</dt>
              <dd>
                {isEphemeral ? 'in a directory that goes with the broker' : durabilities[durability]}, {bytes(sizeBytes)}
              </dd>
            </dl>
          )}
        </Loaded>
      </Panel>
      <Panel title="For programs">
        <ul class="links">
          <li>
            <a href="/api/openapi.json" target="_blank" rel="noreferrer">
              /api/openapi.json
            </a>{' '}
            describes all that the console does
          </li>
          <li>
            <a href="/metrics" target="_blank" rel="noreferrer">
              /metrics
            </a>{' '}
            is for Prometheus
          </li>
          <li>
            <a href="/readyz" target="_blank" rel="noreferrer">
              /readyz
            </a>{' '}
            and <code>/livez</code> are for whoever runs it
          </li>
        </ul>
      </Panel>
    </>
  )
}

function Listener({ name, where, protocol }: { readonly name: string; readonly where: string; readonly protocol: string }) {
  return (
    <>
      <dt>Listener {name}</dt>
      <dd>
        <span class="mono">{where}</span> {protocol}
      </dd>
    </>
  )
}
