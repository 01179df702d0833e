/** The console's files: read once into memory by their names, so that no path of a request reaches the disk. */
import { createHash } from 'node:crypto'
import { readdir, readFile } from 'node:fs/promises'
import { extname, join, sep } from 'node:path'
import { fileURLToPath } from 'node:url'
import { gzip } from 'node:zlib'
import type { Context } from 'hono'

export interface StaticFile {
  readonly type: string
  readonly bytes: Uint8Array<ArrayBuffer>
  readonly gzipped: Uint8Array<ArrayBuffer> | null
  readonly etag: string
}

/** By path, as in /index.html; empty while no console was built. */
export type StaticFiles = ReadonlyMap<string, StaticFile>

const types: Readonly<Record<string, string>> = {
  '.html': 'text/html; charset=utf-8',
  '.js': 'text/javascript; charset=utf-8',
  '.css': 'text/css; charset=utf-8',
  '.svg': 'image/svg+xml',
  '.png': 'image/png',
  '.ico': 'image/x-icon',
  '.json': 'application/json',
  '.webmanifest': 'application/manifest+json',
  '.woff2': 'font/woff2',
  '.txt': 'text/plain; charset=utf-8',
}
/** Below this size a file is sent as it is. */
const gzippedBytesMin = 1024

/** The console lies beside the bundle. */
const builtConsole = new URL('console/', import.meta.url)

export async function readStaticFiles(folder = fileURLToPath(builtConsole)): Promise<StaticFiles> {
  const names = await readdir(folder, { recursive: true }).catch(() => [])
  const files = new Map<string, StaticFile>()
  for (const name of names) {
    const type = types[extname(name)]
    if (type === undefined) continue
    const bytes = new Uint8Array(await readFile(join(folder, name)))
    const etag = `"${createHash('sha256').update(bytes).digest('base64url')}"`
    const isText = !/^(image\/(png|x-icon)|font)/.test(type)
    files.set(`/${name.split(sep).join('/')}`, {
      type,
      bytes,
      gzipped: isText && bytes.byteLength >= gzippedBytesMin ? await gzipped(bytes) : null,
      etag,
    })
  }
  return files
}

/** Names under /assets/ hold a hash of their content, so that they may be kept. */
const isForEver = (path: string): boolean => path.startsWith('/assets/')

export function answerFile(context: Context, path: string, { type, bytes, gzipped, etag }: StaticFile): Response {
  const headers = new Headers({
    'Content-Type': type,
    ETag: etag,
    'Cache-Control': isForEver(path) ? 'public, max-age=31536000, immutable' : 'no-cache',
    Vary: 'Accept-Encoding',
  })
  if (context.req.header('if-none-match')?.includes(etag)) return new Response(null, { status: 304, headers })
  const takesGzip = gzipped !== null && /\bgzip\b/.test(context.req.header('accept-encoding') ?? '')
  if (takesGzip) headers.set('Content-Encoding', 'gzip')
  return new Response(takesGzip ? gzipped : bytes, { headers })
}

/** What is at / while there is no console. */
export const plainPage =
  '<!doctype html><html lang="en"><meta charset="utf-8"><title>Gregor</title><h1>Gregor</h1>' +
  '<p>A broker that speaks the Apache Kafka wire protocol. This port answers HTTP: ' +
  '<a href="/api/openapi.json">/api/openapi.json</a> says what, <a href="/readyz">/readyz</a> whether it is well.</p></html>'

function gzipped(bytes: Uint8Array): Promise<Uint8Array<ArrayBuffer>> {
  return new Promise((resolve, reject) =>
    gzip(bytes, { level: 9 }, (error, result) => (error === null ? resolve(new Uint8Array(result)) : reject(error))),
  )
}
