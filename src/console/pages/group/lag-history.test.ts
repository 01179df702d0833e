import { expect, it } from 'vitest'
import { historyOf, type Moment } from './lag-history.js'

const moment = (seconds: number, committed: number, ends: number, lags: Record<string, number>): Moment => ({
  atMs: 1000 * seconds,
  committed,
  ends,
  lagByTopic: new Map(Object.entries(lags)),
})

it('rates are those of the last half minute, and a reset back is no reading', () => {
  expect(historyOf([moment(0, 0, 0, { a: 0 })])).toMatchObject({ readPerSecond: null, writtenPerSecond: null })
  const looks = [moment(0, 0, 1000, { a: 1000 }), moment(60, 100, 2000, { a: 1900 }), moment(70, 150, 2100, { a: 1950 })]
  expect(historyOf(looks)).toMatchObject({ readPerSecond: 5, writtenPerSecond: 10, times: [0, 60, 70] })
  expect(historyOf([moment(0, 100, 100, { a: 0 }), moment(10, 0, 100, { a: 100 })])).toMatchObject({ readPerSecond: 0 })
})

it('a line for each topic, those with the largest lag; one topic is the lag itself', () => {
  expect(historyOf([moment(0, 0, 0, { a: 7 })]).series).toEqual([{ label: 'Lag', values: [7] }])
  const many = Object.fromEntries(['a', 'b', 'c', 'd', 'e', 'f', 'g'].map((topic, lag) => [topic, lag]))
  expect(historyOf([moment(0, 0, 0, {}), moment(1, 0, 0, many)]).series).toEqual(
    ['g', 'f', 'e', 'd', 'c'].map(label => ({ label, values: [null, many[label]] })),
  )
})
