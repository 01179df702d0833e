import { expect, test } from 'vitest'
import { lazy } from './packages.js'

test('a package that cannot be loaded now may be loaded later, and one that is missing costs few attempts', () => {
  let attempts = 0
  let isThere = false
  const get = lazy(() => {
    attempts++
    if (!isThere) throw new Error('EMFILE: too many open files')
    return 'the package'
  })
  for (let call = 0; call < 1000; call++) expect(get()).toBeNull()
  expect(attempts).toBe(10)
  isThere = true
  for (let call = 0; call < 1000; call++) get()
  expect(get()).toBe('the package')
  expect(attempts).toBe(11)
})
