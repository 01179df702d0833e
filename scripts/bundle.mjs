/**
 * Packs what the compiler wrote into two files, the command and the library, each loaded in one piece: Node takes about a
 * millisecond for every module it loads, and the broker has more than a hundred. Dependencies stay outside. The compiled
 * rooms in dist/ stay as they are; only package.json's `bin` and `exports` point here.
 */
import { rolldown } from 'rolldown'

const dist = new URL('../dist/', import.meta.url).pathname

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
