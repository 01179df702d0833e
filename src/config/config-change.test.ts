import { expect, test } from 'vitest'
import { isRefusal } from '../protocol/errors.js'
import { type ConfigChange, changedConfigs, topicListOf } from './config-change.js'

const changed = (current: Record<string, string>, ...changes: ConfigChange[]) => {
  const overrides = changedConfigs(new Map(Object.entries(current)), changes, topicListOf)
  return isRefusal(overrides) ? overrides.message : Object.fromEntries(overrides)
}
const change = (operation: ConfigChange['operation'], name: string, value = ''): ConfigChange => ({ operation, name, value })

test('what is not named stays; a set value replaces, a deleted one goes back to the default', () => {
  const current = { 'retention.ms': '5', 'segment.bytes': '1048576' }
  expect(changed(current)).toEqual(current)
  expect(changed(current, change('set', 'retention.ms', '7'))).toEqual({ ...current, 'retention.ms': '7' })
  expect(changed(current, change('delete', 'retention.ms'))).toEqual({ 'segment.bytes': '1048576' })
  expect(changed(current, change('delete', 'no.such.key'))).toEqual(current)
})

test('a list grows and shrinks from what is set, or from the key’s own default, and names nothing twice', () => {
  const policy = (text: string) => ({ 'cleanup.policy': text })
  expect(changed({}, change('append', 'cleanup.policy', 'compact'))).toEqual(policy('delete,compact'))
  expect(changed({}, change('append', 'leader.replication.throttled.replicas', '0:1,0:1'))).toEqual({
    'leader.replication.throttled.replicas': '0:1',
  })
  expect(changed(policy('delete'), change('append', 'cleanup.policy', 'delete, compact'))).toEqual(policy('delete,compact'))
  expect(changed(policy('compact, delete'), change('subtract', 'cleanup.policy', 'compact'))).toEqual(policy('delete'))
  expect(changed(policy('delete'), change('subtract', 'cleanup.policy', 'compact'))).toEqual(policy('delete'))
})

test('an empty element is added as one, and refused with the value that it makes', () => {
  expect(changed({}, change('append', 'cleanup.policy', ''))).toEqual({ 'cleanup.policy': 'delete,' })
  expect(changed({}, change('append', 'cleanup.policy', ','))).toEqual({ 'cleanup.policy': 'delete,' })
})

test('only lists can be added to', () => {
  const message = "Can't APPEND to key retention.ms because its type is not LIST."
  expect(changed({}, change('append', 'retention.ms', '1'))).toBe(message)
  expect(changed({}, change('subtract', 'no.such.key', '1'))).toBe(
    message.replace('APPEND', 'SUBTRACT').replace('retention.ms', 'no.such.key'),
  )
})
