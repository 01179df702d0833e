import { describe, expect, it } from 'vitest'
import { type LogFields, silentLog } from '../base/log.js'
import { type FakeWorld, fakeWorld } from '../testing/fake-world.js'
import { helpText, startHelpText } from './help.js'
import { type Process, type StartBroker, type StartedBroker, start } from './start.js'

type StartOptions = Parameters<StartBroker>[0]

interface Run {
  readonly world: FakeWorld
  readonly options: () => StartOptions
  /** Everything that was said and done, in order. */
  readonly events: string[]
  readonly logged: string[]
  readonly signal: (name: string) => void
  readonly exited: Promise<number>
  readonly started: Promise<void>
}

const idleBroker: StartedBroker = {
  description: {
    listeners: ['PLAINTEXT://127.0.0.1:9092'],
    everywhere: [],
    data: './data',
    durability: 'fsync',
    send: 'sendfile',
    http: null,
  },
  security: null,
  reloadCertificates: async () => false,
  stop: async () => {},
}

function run(
  args: string[],
  startBroker: () => Promise<StartedBroker> = async () => idleBroker,
  more: Partial<Process> = {},
): Run {
  const events: string[] = []
  const logged: string[] = []
  const note = (fields: LogFields, message: string) => void logged.push(`${message} ${JSON.stringify(fields)}`)
  const world = fakeWorld()
  let options: StartOptions | undefined
  let signal: (name: string) => void = () => {}
  let exited = (_: number): void => {}
  const exit = new Promise<number>(resolve => {
    exited = resolve
  })
  const host: Process = {
    args,
    environment: {},
    world,
    stderrIsTerminal: false,
    newLog: () => ({
      debug() {},
      info() {},
      warn: note,
      error: note,
      open: async () => void events.push('log opened'),
      close: async () => void events.push('log closed'),
    }),
    onCrash() {},
    readText: () => 'num.partitions=4',
    exists: () => false,
    stdout: text => void events.push(text),
    stderr: text => void events.push(text),
    onSignal: stop => {
      signal = stop
    },
    exit: code => {
      events.push(`exit ${code}`)
      exited(code)
    },
    ...more,
  }
  const started = start(host, given => {
    options = given
    return startBroker()
  })
  return { world, events, logged, started, exited: exit, options: () => options as StartOptions, signal: name => signal(name) }
}

/** Whoever starts a command looks there. */
const http = { 'gregor.http.listener': '127.0.0.1:8080+' }

const failing = (code: string) => run([], () => Promise.reject(Object.assign(new Error('expected by this test'), { code })))

