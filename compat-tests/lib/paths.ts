/**
 * Where the compat tests find the repository and where they keep what they download or build: a folder under the system's
 * temporary folder (or GREGOR_COMPAT_CACHE), never the work tree. `run.sh` computes the same cache folder for the shell.
 */
import { mkdirSync, mkdtempSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { fileURLToPath } from 'node:url'

/** Holds from both sides: compat-tests/lib/paths.ts and dist/compat-tests/lib/paths.js. */
const compatFolder = fileURLToPath(new URL('..', import.meta.url)).replace(/[/\\]$/, '')

export const repositoryRoot = compatFolder.endsWith(join('dist', 'compat-tests'))
  ? join(compatFolder, '..', '..')
  : join(compatFolder, '..')

/** The sources of the compat tests: run scripts and the programs of other languages are not copied to dist. */
export const compatSources = join(repositoryRoot, 'compat-tests')

export function cacheFolder(): string {
  const folder = process.env.GREGOR_COMPAT_CACHE ?? join(tmpdir(), 'gregor-compat')
  mkdirSync(folder, { recursive: true })
  return folder
}

export function scratchFolder(purpose: string): string {
  return mkdtempSync(join(tmpdir(), `gregor-${purpose}-`))
}
