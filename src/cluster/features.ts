/**
 * Features of the cluster (KIP-584): what this version knows, at which level each is, and how a level may change. A feature that
 * switches on what is not served here (share.version, …) is not known.
 */
import { Errors, type Refusal, refuse } from '../protocol/errors.js'
import type { MetadataRecordInput } from '../protocol/state/metadata.js'
import type { Decided } from './controller.js'
import type { ClusterImage } from './image.js'

export interface FeatureRange {
  readonly name: string
  readonly min: number
  readonly max: number
}

export const metadataVersion = 'metadata.version'
export const transactionVersion = 'transaction.version'
/** 1: the consumer protocol of groups (KIP-848). */
export const groupVersion = 'group.version'
/** 1: streams groups (KIP-1071). */
export const streamsVersion = 'streams.version'

/** [KIP-778] Of metadata.version in Kafka 4.4: 3.3-IV3 to 4.4-IV2. A feature of level 0 is off, and as good as not there. */
export const supportedFeatures: readonly FeatureRange[] = [
  { name: metadataVersion, min: 7, max: 33 },
  { name: transactionVersion, min: 0, max: 2 },
  { name: groupVersion, min: 0, max: 1 },
  { name: streamsVersion, min: 0, max: 1 },
]

/** Levels of metadata.version from which there is no way back: records came with them that the level before cannot read. */
const oneWayLevels: readonly number[] = [7, 8, 11, 13, 14, 15, 17, 23, 30, 32, 33]

/** Numbers on the wire. */
export const upgrade = 1
export const safeDowngrade = 2
export const unsafeDowngrade = 3

export interface FeatureUpdate {
  readonly feature: string
  readonly maxVersionLevel: number
  readonly upgradeType: number
}

/** Levels of a cluster that has none yet. */
export function initialFeatures(transactionLevel: number): readonly MetadataRecordInput[] {
  const levels = [
    [metadataVersion, supportedFeatures[0]!.max],
    [transactionVersion, transactionLevel],
    [groupVersion, 1],
    [streamsVersion, 1],
  ] as const
  return levels
    .filter(([, level]) => level > 0)
    .map(([name, featureLevel]): MetadataRecordInput => ({ kind: 'featureLevel', name, featureLevel }))
}

/** All or none: one that may not be fails the others. Of a feature that is named twice the last counts. */
export function updateFeatures(
  { features }: ClusterImage,
  nodeId: number,
  updates: readonly FeatureUpdate[],
): Decided<null> | Refusal {
  const records: MetadataRecordInput[] = []
  for (const update of new Map(updates.map(one => [one.feature, one])).values()) {
    const { feature, maxVersionLevel } = update
    const level = features.get(feature) ?? 0
    const problem = changeProblem(update, level, nodeId)
    if (problem !== null) return problem
    if (maxVersionLevel !== level) records.push({ kind: 'featureLevel', name: feature, featureLevel: maxVersionLevel })
  }
  return { records, result: null }
}

/** Kafka's checks in its order, in its words. */
function changeProblem(update: FeatureUpdate, level: number, nodeId: number): Refusal | null {
  const { feature, maxVersionLevel: wanted, upgradeType } = update
  const invalid = (why: string) => failed(`Invalid update version ${wanted} for feature ${feature}. ${why}`)
  if (upgradeType < upgrade || upgradeType > unsafeDowngrade) {
    return invalid('The controller does not support the given upgrade type.')
  }
  if (wanted < 0) return invalid('A feature version cannot be less than 0.')
  const range = supportedFeatures.find(({ name }) => name === feature)
  if (range === undefined) {
    return invalid(wanted === 0 ? `Feature ${feature} not found.` : `Local controller ${nodeId} does not support this feature.`)
  }
  const { min, max } = range
  if (wanted < min || wanted > max) return invalid(`Local controller ${nodeId} only supports versions ${min}-${max}`)
  if (wanted < level && upgradeType === upgrade) {
    const how = 'without setting the upgrade type to either safe or unsafe downgrade.'
    return invalid(`Can't downgrade the version of this feature ${how}`)
  }
  if (wanted > level && upgradeType !== upgrade) return invalid("Can't downgrade to a newer version.")
  return feature === metadataVersion && wanted < level ? metadataDowngradeProblem(level, wanted, upgradeType) : null
}

function metadataDowngradeProblem(level: number, wanted: number, upgradeType: number): Refusal | null {
  if (!oneWayLevels.some(one => one > wanted && one <= level)) return null
  const why =
    upgradeType === unsafeDowngrade
      ? 'Unsafe metadata downgrade is not supported in this version.'
      : 'Refusing to perform the requested downgrade because it might delete metadata information.'
  return failed(`Unsupported metadata.version downgrade from ${level} to ${wanted}. ${why}`)
}

function failed(why: string): Refusal {
  return refuse(
    Errors.INVALID_UPDATE_VERSION,
    `The update failed for all features since the following feature had an error: ${why}`,
  )
}
