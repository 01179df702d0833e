/**
 * Only what is durable is visible, but acks=1 acknowledges before that. Requests that ask where a log ends wait for the group
 * commit that is under way, so that nothing is denied that a producer was told.
 */
import { Errors } from '../protocol/errors.js'
import { DiskFailure } from '../storage/files.js'
import type { Partition } from '../storage/partition.js'
import { RequestFailure } from './outcomes.js'

/** Resolves when all that was acknowledged of these partitions can be read; null when there is nothing to wait for. */
export function allVisible(partitions: readonly Partition[]): Promise<void> | null {
  const commits: Promise<void>[] = []
  for (const partition of partitions) {
    const commit = partition.allVisible()
    if (commit !== null) commits.push(commit)
  }
  return commits.length === 0 ? null : settled(commits)
}

async function settled(commits: readonly Promise<void>[]): Promise<void> {
  try {
    await Promise.all(commits)
  } catch (error) {
    if (error instanceof DiskFailure) throw new RequestFailure(Errors.KAFKA_STORAGE_ERROR)
    throw error
  }
}
