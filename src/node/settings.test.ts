import { expect, test } from 'vitest'
import { MutableImage, topicResource } from '../cluster/image.js'
import { optionsLayer, resolveBrokerConfig } from '../config/resolve.js'
import { topicConfig } from '../config/topic-config.js'
import { liveLogSettings, logSettings, metadataLogSettings } from './settings.js'

const { config } = resolveBrokerConfig([])

function imageWith(name: string): MutableImage {
  const image = new MutableImage()
  image.apply({ kind: 'topic', name, topicId: 'AAAAAAAAAAAAAAAAAAAAAg' })
  return image
}

function set(image: MutableImage, name: string, value: string | null): void {
  image.apply({ kind: 'config', resourceType: topicResource, resourceName: 't', name, value })
}

test('a changed config is in the settings the next time that they are asked for', () => {
  const image = imageWith('t')
  const source = liveLogSettings('t', image, configs => logSettings(topicConfig(config, configs)))
  expect(source()).toMatchObject({ retentionMs: 604_800_000, retentionBytes: -1, deletesOld: true, isCompacted: false })
  const before = source()
  expect(source()).toBe(before)
  set(image, 'retention.ms', '5')
  set(image, 'cleanup.policy', 'compact')
  expect(source()).toMatchObject({ retentionMs: 5, deletesOld: false, isCompacted: true })
  set(image, 'retention.ms', null)
  set(image, 'cleanup.policy', 'compact,delete')
  expect(source()).toMatchObject({ retentionMs: 604_800_000, deletesOld: true, isCompacted: true })
})

test('a deleted topic keeps its last settings', () => {
  const image = imageWith('t')
  const source = liveLogSettings('t', image, configs => logSettings(topicConfig(config, configs)))
  set(image, 'file.delete.delay.ms', '7')
  expect(source().fileDeleteDelayMs).toBe(7)
  image.apply({ kind: 'removeTopic', topicId: 'AAAAAAAAAAAAAAAAAAAAAg' })
  expect(source().fileDeleteDelayMs).toBe(7)
})

test('the metadata log is never shortened nor cut small, whatever the defaults for topics say', () => {
  const { config: hasty } = resolveBrokerConfig([optionsLayer({ 'log.roll.ms': '1000', 'log.cleanup.policy': 'compact' })])
  expect(metadataLogSettings(hasty)).toMatchObject({ deletesOld: false, isCompacted: false, segmentMs: 604_800_000 })
})
