/**
 * Records what stock clients send (`run.js --capture`): each client produces and consumes a few lines through a relay, an
 * administrator of kafkajs and Kafka's own tools do their work, and the frames become the files in captures/.
 */
import { mkdirSync, writeFileSync } from 'node:fs'
import { rm } from 'node:fs/promises'
import { join } from 'node:path'
import kafkajs from 'kafkajs'
import { CreateTopics } from '#protocol/messages/create-topics.js'
import { clientNames, consume, explain, installClient, produce } from '../../lib/clients.js'
import { startGregor } from '../../lib/gregor.js'
import { kafkaClasspath } from '../../lib/maven.js'
import { scratchFolder } from '../../lib/paths.js'
import { startRelay } from '../../lib/relay.js'
import { ToolHost, type ToolName } from '../../lib/tool-host.js'
import { WireClient } from '../../lib/wire-client.js'
import { capturedGroup, capturedTopic, capturesFolder, writeCapture } from './captures.js'

const LINES = 5

export async function captureAll(): Promise<number> {
  const scratch = scratchFolder('capture')
  mkdirSync(capturesFolder, { recursive: true })
  let frames: Buffer[] = []
  const relay = await startRelay(frame => frames.push(frame))
  const gregor = await startGregor({ args: ['--advertise', relay.address] })
  relay.target = gregor.bootstrap
  let failed = 0
  const capture = async (name: string, topicId: Buffer, work: () => Promise<string | null>) => {
    frames = []
    const problem = await work()
    if (problem === null) console.log(`${name}: ${writeCapture(name, topicId, frames)} of ${frames.length} frames kept`)
    else {
      failed++
      console.log(`${name}: ${problem}`)
    }
  }
  try {
    const admin = await WireClient.connect(gregor.bootstrap)
    const topicId = await createTopic(admin)
    admin.close()
    const input = join(scratch, 'lines')
    writeFileSync(input, Array.from({ length: LINES }, (_, number) => `line ${number}\n`).join(''))
    for (const [index, name] of clientNames.entries()) {
      const { notRun } = await installClient(name)
      if (notRun !== null) {
        console.log(`${name}: not run: ${notRun}; its capture stays as it is`)
        continue
      }
      await capture(name, topicId, async () => {
        const produced = await produce(name, relay.address, capturedTopic, input)
        if (produced.exitCode !== 0) return explain(produced)
        const subscription = { topic: capturedTopic, group: `${capturedGroup}-${index}`, outputFile: join(scratch, name) }
        const consumed = await consume(name, relay.address, LINES, [subscription])
        return consumed.exitCode === 0 ? null : explain(consumed)
      })
    }
    await capture('kafkajs-admin', topicId, () => kafkajsAdmin(relay.address))
    const classpath = await kafkaClasspath()
    if (classpath === null) console.log('kafka-tools: not run; the capture stays as it is')
    else await capture('kafka-tools', topicId, () => kafkaTools(classpath, relay.address))
  } finally {
    await gregor.stop()
    await relay.close()
    await rm(scratch, { recursive: true, force: true })
  }
  return failed === 0 ? 0 : 1
}

async function createTopic(admin: WireClient): Promise<Buffer> {
  const topic = { name: capturedTopic, numPartitions: 2, replicationFactor: -1, assignments: [], configs: [] }
  const answer = await admin.request(CreateTopics, 7, { topics: [topic], timeoutMs: 10_000 })
  return Buffer.from(answer.topics[0]!.topicId, 'base64url')
}

async function kafkajsAdmin(bootstrap: string): Promise<string | null> {
  const { ConfigResourceTypes, Kafka, logLevel } = kafkajs
  const admin = new Kafka({ clientId: 'captured-admin', brokers: [bootstrap], logLevel: logLevel.NOTHING }).admin()
  const topic = `${capturedTopic}-admin`
  const group = `${capturedGroup}-0`
  try {
    await admin.connect()
    await admin.createTopics({ topics: [{ topic, numPartitions: 1, configEntries: [{ name: 'retention.ms', value: '1000' }] }] })
    await admin.createPartitions({ topicPartitions: [{ topic, count: 2 }] })
    await admin.listTopics()
    await admin.fetchTopicMetadata({ topics: [topic] })
    await admin.fetchTopicOffsets(topic)
    await admin.fetchTopicOffsetsByTimestamp(capturedTopic, 1)
    await admin.fetchOffsets({ groupId: group })
    await admin.setOffsets({ groupId: group, topic: capturedTopic, partitions: [{ partition: 0, offset: '1' }] })
    await admin.listGroups()
    await admin.describeGroups([group])
    await admin.describeCluster()
    await admin.describeConfigs({ includeSynonyms: true, resources: [{ type: ConfigResourceTypes.TOPIC, name: topic }] })
    await admin.deleteGroups([group])
    await admin.deleteTopics({ topics: [topic] })
    await admin.disconnect()
    return null
  } catch (error) {
    return String(error)
  }
}

async function kafkaTools(classpath: string, bootstrap: string): Promise<string | null> {
  await using host = ToolHost.start(classpath)
  const server = ['--bootstrap-server', bootstrap]
  const topic = `${capturedTopic}-tools`
  const group = `${capturedGroup}-1`
  const runs: [ToolName, string[]][] = [
    ['kafka-topics', ['--create', '--topic', topic, '--partitions', '1', '--config', 'retention.ms=1000']],
    ['kafka-topics', ['--alter', '--topic', topic, '--partitions', '2']],
    ['kafka-topics', ['--describe']],
    ['kafka-configs', ['--describe', '--topic', topic, '--all']],
    ['kafka-get-offsets', ['--topic', capturedTopic]],
    ['kafka-get-offsets', ['--topic', capturedTopic, '--time', '-3']],
    ['kafka-consumer-groups', ['--list', '--state']],
    ['kafka-consumer-groups', ['--describe', '--group', group]],
    ['kafka-consumer-groups', ['--reset-offsets', '--group', group, '--topic', capturedTopic, '--to-earliest', '--execute']],
    ['kafka-consumer-groups', ['--delete-offsets', '--group', group, '--topic', capturedTopic]],
    ['kafka-consumer-groups', ['--delete', '--group', group]],
    ['kafka-broker-api-versions', []],
    ['kafka-cluster', ['cluster-id']],
    ['kafka-topics', ['--delete', '--topic', topic]],
  ]
  for (const [tool, args] of runs) {
    const all = tool === 'kafka-cluster' ? [...args, ...server] : [...server, ...args]
    const { exitCode, command, stderr } = await host.run(tool, all)
    if (exitCode !== 0) return `${command}: exit code ${exitCode}\n${stderr}`
  }
  return null
}
