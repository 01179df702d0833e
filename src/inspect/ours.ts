/** What belongs to a data directory, by its name: the rest is not looked at, whatever is in it. */

import { cleanShutdownFile } from '../storage/directory/data-directory.js'
import { saltSecretFile } from '../storage/directory/salt-secret.js'
import type { Files } from '../storage/files.js'
import {
  cleanerFile,
  highWatermarkFile,
  logStartFile,
  parsePartitionName,
  partitionMetadataFile,
  recoveryPointFile,
} from '../storage/format/checkpoint.js'
import { directoryStateFile } from '../storage/format/directory-state.js'
import { leaderEpochFile } from '../storage/format/leader-epochs.js'

const checkpointFiles = [recoveryPointFile, logStartFile, highWatermarkFile, cleanerFile]
const rootFiles: readonly string[] = [
  'meta.properties',
  directoryStateFile,
  cleanShutdownFile,
  saltSecretFile,
  ...checkpointFiles,
]
const partitionFiles: readonly string[] = [partitionMetadataFile, leaderEpochFile, 'quorum-state']

const segmentName = /^\d{20}\.log$/
const logFileName =
  /^\d{20}(\.(log|index|timeindex|txnindex|snapshot|cut)|-\d{10}\.checkpoint|-\d{20}\.damaged)(\.(deleted|cleaned|swap|tmp))?$/

export function isDataDirectory(files: Files, path: string): boolean {
  const names = files.list(path)
  return names.some(
    name => rootFiles.includes(name) || (parsePartitionName(name) !== null && isPartition(files, `${path}/${name}`)),
  )
}

/** Whether a folder is a partition's, and not only named like one. */
export function isPartition(files: Files, path: string): boolean {
  return files.isDirectory(path) && files.list(path).some(name => name === partitionMetadataFile || segmentName.test(name))
}

/** Whether a file of this name can be in a data directory. */
export function isOurFile(name: string): boolean {
  return rootFiles.includes(name) || partitionFiles.includes(name) || logFileName.test(name)
}
