import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { httpApiMarkdown } from './api-markdown.js'

it('docs/http-api.md is what the routes say; `npm run docs` renews it', () => {
  expect(readFileSync(new URL('../../docs/http-api.md', import.meta.url), 'utf8')).toBe(httpApiMarkdown())
})
