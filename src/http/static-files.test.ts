import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { Hono } from 'hono'
import { afterAll, expect, it } from 'vitest'
import { answerFile, readStaticFiles } from './static-files.js'

const folder = mkdtempSync(join(tmpdir(), 'gregor-console-'))
afterAll(() => rmSync(folder, { recursive: true }))
mkdirSync(join(folder, 'assets'))
writeFileSync(join(folder, 'index.html'), '<p>')
writeFileSync(join(folder, 'assets', 'app-1a2b.js'), 'let a = 1\n'.repeat(500))
writeFileSync(join(folder, 'secret.key'), 'never')

const files = await readStaticFiles(folder)
const app = new Hono().get('*', context => {
  const file = files.get(context.req.path)
  return file === undefined ? context.notFound() : answerFile(context, context.req.path, file)
})

it('reads files of known types, and none where no console was built', async () => {
  expect([...files.keys()].sort()).toEqual(['/assets/app-1a2b.js', '/index.html'])
  expect((await readStaticFiles(join(folder, 'nowhere'))).size).toBe(0)
})

it('sends them compressed to who takes that, and once to who keeps them', async () => {
  const script = await app.request('/assets/app-1a2b.js', { headers: { 'accept-encoding': 'gzip, br' } })
  expect(script.headers.get('content-encoding')).toBe('gzip')
  expect(script.headers.get('cache-control')).toContain('immutable')
  const plain = await app.request('/assets/app-1a2b.js')
  expect(plain.headers.get('content-encoding')).toBeNull()
  expect(await plain.text()).toContain('let a = 1')
  const page = await app.request('/index.html')
  expect(page.headers.get('cache-control')).toBe('no-cache')
  const again = await app.request('/index.html', { headers: { 'if-none-match': page.headers.get('etag') as string } })
  expect([again.status, await again.text()]).toEqual([304, ''])
})
