import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { apiSupportMarkdown } from './api-support.js'

test('docs/api-support.md is what the table of handlers prints', () => {
  const page = readFileSync(new URL('../../docs/api-support.md', import.meta.url), 'utf8')
  expect(page, 'run `npm run docs`').toBe(apiSupportMarkdown())
})
