/** What one check found. */
export interface Finding {
  readonly check: string
  readonly status: 'ok' | 'warning' | 'problem'
  readonly detail: string
  /** What to do about it, where the detail does not say so. */
  readonly advice?: string | undefined
}

export function ok(check: string, detail: string): Finding {
  return { check, status: 'ok', detail }
}

export function warning(check: string, detail: string, advice?: string): Finding {
  return { check, status: 'warning', detail, advice }
}

export function problem(check: string, error: unknown, advice?: string): Finding {
  return { check, status: 'problem', detail: error instanceof Error ? error.message : String(error), advice }
}
