import { expect, it } from 'vitest'
import { EventStream } from './event-stream.js'

const text =
  ': live\n\nevent: record\ndata: {"offset":1,"value":"a\\n\\nb"}\n\nevent: skipped\ndata: {"records":\ndata: 7}\n\n: \n\ndata:3\n\n'
const events = [
  ['record', { offset: 1, value: 'a\n\nb' }],
  ['skipped', { records: 7 }],
  ['message', 3],
]

it('events are the same wherever the pieces end', () => {
  for (let size = 1; size <= text.length; size++) {
    const heard: unknown[] = []
    const stream = new EventStream((event, data) => heard.push([event, data]))
    for (let at = 0; at < text.length; at += size) stream.push(text.slice(at, at + size))
    expect(heard).toEqual(events)
  }
})

it('an event that has not ended is not told', () => {
  const heard: unknown[] = []
  new EventStream((_, data) => heard.push(data)).push('data: 1\n\ndata: 2\n')
  expect(heard).toEqual([1])
})
