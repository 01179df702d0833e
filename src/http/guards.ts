/**
 * What stands before every route. A browser is led here by pages of others: so a request names this host (DNS rebinding), comes
 * from a page of this origin if it comes from a page, and what changes something has a content type that no form can send.
 */
import { isIP } from 'node:net'
import { hostname } from 'node:os'
import type { MiddlewareHandler } from 'hono'
import { failure, type HttpFailure } from './failures.js'
import type { HttpParts } from './parts.js'

/** No script but our own files, nothing from elsewhere, nowhere in a frame. */
const contentPolicy =
  "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data:; font-src 'self'; connect-src 'self'; " +
  "manifest-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"

const headers: readonly (readonly [string, string])[] = [
  ['Content-Security-Policy', contentPolicy],
  ['X-Content-Type-Options', 'nosniff'],
  ['X-Frame-Options', 'DENY'],
  ['Referrer-Policy', 'no-referrer'],
  ['Cross-Origin-Opener-Policy', 'same-origin'],
  ['Cross-Origin-Resource-Policy', 'same-origin'],
]

export const secureHeaders: MiddlewareHandler = async (context, next) => {
  await next()
  for (const [name, value] of headers) context.res.headers.set(name, value)
  if (!context.res.headers.has('Cache-Control')) context.res.headers.set('Cache-Control', 'no-store')
}

/** Where no application was asked. */
export function answerAlone({ status, body }: HttpFailure): Response {
  return Response.json(body, { status, headers: [...headers, ['Cache-Control', 'no-store']] as [string, string][] })
}

/** Whether a Host header names this listener. An address always does: what is rebound is a name. */
export function hostCheck(parts: Pick<HttpParts, 'host' | 'broker'>): (header: string) => boolean {
  const names = new Set(['localhost', hostname().toLowerCase(), parts.host.toLowerCase()])
  return header => {
    const match = /^(\[[0-9a-fA-F:.]+\]|[^:[\]@/\\\s]+)(?::\d{1,5})?$/.exec(header)
    if (match === null) return false
    const name = (match[1] as string).toLowerCase()
    if (isIP(name.replace(/^\[|\]$/g, '')) !== 0) return true
    const others = parts.broker.config.get('gregor.http.hosts')
    return names.has(name) || others.some(other => other === '*' || other.toLowerCase() === name)
  }
}

export function hostGuard(parts: HttpParts): MiddlewareHandler {
  const isOurs = hostCheck(parts)
  return (context, next) => {
    const host = context.req.header('host') ?? ''
    if (isOurs(host)) return next()
    throw failure(
      'FOREIGN_HOST',
      'The request names another host. gregor.http.hosts lists names that are served besides addresses.',
    )
  }
}

/** Pages of others may link to the console, which changes nothing, and ask for nothing else. */
export const originGuard: MiddlewareHandler = (context, next) => {
  const origin = context.req.header('origin')
  const site = context.req.header('sec-fetch-site')
  const isLink = context.req.method === 'GET' && context.req.header('sec-fetch-mode') === 'navigate'
  const isSame = origin === undefined || originHost(origin) === context.req.header('host')?.toLowerCase()
  const isFromPage = site === 'cross-site' || site === 'same-site'
  if (isSame && (!isFromPage || isLink)) return next()
  throw failure('FOREIGN_ORIGIN', 'Pages of another origin may not ask this.')
}

function originHost(origin: string): string | null {
  return /^https?:\/\/([^/@\\]+)$/i.exec(origin)?.[1]?.toLowerCase() ?? null
}

const readingMethods: readonly string[] = ['GET', 'HEAD']
/** None of them can be sent by a form, so that a browser asks first, and is refused. */
const writingTypes: readonly string[] = ['application/json', 'application/x-ndjson', 'text/csv', 'application/octet-stream']

export const contentGuard: MiddlewareHandler = (context, next) => {
  const { method } = context.req
  if (readingMethods.includes(method)) return next()
  const type = context.req.header('content-type')?.split(';', 1)[0]?.trim().toLowerCase()
  // A form sends neither of these methods.
  if (type === undefined && (method === 'DELETE' || method === 'PUT')) return next()
  if (type !== undefined && writingTypes.includes(type)) return next()
  throw failure('UNSUPPORTED_MEDIA_TYPE', `A ${method} needs a content type, such as application/json.`)
}
