import { expect, test } from 'vitest'
import { Errors, errorName } from './errors.js'

test('every code from -1 to the newest is there exactly once', () => {
  const codes = Object.values(Errors).sort((a, b) => a - b)
  expect(codes).toEqual(Array.from({ length: 138 }, (_, index) => index - 1))
})

test('a code is known by its name, an unknown code by its number', () => {
  expect(errorName(0)).toBe('NONE')
  expect(errorName(Errors.UNKNOWN_SERVER_ERROR)).toBe('UNKNOWN_SERVER_ERROR')
  expect(errorName(136)).toBe('CONTROLLER_ID_NOT_REGISTERED')
  expect(errorName(9999)).toBe('UNKNOWN_ERROR_CODE(9999)')
})
