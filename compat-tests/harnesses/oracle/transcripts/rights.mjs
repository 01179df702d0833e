// What each API asks before it answers: the cases of src/broker/rights.test.ts, with the same entries at both brokers.
import { rightsCases } from '#testing/rights/cases.js'
import { absentId, play, titleOf } from '#testing/rights/play.js'
import { batch } from '../lib/records.mjs'

const connectionOf = client => (client === undefined ? 'main' : `by ${client}`)

const stageOf = t => ({
  name: suffix => t.name(suffix),
  range: api => t.shared.get(api) ?? [1, 0],
  topic: async name => {
    const topic = await t.topic(name.slice(t.name('').length))
    await t.produce(topic, batch(1, { timestamp: t.T0 }))
    return topic
  },
  batch: producer => batch(1, { timestamp: t.T0, ...(producer && { ...producer, attributes: 16, sequence: 0 }) }),
  call: (api, body, { by, ...options }) => t.call(api, body, { ...options, on: connectionOf(by) }),
  until: (api, body, fits, by) => t.until(api, body, fits, { quiet: true, withinMs: 30_000, on: connectionOf(by) }),
})

export const transcripts = rightsCases.map(one => ({
  name: `rights-${titleOf(one).replaceAll(' ', '-')}`,
  api: one.api,
  once: true,
  isSecured: true,
  run: t => {
    for (const letter of ['a', 'b', 'n', 'm']) t.know(absentId(letter), `absent ${letter}`)
    return play(stageOf(t), one)
  },
}))
