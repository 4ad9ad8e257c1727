import type { Settings } from '../../settings.ts'
import type { Driver } from '../driver.ts'
import { KafkajsLink } from './link.ts'

export function kafkajsDriver(settings: Settings): Driver {
  return { open: () => new KafkajsLink(settings) }
}
