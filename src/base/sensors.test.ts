import { expect, test } from 'vitest'
import { Sensors, sensorNameCharsMax, sensorsMax } from './sensors.js'

const made = () => {
  let count = 0
  return new Sensors(() => ++count)
}

test('a name has its sensor for as long as it is used within an hour', () => {
  const sensors = made()
  expect([sensors.of('a', 0), sensors.of('b', 0), sensors.of('a', 3_000_000)]).toEqual([1, 2, 1])
  expect([sensors.of('b', 3_600_001), sensors.of('a', 3_600_001)]).toEqual([3, 1])
})
test('of too many, those that were not used the longest go', () => {
  const sensors = made()
  for (let count = 0; count < sensorsMax; count++) sensors.of(`c${count}`, 0)
  sensors.of('c0', 1)
  sensors.of('another', 1)
  expect(sensors.size).toBe(sensorsMax)
  expect([sensors.of('c0', 1), sensors.of('c1', 1)]).toEqual([1, sensorsMax + 2])
})
test('names take a bounded number of characters, whatever clients call themselves', () => {
  const sensors = made()
  const name = 'n'.repeat(30_000)
  for (let count = 0; count < 1000; count++) sensors.of(`${name}${count}`, 0)
  expect(sensors.size * name.length).toBeLessThan(sensorNameCharsMax + 2 * name.length)
  expect(sensors.size).toBeGreaterThan(100)
})
