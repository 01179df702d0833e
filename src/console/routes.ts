/** The pages. A new one: a file in pages/, and a row here; `nav` puts it into the menu. */
import type { FunctionComponent } from 'preact'
import { Connections } from './pages/connections.js'
import { Group } from './pages/group.js'
import { Groups } from './pages/groups.js'
import { Overview } from './pages/overview.js'
import { Settings } from './pages/settings.js'
import { Topic } from './pages/topic/topic.js'
import { Topics } from './pages/topics.js'
import { Transaction } from './pages/transaction.js'
import { Transactions } from './pages/transactions.js'
import { matchPath, type PageProps, type Params } from './path.js'
import type { IconName } from './ui/icons.js'

interface Route {
  readonly path: string
  readonly view: FunctionComponent<PageProps>
  /** The key is pressed after "g". */
  readonly nav?: { readonly title: string; readonly icon: IconName; readonly key: string }
  /** Of a page below one of the menu: that one's path. */
  readonly below?: string
}

export const routes: readonly Route[] = [
  { path: '/', view: Overview, nav: { title: 'Overview', icon: 'overview', key: 'o' } },
  { path: '/topics', view: Topics, nav: { title: 'Topics', icon: 'topics', key: 't' } },
  { path: '/topics/:topic/:tab?', view: Topic, below: '/topics' },
  { path: '/groups', view: Groups, nav: { title: 'Groups', icon: 'groups', key: 'g' } },
  { path: '/groups/:group/:tab?', view: Group, below: '/groups' },
  { path: '/connections', view: Connections, nav: { title: 'Connections', icon: 'connections', key: 'c' } },
  { path: '/transactions', view: Transactions, nav: { title: 'Transactions', icon: 'transactions', key: 'x' } },
  { path: '/transactions/:tab', view: Transactions, below: '/transactions' },
  { path: '/transactions/ids/:id', view: Transaction, below: '/transactions' },
  { path: '/settings', view: Settings, nav: { title: 'Settings', icon: 'settings', key: 's' } },
  { path: '/settings/:tab', view: Settings, below: '/settings' },
]

export function routeAt(path: string): { readonly route: Route; readonly params: Params } | null {
  for (const route of routes) {
    const params = matchPath(route.path, path)
    if (params !== null) return { route, params }
  }
  return null
}
