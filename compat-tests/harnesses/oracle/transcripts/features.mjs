// Features: what a level may become, one field wrong at a time. At the end all is as it was.
export const transcripts = [
  {
    name: 'update-features',
    api: 'UpdateFeatures',
    async run(t) {
      const upgrade = 1
      const safe = 2
      const unsafe = 3
      let epoch = -1
      const finalized = async as => {
        const view = body => {
          const falls = body.finalizedFeaturesEpoch < epoch
          epoch = body.finalizedFeaturesEpoch
          const ours = body.finalizedFeatures.filter(({ name }) => /^(metadata|transaction)\.version$/.test(name))
          return { falls, finalizedFeatures: ours }
        }
        const hello = { clientSoftwareName: 'oracle', clientSoftwareVersion: '1' }
        await t.call('ApiVersions', hello, { v: 4, as: `${as}: the levels`, pick: view })
      }
      // Version 0 knows no kinds of change, only whether the level may sink.
      const to = (feature, maxVersionLevel, upgradeType = upgrade) => ({
        ...{ feature, maxVersionLevel, upgradeType },
        allowDowngrade: upgradeType !== upgrade,
      })
      const update = (as, featureUpdates, rest = {}) =>
        t.call('UpdateFeatures', { timeoutMs: 5000, featureUpdates, validateOnly: false, ...rest }, { as })
      await finalized('at first')
      await update('nothing', [])
      await update('metadata.version to what it is', [to('metadata.version', 33)])
      for (const level of [34, 6, 1, 0, -1, -32768, 32767])
        await update(`metadata.version to ${level}`, [to('metadata.version', level)])
      for (const level of [34, 32, 30, 29, 7, 6, 0, -1]) {
        if (level >= 32 || t.v === 0) await update(`metadata.version safely to ${level}`, [to('metadata.version', level, safe)])
        if (t.v >= 1)
          await update(`metadata.version safely to ${level}, validated`, [to('metadata.version', level, safe)], {
            validateOnly: true,
          })
        if (t.v >= 1)
          await update(`metadata.version unsafely to ${level}, validated`, [to('metadata.version', level, unsafe)], {
            validateOnly: true,
          })
      }
      for (const level of [3, 2, 1, 0, -1]) {
        await update(`transaction.version to ${level}`, [to('transaction.version', level)])
      }
      await update('transaction.version safely to what it is', [to('transaction.version', 2, safe)])
      await update('transaction.version safely higher', [to('transaction.version', 3, safe)])
      for (const type of t.v >= 1 ? [0, 4, -1, 127] : [])
        await update(`a change of kind ${type}`, [to('transaction.version', 1, type)])
      await update('an unknown feature', [to('no.such.feature', 1)])
      await update('an unknown feature to 0', [to('no.such.feature', 0, safe)])
      await update('an empty name', [to('', 1)])
      await update('two, of which one is wrong', [to('transaction.version', 1, safe), to('no.such.feature', 1)])
      await update('one feature twice', [to('transaction.version', 1, safe), to('transaction.version', 3)])
      await finalized('after what was refused')
      if (t.v >= 1) {
        await update('a change that is only validated', [to('transaction.version', 1, safe)], { validateOnly: true })
        await finalized('after a validation')
      }
      for (const level of [1, 0]) {
        await update(`transaction.version sinks to ${level}`, [to('transaction.version', level, safe)])
        await t.until(
          'ApiVersions',
          { clientSoftwareName: 'o', clientSoftwareVersion: '1' },
          body => (body.finalizedFeatures.find(x => x.name === 'transaction.version')?.maxVersionLevel ?? 0) === level,
          { v: 4, quiet: true },
        )
        await finalized(`at ${level}`)
      }
      await update('it rises again, unsafely', [to('transaction.version', 1, unsafe)])
      await update('it rises again', [to('transaction.version', 2)])
      await t.until(
        'ApiVersions',
        { clientSoftwareName: 'o', clientSoftwareVersion: '1' },
        body => body.finalizedFeatures.find(x => x.name === 'transaction.version')?.maxVersionLevel === 2,
        { v: 4, quiet: true },
      )
      await finalized('at the end')
      for (const timeoutMs of [0, -1]) await update(`in ${timeoutMs} ms`, [to('transaction.version', 2)], { timeoutMs })
    },
  },
]
