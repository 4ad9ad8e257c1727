import { describe, expect, it } from 'vitest'
import { wholeFrames } from '../src/driver/kafkajs/frames.ts'

function frame(text: string): Buffer {
  const frame = Buffer.alloc(4 + text.length)
  frame.writeInt32BE(text.length)
  frame.write(text, 4)
  return frame
}

describe('the frames of a connection', () => {
  it('are whole, however the bytes arrive', () => {
    const frames = ['', 'one', 'x'.repeat(70), 'three'].map(frame)
    const bytes = Buffer.concat(frames)
    for (let first = 0; first <= bytes.length; first++) {
      for (let second = first; second <= bytes.length; second += 7) {
        const given: Buffer[] = []
        const take = wholeFrames(
          (whole) => given.push(whole),
          () => expect.unreachable(),
        )
        for (const part of [bytes.subarray(0, first), bytes.subarray(first, second), bytes.subarray(second)]) take(part)
        expect(given).toEqual(frames)
      }
    }
  })

  it('end with what is no length, once', () => {
    const seen: string[] = []
    const take = wholeFrames(
      (whole) => seen.push(whole.toString('latin1', 4)),
      () => seen.push('broken'),
    )
    take(Buffer.concat([frame('a'), Buffer.from('\u00FF\u00FF\u00FF\u00FF', 'latin1')]))
    take(frame('b'))
    expect(seen).toEqual(['a', 'broken'])
  })
})
