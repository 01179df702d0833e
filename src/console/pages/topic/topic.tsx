/** A topic: its messages, partitions, configs, and who reads it. */
import { useState } from 'preact/hooks'
import { api, mayWrite } from '../../api/client.js'
import { type Polled, usePoll } from '../../api/poll.js'
import type { Topic as Answer } from '../../api/types.js'
import { bytes, count, counted } from '../../format.js'
import { type PageProps, pathTo } from '../../path.js'
import { go } from '../../router.js'
import { Badge, Button, FailureBox, Page, Tabs } from '../../ui/parts.js'
import { Configs } from '../configs.js'
import { TopicGroups } from './groups.js'
import { Messages } from './messages.js'
import { Partitions } from './partitions.js'
import { ProduceDialog } from './produce.js'
import { askDelete, askPurge } from './questions.js'

const everyMs = 3000
const tabs = { messages: 'Messages', partitions: 'Partitions', configs: 'Configs', groups: 'Groups' } as const

export function Topic({ params }: PageProps) {
  const { topic = '', tab = 'messages' } = params
  const polled = usePoll<Answer>(api`topics/${topic}`, everyMs)
  const [isProducing, setProducing] = useState(false)
  const { data, failure, refresh } = polled
  // What is not there, or not to be seen, says so once, and offers nothing that would fail.
  const isGone = failure?.status === 404 && data === null
  const isOff = !mayWrite.value || isGone
  const actions = (
    <>
      <Button icon="plus" tone="primary" isDisabled={isOff} onClick={() => setProducing(true)}>
        Produce
      </Button>
      <Button icon="purge" isDisabled={isOff} onClick={() => askPurge(topic, refresh)}>
        Purge
      </Button>
      <Button icon="trash" isDisabled={isOff} onClick={() => askDelete(topic, () => go('/topics'))}>
        Delete
      </Button>
    </>
  )
  const notes = { messages: '', partitions: count(data?.partitions.length), configs: '', groups: '' }
  const links = Object.entries(tabs).map(([name, title]) => ({
    name,
    title,
    note: notes[name as keyof typeof tabs],
    href: pathTo('/topics/:topic/:tab?', name === 'messages' ? { topic } : { topic, tab: name }),
  }))
  return (
    <Page
      title={topic}
      above={{ title: 'Topics', href: '/topics' }}
      badge={data !== null && <Summary topic={data} />}
      actions={actions}
    >
      <Tabs label="Parts of the topic" tabs={links} current={tab} />
      {failure !== null && <FailureBox failure={failure} onRetry={refresh} />}
      {!isGone && <Tab tab={tab} topic={topic} polled={polled} />}
      {isProducing && <ProduceDialog topic={topic} onClose={() => setProducing(false)} />}
    </Page>
  )
}

interface TabProps {
  readonly tab: string
  readonly topic: string
  readonly polled: Polled<Answer>
}

function Tab({ tab, topic, polled }: TabProps) {
  const { data } = polled
  if (tab === 'messages') return <Messages topic={topic} partitions={data?.partitions.length ?? null} />
  if (tab === 'configs') return <Configs path={api`topics/${topic}/configs`} of="this topic" />
  if (tab === 'groups') return <TopicGroups topic={topic} />
  if (tab !== 'partitions') return <p class="empty">A topic has no such part.</p>
  return data === null ? <p class="empty">Loading…</p> : <Partitions topic={data} onChange={polled.refresh} />
}

function Summary({ topic }: { readonly topic: Answer }) {
  return (
    <>
      {topic.isInternal && <Badge>internal</Badge>}
      <span class="summary">
        {counted(topic.records, 'record')} · {bytes(topic.sizeBytes)}
      </span>
    </>
  )
}
