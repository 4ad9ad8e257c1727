import { promisify } from 'node:util'
import zlib from 'node:zlib'
import kafkajs, { CompressionTypes } from 'kafkajs'
import type { KafkaAdapterOptions, KafkaCodec, KafkaCompression } from '../../options.ts'

export const compressionTypes: Readonly<Record<KafkaCompression, CompressionTypes>> = {
  none: CompressionTypes.None,
  gzip: CompressionTypes.GZIP,
  snappy: CompressionTypes.Snappy,
  lz4: CompressionTypes.LZ4,
  zstd: CompressionTypes.ZSTD,
}

// Node does not find this one among the names that kafkajs exports.
const registry: Record<number, (() => KafkaCodec) | undefined> = kafkajs.CompressionCodecs

/** kafkajs knows gzip, and has one list of codecs for the process; what an application has put there stays. */
export function registerCodecs(codecs: NonNullable<KafkaAdapterOptions['codecs']>): void {
  for (const [name, codec] of Object.entries(codecs)) registry[compressionTypes[name as KafkaCompression]] = codec
  // Since Node 22.15.
  if ('zstdCompress' in zlib && codecs.zstd === undefined && !isKnown(CompressionTypes.ZSTD)) {
    registry[CompressionTypes.ZSTD] = () => zstd
  }
}

function isKnown(type: CompressionTypes): boolean {
  try {
    registry[type]?.()
    return true
  } catch {
    return false
  }
}

const zstd: KafkaCodec = {
  compress: ({ buffer }) => promisify(zlib.zstdCompress)(buffer),
  decompress: (bytes) => promisify(zlib.zstdDecompress)(bytes),
}
