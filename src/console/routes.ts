/** The pages. A new one: a file in pages/, and a row here; `nav` puts it into the menu. */
import type { FunctionComponent } from 'preact'
import { Overview } from './pages/overview.js'
import { Topic } from './pages/topic/topic.js'
import { Topics } from './pages/topics.js'
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
]

export function routeAt(path: string): { readonly route: Route; readonly params: Params } | null {
  for (const route of routes) {
    const params = matchPath(route.path, path)
    if (params !== null) return { route, params }
  }
  return null
}
