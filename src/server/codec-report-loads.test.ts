/** A file of its own: in its process nothing has loaded the libraries yet. */
import { createRequire } from 'node:module'
import { expect, test } from 'vitest'
import { hasBinary } from '../base/packages.js'
import { reportCodecs } from './codec-report.js'

const { cache } = createRequire(import.meta.url)

test('a library that is installed is reported without being loaded', () => {
  const lines: string[] = []
  const say = (fields: object) => void lines.push(JSON.stringify(fields))
  reportCodecs({ debug: say, info: say, warn: say, error: say })
  expect([hasBinary('snappy'), hasBinary('lz4-napi')]).toEqual([true, true])
  expect(lines[0]).toMatch(/"gzip","snappy","lz4"/)
  expect(Object.keys(cache).filter(path => /node_modules.(snappy|lz4-napi).*js$/.test(path))).toEqual([])
})
