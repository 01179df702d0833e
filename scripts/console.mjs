/**
 * Builds the console (src/console) into static files beside the bundle, where the HTTP port finds them. What is newer than all
 * it is made of is left alone, without loading the builder.
 */
import { readdirSync, statSync } from 'node:fs'
import { dirname, join } from 'node:path'
import { fileURLToPath } from 'node:url'

const root = dirname(dirname(fileURLToPath(import.meta.url)))
const sources = join(root, 'src/console')
const built = join(root, 'dist/bundle/console')

if (!isFresh()) {
  const { build } = await import('vite')
  await build({
    configFile: false,
    root: sources,
    logLevel: 'warn',
    oxc: { jsx: { runtime: 'automatic', importSource: 'preact' } },
    build: { outDir: built, emptyOutDir: true, target: ['chrome123', 'firefox120', 'safari17.5'], assetsInlineLimit: 0 },
  })
}

function isFresh() {
  const madeMs = statSync(join(built, 'index.html'), { throwIfNoEntry: false })?.mtimeMs ?? 0
  const files = readdirSync(sources, { recursive: true, withFileTypes: true })
  const paths = files.map(({ parentPath, name }) => join(parentPath, name))
  // The folders as well: what was deleted changes them.
  return [fileURLToPath(import.meta.url), join(root, 'package-lock.json'), sources, ...paths].every(
    path => statSync(path).mtimeMs < madeMs,
  )
}
