/** Requests to /api/v1, and who makes them. */
import { computed, signal } from '@preact/signals'
import { queryText } from '../path.js'
import { type ApiFailure, failureFrom, failureOf, notReached } from './failure.js'
import type { Session } from './types.js'

type Values = Readonly<Record<string, string | number | boolean | null | undefined>>

/** Null until the broker has said it. */
export const session = signal<Session | null>(null)
export const sessionFailure = signal<ApiFailure | null>(null)
/** Whether the port changes anything: what writes is shown, and off, when it does not. */
export const mayWrite = computed(() => session.value?.mayWrite ?? false)

/** A path of the API out of its parts, which may hold anything: api`topics/${name}/records`. */
export function api(texts: TemplateStringsArray, ...names: readonly (string | number)[]): string {
  const path = texts.map((text, at) => text + (at < names.length ? encodeURIComponent(names[at]!) : ''))
  return `/api/v1/${path.join('')}`
}

/** @throws ApiFailure */
export async function get<Answer>(path: string, query: Values = {}, signal?: AbortSignal): Promise<Answer> {
  return (await answerOf(path + queryText(query), signal === undefined ? {} : { signal })) as Answer
}

/** @throws ApiFailure */
export async function send<Answer = void>(
  method: 'POST' | 'PUT' | 'PATCH' | 'DELETE',
  path: string,
  body?: unknown,
  query: Values = {},
): Promise<Answer> {
  const json = body === undefined ? {} : { headers: { 'Content-Type': 'application/json' }, body: JSON.stringify(body) }
  return (await answerOf(path + queryText(query), { method, ...json })) as Answer
}

/** The answer itself, for what is read as it comes. @throws ApiFailure */
export async function open(path: string, options: RequestInit): Promise<Response> {
  const response = await fetch(path, { ...options, redirect: 'error' }).catch((error: unknown) => {
    if (options.signal?.aborted) throw error
    throw notReached()
  })
  if (response.ok) return response
  const failure = failureOf(response.status, await response.json().catch(() => null))
  if (failure.type === 'LOGIN_REQUIRED' && session.value !== null) session.value = { ...session.value, principal: null }
  throw failure
}

async function answerOf(path: string, options: RequestInit): Promise<unknown> {
  const response = await open(path, options)
  return response.status === 204 ? undefined : await response.json()
}

export async function loadSession(): Promise<void> {
  try {
    session.value = await get<Session>(api`session`)
    sessionFailure.value = null
  } catch (error) {
    sessionFailure.value = failureFrom(error)
  }
}

export async function logIn(username: string, password: string): Promise<void> {
  session.value = await send<Session>('POST', api`session`, { username, password })
}

export async function logOut(): Promise<void> {
  await send('DELETE', api`session`).catch(() => undefined)
  await loadSession()
}
