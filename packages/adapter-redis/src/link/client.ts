import { Redis } from 'ioredis'
import type { Settings } from '../settings.ts'
import { tlsOptions } from './tls.ts'

const longestPauseMs = 2_000

/**
 * A client that never sends anything twice and never holds anything back: what was written when a connection broke is
 * rejected, what cannot be written is rejected at once. Whoever calls knows best what to do then.
 */
export function createClient(settings: Settings, socketTimeoutMs: number, mayReconnect: () => boolean): Redis {
  const { host, port, username, password, db, sentinels, sentinelName, natMap } = settings.server
  const { sentinelUsername, sentinelPassword, sentinelTls } = settings.server
  const tls = tlsOptions(settings.server)
  return new Redis({
    ...(sentinels === undefined ? { host, port } : { sentinels: [...sentinels], name: sentinelName, natMap }),
    ...(sentinelUsername !== undefined && { sentinelUsername }),
    ...(sentinelPassword !== undefined && { sentinelPassword }),
    ...(sentinelTls !== false && { sentinelTLS: sentinelTls === true ? (tls ?? {}) : sentinelTls }),
    ...(username !== undefined && { username }),
    ...(password !== undefined && { password }),
    ...(tls !== undefined && { tls }),
    ...(tls !== undefined && sentinels !== undefined && { enableTLSForSentinelMode: true }),
    db,
    // Replies in the shapes of RESP2, whatever the server would prefer.
    protocol: 2,
    lazyConnect: true,
    connectTimeout: settings.connectTimeoutMs,
    connectionName: 'bus',
    disableClientInfo: true,
    enableOfflineQueue: false,
    autoResendUnfulfilledCommands: false,
    // With anything but 0, ioredis forgets commands in flight when it reconnects without sending them again: their
    // promises never settle.
    maxRetriesPerRequest: 0,
    // Counts only while a reply is due: finds connections whose other end is gone without a word.
    socketTimeout: socketTimeoutMs,
    maxLoadingRetryTime: 500,
    retryStrategy: (times) =>
      mayReconnect() ? Math.min(50 * 2 ** Math.min(times - 1, 6), longestPauseMs) * (0.75 + Math.random() / 4) : null,
    sentinelRetryStrategy: (times) => (mayReconnect() ? Math.min(100 * times, longestPauseMs) : null),
  })
}
