/**
 * Makes a fresh clone runnable: installs the locked dependencies when there are none, or when package-lock.json is not the
 * one they were installed from. Plain Node, because it runs before anything is installed. It leaves the lock's hash in
 * node_modules, so that a lock that was only touched, as by a checkout, installs nothing.
 */
import { spawnSync } from 'node:child_process'
import { createHash } from 'node:crypto'
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const lock = join(root, 'package-lock.json')
// npm writes this file at the end of every install; it is older than a lock that was written afterwards.
const installed = join(root, 'node_modules', '.package-lock.json')
const stamp = join(root, 'node_modules', '.gregor-lock-hash')

const reason = whyInstall()
if (reason !== null) {
  console.log(`${reason}: installing the locked dependencies (npm ci)`)
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm'
  const result = spawnSync(npm, ['ci', '--no-audit', '--no-fund'], {
    cwd: root,
    stdio: 'inherit',
    shell: process.platform === 'win32',
  })
  if (result.status !== 0) {
    console.error(`npm ci failed${result.error === undefined ? '' : `: ${result.error.message}`}; see its output above`)
    process.exit(1)
  }
  writeFileSync(stamp, lockHash())
}

/** A sentence's beginning that says why an install is needed; null when it is not. */
function whyInstall() {
  if (!existsSync(installed)) return 'node_modules is missing'
  // Installed by hand with npm since the lock was last written.
  if (statSync(installed).mtimeMs >= statSync(lock).mtimeMs) return null
  return existsSync(stamp) && readFileSync(stamp, 'utf8') === lockHash() ? null : 'package-lock.json has changed'
}

function lockHash() {
  return createHash('sha256').update(readFileSync(lock)).digest('hex')
}
