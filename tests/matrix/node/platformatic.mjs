// @platformatic/kafka: admin, producer, groups of both protocols, transactions. It reads through groups only.
import {
  Admin, Consumer, FetchIsolationLevels, ListOffsetTimestamps, MessagesStreamModes, Producer, stringDeserializers, stringSerializers
} from '@platformatic/kafka'
import assert from 'node:assert/strict'
import { CODECS, expected, inTime, same, scenario, values, works } from './check.mjs'

const { topic } = scenario
const common = { clientId: 'matrix', bootstrapBrokers: [scenario.bootstrap] }
const admin = new Admin(common)
await admin.createTopics({ topics: [topic], partitions: 1, replicas: 1 })

const producer = new Producer({ ...common, serializers: stringSerializers })
for (const compression of CODECS) {
  await producer.send({ compression, messages: values(compression).map(value => ({ topic, value })) })
}
await producer.close()

const consumer = new Consumer({ ...common, groupId: `${topic}-group`, deserializers: stringDeserializers })
const latest = await consumer.listOffsets({ topics: [topic], timestamp: ListOffsetTimestamps.LATEST })
assert.deepEqual(latest.get(topic), [BigInt(expected.length)])
await consumer.close(true)
works('produce')

/** The messages of a topic from its beginning, through a group of its own, and the group's member. */
async function take (name, count, settings = {}) {
  const groupId = `${name}-${settings.groupProtocol ?? 'group'}`
  const member = new Consumer({ ...common, groupId, deserializers: stringDeserializers, ...settings })
  const [mode, isolationLevel] = [MessagesStreamModes.EARLIEST, FetchIsolationLevels.READ_COMMITTED]
  const stream = await member.consume({ topics: [name], mode, isolationLevel, autocommit: true })
  const taken = []
  const all = (async () => {
    for await (const message of stream) {
      taken.push(message)
      if (taken.length === count) break
    }
  })()
  await inTime(all, 'read in a group')
  return { taken, member }
}

if (scenario.groups) {
  const { taken, member } = await take(topic, expected.length)
  same(taken.map(message => message.value), 'in a group')
  await member.close(true)
  works('group')
}
if (scenario.consumers) {
  const { taken, member } = await take(topic, expected.length, { groupProtocol: 'consumer' })
  same(taken.map(message => message.value), 'in a group of KIP-848')
  await member.close(true)
  works('848')
}
if (scenario.transactions) {
  const name = `${topic}-transactional`
  await admin.createTopics({ topics: [name], partitions: 1, replicas: 1 })
  const transactional = new Producer({
    ...common, serializers: stringSerializers, idempotent: true, transactionalId: name
  })
  for (const end of ['commit', 'abort', 'commit']) {
    const transaction = await transactional.beginTransaction()
    await transaction.send({ messages: [{ topic: name, value: end }] })
    await transaction[end]()
  }
  const { taken, member } = await take(name, 2)
  assert.deepEqual(taken.map(message => message.value), ['commit', 'commit'])
  await member.close(true)
  await transactional.close()
  works('transactions')
}
await admin.deleteTopics({ topics: [topic] })
await admin.close()
