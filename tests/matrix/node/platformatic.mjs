// @platformatic/kafka: admin, producer, group. It reads through groups only.
import {
  Admin, Consumer, ListOffsetTimestamps, MessagesStreamModes, Producer, stringDeserializers, stringSerializers
} from '@platformatic/kafka'
import assert from 'node:assert/strict'
import { CODECS, expected, inTime, same, scenario, values } from './check.mjs'

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
if (scenario.groups) {
  const stream = await consumer.consume({ topics: [topic], mode: MessagesStreamModes.EARLIEST, autocommit: true })
  const taken = []
  const all = (async () => {
    for await (const message of stream) {
      taken.push(message.value)
      if (taken.length === expected.length) break
    }
  })()
  await inTime(all, 'read in a group')
  same(taken, 'in a group')
}
await consumer.close(true)
await admin.deleteTopics({ topics: [topic] })
await admin.close()
