import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { configMarkdown } from './markdown.js'

it('docs/config.md is what the tables print; `npm run docs` renews it', () => {
  expect(readFileSync(new URL('../../docs/config.md', import.meta.url), 'utf8')).toBe(configMarkdown())
})
