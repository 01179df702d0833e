/**
 * Packs what the compiler wrote into what is published: the command and the library, each loaded in one piece, because Node
 * takes about a millisecond for every module and the broker has more than a hundred; the library once more for `require`; and
 * its declarations in one file, for both. Dependencies stay outside. A bundle that is newer than all it is made of is left
 * alone: it may be started at this moment.
 */
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs'
import { fileURLToPath } from 'node:url'
import { rolldown } from 'rolldown'
import { dts } from 'rolldown-plugin-dts'

const dist = fileURLToPath(new URL('../dist/', import.meta.url))
const external = id => !id.startsWith('.') && !id.startsWith('/') && !/^[A-Z]:/.test(id)

if (!isFresh()) {
  clear()
  await write(
    { input: { gregor: `${dist}cli/main.js`, index: `${dist}index.js` }, platform: 'node' },
    { format: 'esm', sourcemap: true, entryFileNames: '[name].js', chunkFileNames: 'shared-[name].js' },
  )
  await write(
    { input: { index: `${dist}index.js` }, platform: 'node' },
    { format: 'cjs', sourcemap: true, entryFileNames: '[name].cjs', chunkFileNames: 'shared-[name].cjs' },
  )
  const plugins = [dts({ dtsInput: true, tsconfig: false })]
  await write({ input: { index: `${dist}index.d.ts` }, plugins }, { format: 'esm', entryFileNames: '[name].ts' })
  const declarations = `${dist}bundle/index.d.ts`
  // AsyncDisposable is not in every project's `lib`.
  writeFileSync(declarations, `/// <reference lib="esnext.disposable" />\n${readFileSync(declarations, 'utf8')}`)
  copyFileSync(declarations, `${dist}bundle/index.d.cts`)
}

/** All but the console, which console.mjs makes. */
function clear() {
  mkdirSync(`${dist}bundle`, { recursive: true })
  for (const name of readdirSync(`${dist}bundle`)) if (name !== 'console') rmSync(`${dist}bundle/${name}`, { recursive: true })
}

async function write(input, output) {
  const bundle = await rolldown({ ...input, external })
  await bundle.write({ dir: `${dist}bundle`, ...output })
  await bundle.close()
}

function isFresh() {
  const madeMs = statSync(`${dist}bundle/index.d.cts`, { throwIfNoEntry: false })?.mtimeMs ?? 0
  const sources = readdirSync(dist, { recursive: true, encoding: 'utf8' })
    .filter(path => /\.(js|d\.ts)$/.test(path) && !/^(bundle|bench|compat-tests)\b/.test(path))
    .map(path => dist + path)
  return [fileURLToPath(import.meta.url), ...sources].every(path => statSync(path).mtimeMs < madeMs)
}
