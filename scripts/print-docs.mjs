/**
 * Writes the pages of docs/ that are printed from tables in the code. Each has a unit test that compares it, so a page
 * that was forgotten fails `npm test`. Needs a build; `npm run docs` makes one.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { apiSupportMarkdown } from '../dist/broker/api-support.js'
import { configMarkdown } from '../dist/config/markdown.js'
import { httpApiMarkdown } from '../dist/http/api-markdown.js'
import { metricsMarkdown } from '../dist/http/metrics/markdown.js'

const pages = [
  ['config.md', configMarkdown],
  ['api-support.md', apiSupportMarkdown],
  ['http-api.md', httpApiMarkdown],
  ['metrics.md', metricsMarkdown],
]

const docs = new URL('../docs/', import.meta.url)
mkdirSync(docs, { recursive: true })
for (const [name, markdown] of pages) {
  writeFileSync(new URL(name, docs), markdown())
  console.log(`wrote docs/${name}`)
}
