/**
 * Packs what the compiler wrote into two files, the command and the library, each loaded in one piece: Node takes about a
 * millisecond for every module it loads, and the broker has more than a hundred. Dependencies stay outside. The compiled
 * rooms in dist/ stay as they are; only package.json's `bin` and `exports` point here. A bundle that is newer than all of them
 * is left alone: somebody may be starting it just now.
 */
import { readdirSync, statSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'

const dist = fileURLToPath(new URL('../dist/', import.meta.url))
if (isFresh()) process.exit()

const bundle = await rolldown({
  input: { gregor: `${dist}cli/main.js`, index: `${dist}index.js` },
  platform: 'node',
  external: id => !id.startsWith('.') && !id.startsWith('/'),
})
await bundle.write({
  dir: `${dist}bundle`,
  format: 'esm',
  sourcemap: true,
  entryFileNames: '[name].js',
  chunkFileNames: 'shared-[name].js',
  cleanDir: true,
})
await bundle.close()

function isFresh() {
  const madeMs = statSync(`${dist}bundle/gregor.js`, { throwIfNoEntry: false })?.mtimeMs ?? 0
  const sources = readdirSync(dist, { recursive: true, encoding: 'utf8' })
    .filter(path => path.endsWith('.js') && !/^(bundle|bench|compat-tests)\b/.test(path))
    .map(path => dist + path)
  return [fileURLToPath(import.meta.url), ...sources].every(path => statSync(path).mtimeMs < madeMs)
}
