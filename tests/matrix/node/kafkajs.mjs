// kafkajs: admin, producer, group, transactions. It reads through groups only.
import assert from 'node:assert/strict'
import { CompressionTypes, Kafka, logLevel } from 'kafkajs'
import { CODECS, expected, inTime, same, scenario, values, works } from './check.mjs'

process.env.KAFKAJS_NO_PARTITIONER_WARNING = '1'
const { topic } = scenario
const kafka = new Kafka({ brokers: [scenario.bootstrap], logLevel: logLevel.ERROR })
const admin = kafka.admin()
await admin.connect()
assert.equal(await admin.createTopics({ topics: [{ topic, numPartitions: 1 }], waitForLeaders: true }), true)
assert.equal(await admin.createTopics({ topics: [{ topic, numPartitions: 1 }] }), false, 'a second topic of the name')

const producer = kafka.producer({ idempotent: true })
await producer.connect()
for (const codec of CODECS) {
  const compression = codec === 'gzip' ? CompressionTypes.GZIP : CompressionTypes.None
  await producer.send({ topic, compression, messages: values(codec).map(value => ({ value })) })
}
await producer.disconnect()
const [offsets] = await admin.fetchTopicOffsets(topic)
assert.deepEqual([offsets.low, offsets.high], ['0', String(expected.length)])

works('produce')

/** The values of the first `count` messages of a topic, through a group of its own. */
async function take (name, count) {
  const consumer = kafka.consumer({ groupId: `${name}-group`, readUncommitted: false })
  await consumer.connect()
  await consumer.subscribe({ topic: name, fromBeginning: true })
  const taken = []
  const all = new Promise((resolve, reject) => {
    const eachMessage = async ({ message }) => {
      taken.push(message.value.toString())
      if (taken.length === count) resolve()
    }
    consumer.run({ eachMessage }).catch(reject)
  })
  await inTime(all, `read ${name}`)
  await consumer.disconnect()
  return taken
}

if (scenario.groups) {
  same(await take(topic, expected.length), 'in a group')
  works('group')
}
if (scenario.transactions) {
  const name = `${topic}-transactional`
  const transactional = kafka.producer({ transactionalId: name, maxInFlightRequests: 1, idempotent: true })
  await transactional.connect()
  for (const end of ['commit', 'commit', 'abort']) {
    const transaction = await transactional.transaction()
    await transaction.send({ topic: name, messages: [{ value: end }] })
    const topics = [{ topic: name, partitions: [{ partition: 0, offset: end === 'commit' ? '1' : '7' }] }]
    await transaction.sendOffsets({ consumerGroupId: `${name}-mover`, topics })
    await transaction[end]()
  }
  await transactional.disconnect()
  assert.deepEqual(await take(name, 2), ['commit', 'commit'])
  const [committed] = await admin.fetchOffsets({ groupId: `${name}-mover`, topics: [name] })
  assert.equal(committed.partitions[0].offset, '1', 'the offset of the last transaction that was committed')
  works('transactions')
}
await admin.deleteTopics({ topics: [topic] })
await admin.disconnect()
