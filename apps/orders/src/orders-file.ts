import { readFile } from 'node:fs/promises'
import type { Order } from './events.ts'

/** One order a line, as JSON. */
export async function readOrders(file: string | URL): Promise<readonly Order[]> {
  const lines = (await readFile(file, 'utf8')).split('\n').filter((line) => line.trim() !== '')
  return lines.map((line, index) => {
    try {
      return JSON.parse(line) as Order
    } catch (cause) {
      throw new Error(`line ${index + 1} of ${String(file)} is not an order`, { cause })
    }
  })
}
