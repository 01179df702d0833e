import { expect, it } from 'vitest'
import { QuorumMeter } from './quorum-figures.js'

it('rates and means of the metadata’s log are of the time since the scrape before', () => {
  const time = { ms: 1000 }
  const clock = { monotonicMs: () => time.ms, after: () => ({ cancel: () => {} }) }
  const log = { endOffset: 50, highWatermark: 50, leaderEpoch: 1, writes: { commits: 0, commitMs: 0, commitMsMax: 0 } }
  const meter = new QuorumMeter(clock, log)
  expect(meter.read()).toEqual({ recordsPerSecond: 0, commitMsMean: 0, commitMsMax: 0 })

  time.ms = 3000
  log.endOffset = 60
  log.writes = { commits: 2, commitMs: 30, commitMsMax: 25 }
  expect(meter.read()).toEqual({ recordsPerSecond: 5, commitMsMean: 15, commitMsMax: 25 })

  time.ms = 4000
  expect(meter.read()).toEqual({ recordsPerSecond: 0, commitMsMean: 0, commitMsMax: 25 })
})
