/**
 * Brokers that are wrong on purpose: each leaves out one step on which durability rests. They prove that the harness looks
 * where it should; a harness that finds nothing in one of them proves nothing about the broker.
 */
import type { SimulatedDisk } from '../testing/simulated-disk/disk.js'
import type { Mutant } from './power-cut.js'

const noSync = (): Promise<void> => Promise.resolve()

/** A sync of a path that `leavesOut` says yes to is not made. */
function without(leavesOut: (path: string, disk: SimulatedDisk) => boolean): Mutant {
  return {
    files: disk => ({
      ...disk.files,
      syncPath: path => (leavesOut(path, disk) ? noSync() : disk.files.syncPath(path)),
    }),
  }
}

export const mutants: Readonly<Record<string, Mutant>> = {
  'acknowledges before the sync has ended': {
    files: disk => ({
      ...disk.files,
      syncData: fd => {
        disk.files.syncData(fd).catch(() => {})
        return noSync()
      },
    }),
  },
  'leaves syncs to the operating system': { durability: 'os' },
  'does not sync directories': without((path, disk) => disk.files.isDirectory(path)),
  'renames what it has not synced': without(path => path.endsWith('.tmp')),
  'does not sync indexes': without(path => path.endsWith('index')),
}
