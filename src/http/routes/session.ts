/** Logging in and out by a browser, and who one is. */
import { createRoute, z } from '@hono/zod-openapi'
import { deleteCookie, setCookie } from 'hono/cookie'
import { principalText } from '../../security/principal.js'
import type { Access, App } from '../access.js'
import { failure } from '../failures.js'
import { answers, answersNothing, jsonBody } from '../openapi.js'
import { type HttpParts, needsLogin } from '../parts.js'
import { sessionMsMax } from '../session-store.js'

const Session = z
  .object({
    principal: z.string().nullable().openapi({ description: 'Who asks, as in User:alice; null before a login that is needed' }),
    needsLogin: z.boolean(),
    mayWrite: z.boolean().openapi({ description: 'Whether this port changes anything' }),
  })
  .openapi('Session')

const path = '/api/v1/session'
const tags = ['session']
const textMax = 1024

const show = createRoute({ method: 'get', path, tags, summary: 'Who asks', responses: answers(Session, 'Who asks') })

const login = createRoute({
  method: 'post',
  path,
  tags,
  summary: 'Log in: a cookie holds the session',
  request: {
    body: jsonBody(z.strictObject({ username: z.string().min(1).max(textMax), password: z.string().min(1).max(textMax) })),
  },
  responses: answers(Session, 'Logged in'),
})

const logout = createRoute({
  method: 'delete',
  path,
  tags,
  summary: 'Log out',
  responses: answersNothing('Logged out'),
})

export function sessionRoutes(app: App, parts: HttpParts, access: Access): void {
  const described = (principal: string | null) => ({
    principal,
    needsLogin: needsLogin(parts.broker),
    mayWrite: access.mayWrite,
  })
  app.openapi(show, async context => {
    const principal = await access.principalOf(context)
    return context.json(described(principal === null ? null : principalText(principal)), 200)
  })
  app.openapi(login, async context => {
    const { username, password } = context.req.valid('json')
    const login = await access.login(username, password)
    setCookie(context, access.cookieName, access.sessions.add(login), {
      httpOnly: true,
      sameSite: 'Strict',
      secure: parts.hasTls,
      path: '/',
      maxAge: sessionMsMax / 1000,
    })
    return context.json(described(principalText(login.principal)), 200)
  })
  app.openapi(logout, context => {
    const token = deleteCookie(context, access.cookieName, { path: '/', secure: parts.hasTls })
    if (token === undefined) throw failure('LOGIN_REQUIRED', 'Nobody is logged in.')
    access.sessions.delete(token)
    return context.body(null, 204)
  })
}
