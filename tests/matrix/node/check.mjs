// What the scenarios of all Node clients have in common.
import assert from 'node:assert/strict'

export const MESSAGES = 200
export const CODECS = ['none', 'gzip']
const DEADLINE_MS = 60_000

const [bootstrap, topic, ...features] = process.argv.slice(2)
export const scenario = {
  bootstrap,
  topic,
  groups: features.includes('groups'),
  consumers: features.includes('848'),
  transactions: features.includes('transactions')
}

export function values (codec) {
  return Array.from({ length: MESSAGES }, (_, number) => `${codec}:${number}:${'.'.repeat(number)}`)
}

export const expected = CODECS.flatMap(values)

export function same (taken, what) {
  assert.deepEqual(taken, expected, what)
  console.log(`${what}: ${taken.length} messages`)
}

/** Tells whoever runs this that the client has a feature, and that it works. */
export function works (column) {
  console.log(`works: ${column}`)
}

/** Resolves as `promise` does, or ends the program when it takes too long. */
export function inTime (promise, what) {
  const late = setTimeout(() => {
    console.error(`${what}: not within ${DEADLINE_MS} ms`)
    process.exit(1)
  }, DEADLINE_MS)
  return promise.finally(() => clearTimeout(late))
}
