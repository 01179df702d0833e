import type { MetadataRecordInput } from '../protocol/state/metadata.js'
import type { LogDirs } from '../storage/directory/log-dirs.js'

/** Records of a topic's new partitions, as they are to be written: with the directory in which each was made. */
export function placed(
  records: readonly MetadataRecordInput[],
  topic: string,
  directory: LogDirs,
): readonly MetadataRecordInput[] {
  if (directory.all.length === 1) return records
  return records.map(record => {
    if (record.kind !== 'partition') return record
    return { ...record, directories: [directory.directoryIdOf(topic, record.partitionId ?? 0) ?? directory.directoryId] }
  })
}
