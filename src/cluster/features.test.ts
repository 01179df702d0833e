/** How a level of a feature may change, in Kafka's words. */
import { describe, expect, test } from 'vitest'
import { isRefusal } from '../protocol/errors.js'
import type { MetadataRecord } from '../protocol/state/metadata.js'
import { type FeatureUpdate, initialFeatures, safeDowngrade, unsafeDowngrade, updateFeatures, upgrade } from './features.js'
import { MutableImage } from './image.js'

function imageAt(levels: Readonly<Record<string, number>>): MutableImage {
  const image = new MutableImage()
  for (const [name, featureLevel] of Object.entries(levels)) image.apply({ kind: 'featureLevel', name, featureLevel })
  return image
}

const to = (feature: string, maxVersionLevel: number, upgradeType = upgrade): FeatureUpdate => ({
  ...{ feature, maxVersionLevel, upgradeType },
})

function outcomeOf(levels: Readonly<Record<string, number>>, ...updates: FeatureUpdate[]): string[] {
  const decided = updateFeatures(imageAt(levels), 1, updates)
  if (isRefusal(decided)) return [decided.message.replace(/^The update failed for all .*? had an error: /, '')]
  return decided.records.map(record => (record.kind === 'featureLevel' ? `${record.name} ${record.featureLevel}` : record.kind))
}

const current = { 'metadata.version': 33, 'group.version': 1, 'streams.version': 1, 'transaction.version': 2 }

test('a new cluster is at the newest metadata.version and at the transaction.version that it is given', () => {
  const image = new MutableImage()
  for (const record of initialFeatures(0)) image.apply(record as MetadataRecord)
  expect([...image.features].sort()).toEqual([
    ['group.version', 1],
    ['metadata.version', 33],
    ['streams.version', 1],
  ])
  for (const record of initialFeatures(2)) image.apply(record as MetadataRecord)
  expect(Object.fromEntries(image.features)).toEqual(current)
})

describe('a level', () => {
  test('sinks when that is asked for, down to 0, which is as good as not there', () => {
    expect(outcomeOf(current, to('transaction.version', 1, safeDowngrade))).toEqual(['transaction.version 1'])
    expect(outcomeOf(current, to('transaction.version', 0, unsafeDowngrade))).toEqual(['transaction.version 0'])
    expect([...imageAt({ ...current, 'transaction.version': 0 }).features.keys()]).toEqual([
      'metadata.version',
      'group.version',
      'streams.version',
    ])
    expect(outcomeOf({ 'metadata.version': 33 }, to('transaction.version', 2))).toEqual(['transaction.version 2'])
  })

  test('that is there already changes nothing', () => {
    expect(outcomeOf(current, to('metadata.version', 33), to('transaction.version', 2, safeDowngrade))).toEqual([])
  })

  test.each([
    [to('transaction.version', 1), "Can't downgrade the version of this feature without setting the upgrade type to either"],
    [to('transaction.version', 3), 'Local controller 1 only supports versions 0-2'],
    [to('transaction.version', -1, safeDowngrade), 'A feature version cannot be less than 0.'],
    [to('transaction.version', 1, 4), 'The controller does not support the given upgrade type.'],
    [to('metadata.version', 6, safeDowngrade), 'Local controller 1 only supports versions 7-33'],
    [to('share.version', 1), 'Local controller 1 does not support this feature.'],
    [to('share.version', 0, safeDowngrade), 'Feature share.version not found.'],
  ])('may not be: %o', (update, why) => {
    expect(outcomeOf(current, update)[0]).toContain(why)
  })

  test('does not rise by a downgrade', () => {
    expect(outcomeOf({ ...current, 'transaction.version': 1 }, to('transaction.version', 2, safeDowngrade))[0]).toContain(
      "Can't downgrade to a newer version.",
    )
  })

  test('one that may not be keeps the others from changing; of a feature that is named twice the last counts', () => {
    const sinks = to('transaction.version', 1, safeDowngrade)
    expect(outcomeOf(current, sinks, to('no.such', 1))[0]).toContain('no.such')
    expect(outcomeOf(current, to('transaction.version', 9), sinks)).toEqual(['transaction.version 1'])
  })
})

describe('metadata.version', () => {
  test('rises to any level that is known', () => {
    expect(outcomeOf({ 'metadata.version': 21 }, to('metadata.version', 33))).toEqual(['metadata.version 33'])
  })

  test('sinks where no records came with the levels between, and else neither safely nor unsafely', () => {
    const at29 = { 'metadata.version': 29 }
    expect(outcomeOf(at29, to('metadata.version', 23, safeDowngrade))).toEqual(['metadata.version 23'])
    expect(outcomeOf(at29, to('metadata.version', 22, safeDowngrade))[0]).toBe(
      'Unsupported metadata.version downgrade from 29 to 22. Refusing to perform the requested downgrade because it might delete metadata information.',
    )
    expect(outcomeOf(current, to('metadata.version', 32, unsafeDowngrade))[0]).toContain('Unsafe metadata downgrade is not')
  })
})
