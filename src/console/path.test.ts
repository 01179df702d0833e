import { describe, expect, it } from 'vitest'
import { matchPath, pathTo, queryText } from './path.js'

describe('paths of pages', () => {
  it('name what they show', () => {
    expect(matchPath('/', '/')).toEqual({})
    expect(matchPath('/topics/:topic/:tab?', '/topics/orders')).toEqual({ topic: 'orders' })
    expect(matchPath('/topics/:topic/:tab?', '/topics/orders/configs')).toEqual({ topic: 'orders', tab: 'configs' })
    expect(matchPath('/topics', '/topics/')).toEqual({})
  })

  it('are nobody’s when they are shorter, longer, other or no text', () => {
    expect(matchPath('/topics/:topic', '/topics')).toBeNull()
    expect(matchPath('/topics/:topic', '/topics/a/b')).toBeNull()
    expect(matchPath('/topics/:topic', '/groups/a')).toBeNull()
    expect(matchPath('/topics/:topic', '/topics/%E0%A4%A')).toBeNull()
  })

  it.each(['orders', 'a/b', '<b>', '', '.', '..', '~', '~.', '...', 'ä ö?#%', '\n', '..\n'])(
    'carry the name %j there and back',
    group => {
      const path = pathTo('/groups/:group/:tab?', { group, tab: 'lag' })
      // As the address bar has it.
      const { pathname } = new URL(path, 'http://localhost')
      expect(matchPath('/groups/:group/:tab?', pathname)).toEqual({ group, tab: 'lag' })
    },
  )

  it('end where a parameter is not given', () => {
    expect(pathTo('/topics/:topic/:tab?', { topic: 'orders' })).toBe('/topics/orders')
    expect(pathTo('/')).toBe('/')
  })
})

it('a query has what is given, and not what is empty', () => {
  expect(queryText({ search: 'a&b', offset: 0, internal: false, at: null, filter: '', sort: undefined })).toBe(
    '?search=a%26b&offset=0&internal=false',
  )
  expect(queryText({ search: '' })).toBe('')
})
