import { describe, expect, it } from 'vitest'
import { browseQuery, exportQuery, liveQuery, localTime, recordPlace, recordQueryOf } from './record-query.js'

describe('what of a topic is looked at', () => {
  it('are the last records when the address says nothing, or nonsense', () => {
    const last = { from: 'end', at: null, partition: null, filter: '', isolation: 'read_committed', limit: 50 }
    expect(recordQueryOf({})).toEqual(last)
    expect(recordQueryOf({ from: 'x', at: '-1', partition: '1e3', isolation: 'y', limit: '7' })).toEqual(last)
    expect(browseQuery(recordQueryOf({}))).toBe('?from=end&isolation=read_committed&limit=50')
  })

  it('is a place in time or in a partition, with a filter', () => {
    const query = recordQueryOf({
      from: 'offset',
      at: '7',
      partition: '3',
      filter: 'a&b',
      limit: '500',
      isolation: 'read_uncommitted',
    })
    expect(browseQuery(query)).toBe('?from=offset&at=7&partition=3&filter=a%26b&isolation=read_uncommitted&limit=500')
    expect(exportQuery(query, 'csv')).toBe('?from=offset&at=7&partition=3&filter=a%26b&isolation=read_uncommitted&format=csv')
    expect(liveQuery(query, 20)).toBe('?partition=3&filter=a%26b&isolation=read_uncommitted&rate=20')
  })

  it('is nothing while the offset is not entered, and an export is all of it', () => {
    const query = recordQueryOf({ from: 'timestamp' })
    expect(browseQuery(query)).toBeNull()
    expect(exportQuery(query, 'ndjson')).toBe('?isolation=read_committed&format=ndjson')
    expect(exportQuery(recordQueryOf({}), 'ndjson')).toBe('?isolation=read_committed&format=ndjson')
  })

  it('names a record by partition and offset', () => {
    expect(recordPlace('3:1024')).toEqual({ partition: 3, offset: 1024 })
    for (const text of [undefined, '', '3', '3:', ':4', '3:4:5', 'a:b', '-1:2']) expect(recordPlace(text)).toBeNull()
  })

  it('shows a time in the reader’s zone, and reads it back', () => {
    const at = new Date(2026, 10, 30, 23, 1, 7, 5).getTime()
    expect(localTime(at)).toBe('2026-11-30T23:01:07.005')
    expect(new Date(localTime(at)).getTime()).toBe(at)
    expect(localTime(9e15)).toBe('')
  })
})
