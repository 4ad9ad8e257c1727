import type { Settings } from '../../settings.ts'
import type { Driver } from '../driver.ts'
import { KafkajsLink } from './link.ts'
import { clientVersion, isKnownClient } from './version.ts'

export function kafkajsDriver(settings: Settings): Driver {
  const fixes = settings.clientFixes && isKnownClient(clientVersion(), settings.log)
  return { open: () => new KafkajsLink(settings, fixes) }
}
