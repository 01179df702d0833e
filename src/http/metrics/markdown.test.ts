import { readFileSync } from 'node:fs'
import { expect, it } from 'vitest'
import { metricsMarkdown } from './markdown.js'

it('docs/metrics.md is what npm run docs prints', () => {
  expect(readFileSync(new URL('../../../docs/metrics.md', import.meta.url), 'utf8')).toBe(metricsMarkdown())
})
