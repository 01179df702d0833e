import { readFileSync } from 'node:fs'
import { expect, test } from 'vitest'
import { officialDefinitions } from '../protocol/official-definitions.test-support.js'
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

const official = officialDefinitions()
test.skipIf('absent' in official)('the versions of Kafka 4.4 are those of its own definitions', () => {
  if ('absent' in official) return
  const ranges = [...official.newest.values()]
    .filter(({ name, listeners }) => name.endsWith('Request') && listeners?.includes('broker'))
    .map(({ apiKey, name, validVersions, latestVersionUnstable }) => {
      const [first, last = first] = validVersions.split('-').map(Number)
      const max = latestVersionUnstable ? Number(last) - 1 : last
      const min = name === 'ProduceRequest' ? 0 : first
      return `${apiKey} ${name.replace('Request', '')} ${min === max ? min : `${min}–${max}`}`
    })
  const shown = kafkaApis.filter(([, , , range]) => range !== '–').map(([key, name, , range]) => `${key} ${name} ${range}`)
  expect(shown.sort()).toEqual(ranges.sort())
})
