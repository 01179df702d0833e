/**
 * The folder of an ephemeral broker, under the system's temporary directory. It goes when the broker is closed or the process
 * ends by itself; what a killed process left behind goes at a later start. Each folder names its owner for that. One whose
 * owner may be alive is never touched: not one of another container or another machine that shares the directory, not one of
 * another user, and not one that names no owner.
 */
import fs from 'node:fs'
import os from 'node:os'
import { DiskFailure, type Files } from '../files.js'
import type { StorageLog } from '../types.js'
import { type DirectoryLock, wholeLock } from './directory-lock.js'
import { isAlive, ourselves, parseIdentity } from './process-identity.js'

const prefix = 'gregor-ephemeral-'
export const ownerFile = '.owner'

/** Of this process, to be removed when it ends. */
const folders = new Map<string, Files>()

export interface EphemeralFolder {
  readonly path: string
  /** Released when the folder is gone, or to have it removed. */
  readonly lock: DirectoryLock
}

export function makeEphemeralFolder(files: Files): EphemeralFolder {
  const path = files.makeTemporaryDirectory(`${os.tmpdir()}/${prefix}`)
  if (folders.size === 0) process.once('exit', removeAll)
  folders.set(path, files)
  files.writeWhole(`${path}/${ownerFile}`, `${JSON.stringify({ ...ourselves(), host: os.hostname() })}\n`)
  const release = (): void => {
    files.remove(path)
    folders.delete(path)
    if (folders.size === 0) process.off('exit', removeAll)
  }
  return { path, lock: { ...wholeLock, release } }
}

function removeAll(): void {
  for (const [path, files] of folders) {
    try {
      files.remove(path)
    } catch {
      // Too late to report it; a later start removes it.
    }
  }
}

/** Removes the folders of owners that are certainly dead; answers how many. */
export async function sweepEphemeralFolders(files: Files, log: StorageLog, directory: string = os.tmpdir()): Promise<number> {
  let swept = 0
  let path = directory
  try {
    for (const name of files.list(directory)) {
      path = `${directory}/${name}`
      if (!name.startsWith(prefix) || !isOurs(path) || !isOwnerDead(files, path)) continue
      await files.removeLater(path)
      swept++
    }
  } catch (error) {
    if (!(error instanceof DiskFailure)) throw error
    log.warn('could not remove the folder of an ephemeral broker', { path, error: error.message })
  }
  if (swept > 0) log.info('removed the folders of ephemeral brokers that were killed', { folders: swept })
  return swept
}

/** A directory, not a link to one, of the user that we are. */
function isOurs(path: string): boolean {
  const stat = fs.lstatSync(path, { throwIfNoEntry: false })
  return stat?.isDirectory() === true && (process.getuid === undefined || stat.uid === process.getuid())
}

function isOwnerDead(files: Files, path: string): boolean {
  const bytes = files.readWhole(`${path}/${ownerFile}`)
  const text = bytes === null ? '' : Buffer.from(bytes).toString()
  const owner = parseIdentity(text)
  if (owner === null) return false
  const { bootId, pidNamespace } = ourselves()
  // Of another boot of this machine, which another name of the machine makes doubtful.
  if (owner.bootId !== bootId) return JSON.parse(text).host === os.hostname()
  return owner.pidNamespace === pidNamespace && !isAlive(owner)
}
