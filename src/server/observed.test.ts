import { describe, expect, it } from 'vitest'
import { observedOf } from './observed.js'

describe('whether a broker is ready', () => {
  const seen = (life = {}, isOpen = true, dirs = [true]) =>
    observedOf(
      { sessions: new Set(), services: { logDirs: { all: dirs.map(isOnline => ({ isOnline })) } } as never },
      [{ name: 'PLAINTEXT', isOpen }],
      { isStopping: false, hasFailed: false, ...life },
    ).notReady()

  it('is said by all that is not', () => {
    expect(seen()).toEqual([])
    expect(seen({ hasFailed: true }, false, [true, false])).toEqual([
      'the broker has failed',
      'listener PLAINTEXT is closed',
      'log directory 2 of 2 is offline',
    ])
  })

  it('is no longer asked when it stops', () => expect(seen({ isStopping: true }, false)).toEqual(['the broker is stopping']))
})
