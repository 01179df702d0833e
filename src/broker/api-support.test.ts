import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { apiSupportMarkdown } from './api-support.js'
import { kafkaApis } from './kafka-apis.js'
import { handlers } from './table.js'

test('docs/api-support.md is what the table of handlers prints', () => {
  const page = readFileSync(new URL('../../docs/api-support.md', import.meta.url), 'utf8')
  expect(page, 'run `npm run docs`').toBe(apiSupportMarkdown())
})

test('every API of the table is one of Kafka’s, under the same name', () => {
  const names = new Map(kafkaApis.map(([key, name]) => [key, name]))
  for (const { api } of handlers) expect(names.get(api.key)).toBe(api.name)
})
