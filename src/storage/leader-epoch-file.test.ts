/** The leader epoch file after a crash: when its content is lost, recovery writes down what the batches say. */
import fs from 'node:fs'
import { expect, test } from 'vitest'
import { append, batchOf, copyFolder, openTest, topicId } from './test-kit.test-support.js'

test.each(['', '0\n', 'rubbish'])('a file that holds %j is made again', async content => {
  const { directory, path } = await openTest()
  append(directory.createPartition('t', 0, topicId), batchOf('a'))
  const copy = copyFolder(path)
  const file = `${copy}/t-0/leader-epoch-checkpoint`
  expect(fs.readFileSync(file, 'utf8')).toBe('0\n1\n0 0\n')
  fs.writeFileSync(file, content)
  await openTest({ path: copy })
  expect(fs.readFileSync(file, 'utf8')).toBe('0\n1\n0 0\n')
})