describe('gregor start', () => {
  it('prints one parseable line when the broker is ready', async () => {
    const { events, started } = run([])
    await started
    expect(events).toEqual([
      'gregor ready: PLAINTEXT://127.0.0.1:9092 (data: ./data, durability: fsync, send: sendfile)\n',
      'log opened',
    ])
  })

  it('says which listeners everybody on the network reaches', async () => {
    const description = { ...idleBroker.description, everywhere: ['PLAINTEXT'] }
    const { events, started } = run([], async () => ({ ...idleBroker, description }))
    await started
    expect(events[0]).toBe(
      'gregor ready: PLAINTEXT://127.0.0.1:9092 (data: ./data, durability: fsync, send: sendfile, on every interface: PLAINTEXT)\n',
    )
  })

  it('says where HTTP is served, and why not where everybody looks first', async () => {
    for (const [takenPort, word] of [
      [null, 'http: http://127.0.0.1:8081'],
      [8080, 'http: http://127.0.0.1:8081 as port 8080 is in use'],
    ] as const) {
      const description = { ...idleBroker.description, http: { url: 'http://127.0.0.1:8081', takenPort } }
      const { events, started } = run([], async () => ({ ...idleBroker, description }))
      await started
      expect(events[0]).toContain(`, send: sendfile, ${word})`)
    }
  })

  it.each([
    [[], {}, '127.0.0.1:8080+'],
    [['--config', 'gregor.http.listener=:80'], {}, ':80'],
    [['--config', 'gregor.http.listener='], {}, ''],
    [[], { KAFKA_GREGOR_HTTP_LISTENER: ':81' }, undefined],
  ])('%j with %j serves HTTP at %s: what is said wins', async (args, environment, listener) => {
    const { options, started } = run(args, undefined, { environment })
    await started
    expect(options().config?.['gregor.http.listener']).toBe(listener)
  })

  it('an HTTP port that was asked for and is in use ends the start with what to say instead', async () => {
    const taken = Object.assign(new Error('gregor.http.listener: listen EADDRINUSE'), { code: 'EADDRINUSE' })
    const { logged, events, started } = run([], () => Promise.reject(taken))
    await started
    expect(events).toEqual(['log closed', 'exit 3'])
    expect(logged).toEqual([expect.stringContaining('the port for HTTP is in use; choose another with --config')])
  })

  describe('in the image', () => {
    const listening = async (environment: Record<string, string>, args: string[] = [], mounted?: string) => {
      const { options, started, logged } = run(args, undefined, {
        environment: { GREGOR_IMAGE: '1', ...environment },
        exists: path => path === mounted,
      })
      await started
      expect(logged).toEqual([])
      return options()
    }

    it("listens on every interface and keeps its data where Kafka's images do, unless something is said", async () => {
      expect((await listening({})).config).toEqual({
        ...http,
        listeners: 'PLAINTEXT://:9092',
        'log.dirs': '/var/lib/kafka/data',
      })
      expect((await listening({ KAFKA_CFG_NODE_ID: '0' })).config).toMatchObject({ 'log.dirs': '/bitnami/kafka/data' })
      expect((await listening({ KAFKA_LOG_DIRS: '/d', KAFKA_ADVERTISED_LISTENERS: 'A://b:1' })).config).toEqual(http)
      expect((await listening({}, ['--ephemeral'])).config).toEqual({ ...http, listeners: 'PLAINTEXT://:9092' })
    })

    it.each(['/mnt/shared/config/server.properties', '/bitnami/kafka/config/server.properties'])('reads %s', async path => {
      expect((await listening({}, [], path)).propertiesFile).toBe(path)
      expect((await listening({}, ['own.properties'], path)).propertiesFile).toBe('own.properties')
    })
  })

  it('passes on what the arguments, the environment and the file say', async () => {
    const args = [
      'server.properties',
      '--listen',
      '[::1]:0',
      '--advertise',
      'kafka:9092',
      '--data-dir',
      '/d',
      '--config',
      'a=b=c',
    ]
    const { options, started } = run(args, undefined, { environment: { KAFKA_NUM_PARTITIONS: '3' } })
    await started
    expect(options().ephemeral).toBe(false)
    expect(options().propertiesFile).toBe('server.properties')
    expect(options().environment).toEqual({ KAFKA_NUM_PARTITIONS: '3' })
    expect({ ...options().config }).toEqual({
      ...http,
      listeners: 'PLAINTEXT://[::1]:0',
      'advertised.listeners': 'PLAINTEXT://kafka:9092',
      'log.dirs': '/d',
      a: 'b=c',
    })
  })

  it.each([
    [[], {}, 'PLAINTEXT://127.0.0.1:9092', 0],
    [['--port', '0'], {}, 'PLAINTEXT://127.0.0.1:0', 0],
    [[], { KAFKA_LISTENERS: 'PLAINTEXT://:9092' }, undefined, 0],
    // bitnami's image sets every other key and leaves this one.
    [[], { KAFKA_CFG_NODE_ID: '1' }, 'PLAINTEXT://127.0.0.1:9092', 1],
  ])('%j %j listens on %s', async (args, environment, listeners, warnings) => {
    const { options, logged, started } = run(args, undefined, { environment })
    await started
    expect(options().config?.listeners).toBe(listeners)
    expect(logged).toHaveLength(warnings)
  })

  it.each([
    [['--config', 'gregor.log.level=warn', 'server.properties'], {}, 'warn'],
    [['server.properties'], { KAFKA_GREGOR_LOG_LEVEL: 'error' }, 'error'],
    [['server.properties'], {}, 'debug'],
    [[], {}, 'info'],
    [['--config', 'gregor.log.level=loud'], {}, 'info'],
  ])('%j %j logs from level %s', async (args, environment, level) => {
    let given: string | undefined
    const newLog: Process['newLog'] = (asked, format) => {
      given = `${asked} ${format}`
      return { ...silentLog, open: async () => {}, close: async () => {} }
    }
    await run(args, undefined, { environment, newLog, readText: () => 'gregor.log.level=debug' }).started
    expect(given).toBe(`${level} json`)
  })

  it.each([
    [['--listen', '9092'], '--listen takes HOST:PORT'],
    [['--port', '65536'], '--port takes a port'],
    [['--port', '1', '--listen', 'a:1'], 'either --listen or --port'],
    [['--advertise', 'a:b:c'], '--advertise takes HOST:PORT'],
    [['--config', 'no.value'], '--config takes KEY=VALUE'],
    [['--ephemeral', '--data-dir', 'd'], 'cannot be combined with a data directory'],
    [['--listen', 'a:1', '--config', 'listeners=b'], 'say the same thing'],
    [['--no-such-option'], "Unknown option '--no-such-option'"],
    [['--listen'], "Option '--listen <value>' argument missing"],
    [['a', 'b'], 'one server.properties at most'],
  ])('%j is wrong usage', async (args, message) => {
    const { events, exited } = run(args)
    expect(await exited).toBe(2)
    expect(events[0]).toContain(`gregor start: `)
    expect(events[0]).toContain(message)
    expect(events).toHaveLength(2)
  })

  it('a configuration file that cannot be read is wrong usage', async () => {
    const { events, exited } = run(['gone.properties'], undefined, {
      readText: () => {
        throw new Error('ENOENT: no such file')
      },
    })
    expect(await exited).toBe(2)
    expect(events[0]).toContain('cannot read gone.properties: ENOENT')
  })

  it('--help says everything and starts nothing', async () => {
    const { events, exited } = run(['--help'], () => Promise.reject(new Error('not to be started')))
    expect(await exited).toBe(0)
    expect(events[0]).toBe(startHelpText)
  })

  it.each([
    ['CONFIG_INVALID', 2],
    ['EADDRINUSE', 3],
    ['DATA_DIRECTORY_LOCKED', 4],
    ['DATA_DIRECTORY_CORRUPT', 4],
    ['InconsistentDirectoryError', 4],
    ['ENOSPC', 5],
    ['EADDRNOTAVAIL', 2],
    ['EAFNOSUPPORT', 2],
    ['ENOTFOUND', 2],
    ['EAI_AGAIN', 2],
    ['EACCES', 1],
    ['ERR_ASSERTION', 1],
  ])('a start that fails with %s exits with %i', async (code, exitCode) => {
    const { events, logged, exited } = failing(code)
    expect(await exited).toBe(exitCode)
    expect(events).toEqual(['log closed', `exit ${exitCode}`])
    expect(logged).toEqual([expect.stringMatching(/^cannot start.*expected by this test|err/)])
  })

  it.each([
    ['EADDRINUSE', 'the port is in use; choose another with --port, or a free one with --port 0'],
    ['EADDRNOTAVAIL', 'the address is none of this machine; choose another with --listen, such as 127.0.0.1:9092'],
    ['ENOTFOUND', 'the host of a listener is not known; choose another with --listen, such as 127.0.0.1:9092'],
    ['EACCES', 'this user may not listen there; choose a port above 1023 with --port'],
    ['CONFIG_INVALID', 'the configuration is invalid'],
  ])('%s is explained with what to do about it', async (code, advice) => {
    const { logged, exited } = failing(code)
    await exited
    expect(logged).toEqual([`cannot start: ${advice} {"reason":"expected by this test"}`])
  })

  it('an uncaught error is logged with its stack and ends the process', async () => {
    let crash = (_: unknown): void => {}
    const { logged, exited, started } = run([], undefined, { onCrash: report => (crash = report) })
    await started
    crash(new Error('expected by this test'))
    expect(await exited).toBe(1)
    expect(logged[0]).toMatch(/^stopped by a bug/)
  })

  it('a failure that is told later ends the process with its code', async () => {
    const { options, exited, started } = run([])
    await started
    options().onFatal?.(Object.assign(new Error('expected by this test'), { code: 'EIO' }))
    expect(await exited).toBe(5)
  })
})

