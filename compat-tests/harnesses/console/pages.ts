/** Every page of the console, by its address. Lists are sorted by what stays: keys go through them while there is load. */
import { payloads } from './stored-xss.js'

export interface PageOfConsole {
  /** Of the file of its screenshot. */
  readonly name: string
  readonly path: string
  /** Is there when the page shows what it is about. */
  readonly shows: string
  /** Not among the screenshots. */
  readonly isSpare?: true
  readonly needsJava?: true
}

const evil = (at: number): string => encodeURIComponent(payloads[at]!)

export const pages: readonly PageOfConsole[] = [
  { name: 'overview', path: '/', shows: '.chart, .stats' },
  { name: 'topics', path: '/topics?sort=partitions&order=desc', shows: 'a[href="/topics/orders"]' },
  { name: 'topic', path: '/topics/orders?from=start&open=1:0', shows: 'section.record' },
  {
    name: 'topic-live',
    path: '/topics/orders?live=1',
    shows: 'table[aria-label="Messages of orders"] td',
    isSpare: true,
  },
  {
    name: 'topic-partitions',
    path: '/topics/orders/partitions',
    shows: 'table[aria-label="Partitions of orders"] td',
    isSpare: true,
  },
  { name: 'topic-groups', path: '/topics/orders/groups', shows: 'a[href="/groups/order-service"]', isSpare: true },
  { name: 'topic-configs', path: '/topics/orders/configs', shows: 'table[aria-label="Configs"] td', isSpare: true },
  {
    name: 'topic-evil',
    path: '/topics/stored-xss?from=start',
    shows: 'table[aria-label="Messages of stored-xss"] td',
    isSpare: true,
  },
  { name: 'topic-proto', path: '/topics/__proto__', shows: 'h1', isSpare: true },
  { name: 'topics-internal', path: '/topics?internal=true&search=_', shows: 'td .badge', isSpare: true },
  { name: 'groups', path: '/groups', shows: 'a[href="/groups/order-service"]' },
  { name: 'group', path: '/groups/fraud-detection', shows: 'table[aria-label="Positions"] td' },
  { name: 'group-members', path: '/groups/order-service/members', shows: 'table[aria-label="Members"] td', isSpare: true },
  { name: 'group-rebalances', path: '/groups/order-service/rebalances', shows: 'table[aria-label="Rebalances"] td' },
  {
    name: 'group-consumer',
    path: '/groups/clickstream',
    shows: 'table[aria-label="Positions"] td',
    isSpare: true,
    needsJava: true,
  },
  { name: 'group-evil', path: `/groups/${evil(0)}`, shows: 'table[aria-label="Positions"] td', isSpare: true },
  { name: 'group-evil-members', path: `/groups/${evil(4)}/members`, shows: 'table[aria-label="Members"] td', isSpare: true },
  {
    name: 'group-evil-rebalances',
    path: `/groups/${evil(4)}/rebalances`,
    shows: 'table[aria-label="Rebalances"] td',
    isSpare: true,
  },
  { name: 'connections', path: '/connections', shows: 'table[aria-label="Connections"] td' },
  { name: 'transactions', path: '/transactions', shows: 'table[aria-label="Open transactions by partition"] td' },
  { name: 'transactional-ids', path: '/transactions/ids', shows: 'table[aria-label="Transactional ids"] td', isSpare: true },
  { name: 'transaction', path: '/transactions/ids/billing-export', shows: 'table[aria-label="Partitions"] td', isSpare: true },
  { name: 'transaction-evil', path: `/transactions/ids/${evil(2)}`, shows: 'table[aria-label="Partitions"] td', isSpare: true },
  { name: 'settings', path: '/settings?search=retention', shows: 'table[aria-label="Configs"] td' },
  { name: 'definitions', path: '/settings/definitions', shows: 'a[download]' },
  { name: 'users', path: '/settings/users', shows: '.empty, table[aria-label="Users"] td', isSpare: true },
  { name: 'acls', path: '/settings/acls', shows: '.empty, .failure, table[aria-label="ACLs"] td', isSpare: true },
  { name: 'quotas', path: '/settings/quotas', shows: '.empty, table[aria-label="Quotas"] td', isSpare: true },
  { name: 'about', path: '/settings/about', shows: '.facts dd', isSpare: true },
  { name: 'missing', path: '/no/such/page', shows: '.empty', isSpare: true },
]

export const loginPage: PageOfConsole = { name: 'login', path: '/topics', shows: 'input[type=password]' }
