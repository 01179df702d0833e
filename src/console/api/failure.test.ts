import { describe, expect, it } from 'vitest'
import { adviceOf, failureFrom, failureOf, notReached } from './failure.js'

describe('a failure', () => {
  it('has the API’s own words', () => {
    const failure = failureOf(409, { error: { type: 'TOPIC_ALREADY_EXISTS', code: 36, message: 'Topic orders exists.' } })
    expect(failure).toMatchObject({ status: 409, type: 'TOPIC_ALREADY_EXISTS', message: 'Topic orders exists.' })
  })

  it('is told even when something else answered', () => {
    for (const body of [null, 'text', 7, [], {}, { error: null }, { error: { type: 1, message: '' } }]) {
      expect(failureOf(502, body)).toMatchObject({ type: 'HTTP_502', message: 'The server answered 502.' })
    }
  })

  it('always says what to do next', () => {
    for (const type of ['TOPIC_ALREADY_EXISTS', 'LOGIN_REQUIRED', 'READ_ONLY', 'UNHEARD_OF']) {
      for (const status of [null, 400, 403, 404, 409, 500, 503]) expect(adviceOf({ status, type })).toMatch(/^[A-Z].*\.$/)
    }
    expect(adviceOf(notReached())).toContain('goes on by itself')
  })

  it('of the console itself is one, too', () => {
    expect(failureFrom(new TypeError('x is undefined'))).toMatchObject({ type: 'CONSOLE_ERROR', message: 'x is undefined' })
    expect(failureFrom(notReached())).toMatchObject({ type: 'NOT_REACHED' })
  })
})