describe('signals', () => {
  it('the first one stops the broker and exits cleanly', async () => {
    let stopped = 0
    const { signal, exited, started } = run([], async () => ({ ...idleBroker, stop: async () => void stopped++ }))
    await started
    signal('SIGTERM')
    expect(await exited).toBe(0)
    expect(stopped).toBe(1)
  })

  it('the second one ends the process at once, unless it is the first one again: Ctrl-C under npm comes twice', async () => {
    const { world, signal, events, exited, started } = run([], async () => ({ ...idleBroker, stop: () => new Promise(() => {}) }))
    await started
    signal('SIGTERM')
    world.advance(499)
    signal('SIGINT')
    expect(events.at(-1)).toBe('log opened')
    world.advance(1)
    signal('SIGINT')
    expect(await exited).toBe(1)
  })

  it('SIGHUP reads certificates again where there are some; what could not be read does not end the broker', async () => {
    let reloads = 0
    const secure = { ...idleBroker, reloadCertificates: async () => ++reloads === 1 || Promise.reject(new Error('no file')) }
    const { signal, exited, started } = run([], async () => secure)
    await started
    signal('SIGHUP')
    signal('SIGHUP')
    expect(reloads).toBe(2)
    signal('SIGTERM')
    expect(await exited).toBe(0)
    expect(reloads).toBe(2)
  })

  it('SIGHUP stops a broker without certificates: its terminal is gone', async () => {
    const { signal, exited, started } = run([])
    await started
    signal('SIGHUP')
    expect(await exited).toBe(0)
  })

  it('a stop that hangs is ended after half a minute', async () => {
    const { world, signal, events, exited, started } = run([], async () => ({ ...idleBroker, stop: () => new Promise(() => {}) }))
    await started
    signal('SIGTERM')
    world.advance(29_999)
    expect(events.at(-1)).toBe('log opened')
    world.advance(1)
    expect(await exited).toBe(1)
  })

  it('one that comes while the broker is starting stops it as soon as it has started', async () => {
    let ready = (_: StartedBroker): void => {}
    const { signal, events, exited } = run([], () => new Promise(resolve => (ready = resolve)))
    signal('SIGTERM')
    expect(events).toEqual([])
    ready(idleBroker)
    expect(await exited).toBe(0)
    expect(events).toEqual(['log closed', 'exit 0'])
  })
})

describe('help', () => {
  it('fits a terminal of 80 columns and names every option', () => {
    const lines = `${helpText}${startHelpText}`.split('\n')
    expect(lines.filter(line => line.length > 80)).toEqual([])
    for (const option of ['listen', 'port', 'advertise', 'data-dir', 'ephemeral', 'add-scram', 'config', 'json-logs', 'help']) {
      expect(startHelpText).toContain(`--${option}`)
    }
  })
})
