/** What is asked before a topic loses something. */
import { api, send } from '../../api/client.js'
import { count } from '../../format.js'
import { ask } from '../../ui/dialog.js'
import { tell } from '../../ui/toast.js'

export function askDelete(topic: string, onDone: () => void): void {
  ask({
    title: 'Delete the topic?',
    text: 'Its records and configs are gone for good. A client that writes to it afterwards may create it anew, with defaults.',
    action: 'Delete',
    typed: topic,
    run: async () => {
      await send('DELETE', api`topics/${topic}`)
      tell(`Deleted ${topic}.`)
      onDone()
    },
  })
}

export function askPurge(topic: string, onDone: () => void): void {
  ask({
    title: 'Purge the topic?',
    text: 'All its records are gone for good; offsets go on where they are. The topic, its configs and groups’ positions stay.',
    action: 'Purge',
    typed: topic,
    run: async () => {
      await send('POST', api`topics/${topic}/purge`, {})
      tell(`Purged ${topic}.`)
      onDone()
    },
  })
}

export function askPurgeBefore(topic: string, partition: number, before: number, onDone: () => void): void {
  ask({
    title: `Purge partition ${partition}?`,
    text: `Its records before offset ${count(before)} are gone for good.`,
    action: 'Purge',
    run: async () => {
      await send('POST', api`topics/${topic}/purge`, { partitions: [{ partition, before }] })
      tell(`Purged partition ${partition} of ${topic}.`)
      onDone()
    },
  })
}
