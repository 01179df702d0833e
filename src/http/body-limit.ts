/** How much a request may bring, by what it says of itself, before anything of it is read. */
import type { MiddlewareHandler } from 'hono'
import { failure } from './failures.js'

const mebibyte = 1024 * 1024
const bytesMax = mebibyte
/** Of the routes that take more; null for those that read a line at a time, and bound lines. */
const others: readonly (readonly [path: RegExp, bytesMax: number | null])[] = [
  [/^\/api\/v1\/topics\/[^/]+\/records$/, 8 * mebibyte],
  [/^\/api\/v1\/topics\/[^/]+\/import$/, null],
  [/^\/api\/v1\/definitions$/, 8 * mebibyte],
]

export const bodyLimit: MiddlewareHandler = (context, next) => {
  const other = others.find(([path]) => path.test(context.req.path))
  const max = other === undefined ? bytesMax : other[1]
  if (max !== null) {
    if (context.req.header('transfer-encoding') !== undefined) {
      throw failure('LENGTH_REQUIRED', 'The request does not say how long its body is (Content-Length).')
    }
    const length = Number(context.req.header('content-length') ?? 0)
    if (length > max) throw failure('BODY_TOO_LARGE', `The body has ${length} bytes; at most ${max} are taken.`)
  }
  return next()
}
