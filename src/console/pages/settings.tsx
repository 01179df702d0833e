/** What holds for the whole broker: configs, definitions as a file, users, ACLs, quotas; and how the console looks. */
import { type PageProps, pathTo } from '../path.js'
import { Page, Tabs } from '../ui/parts.js'
import { About } from './settings/about.js'
import { Acls } from './settings/acls.js'
import { BrokerConfigs } from './settings/broker-configs.js'
import { DefinitionFile } from './settings/definitions.js'
import { Quotas } from './settings/quotas.js'
import { Users } from './settings/users.js'

const tabs = [
  { name: 'configs', title: 'Broker configs', view: BrokerConfigs },
  { name: 'definitions', title: 'Definitions', view: DefinitionFile },
  { name: 'users', title: 'Users', view: Users },
  { name: 'acls', title: 'ACLs', view: Acls },
  { name: 'quotas', title: 'Quotas', view: Quotas },
  { name: 'about', title: 'About', view: About },
] as const

export function Settings({ params }: PageProps) {
  const current = tabs.find(({ name }) => name === params.tab) ?? tabs[0]
  const View = current.view
  return (
    <Page title="Settings">
      <Tabs
        label="Settings"
        current={current.name}
        tabs={tabs.map(({ name, title }) => ({
          name,
          title,
          href: name === 'configs' ? '/settings' : pathTo('/settings/:tab', { tab: name }),
        }))}
      />
      <View />
    </Page>
  )
}
