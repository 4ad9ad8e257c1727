/* oxlint-disable no-unused-vars -- as the example has it */
import type { EventBus } from '@bus/core'

interface Open {
  readonly eventBus: EventBus
  executeCompensation(action: string): Promise<void>
  createPR(): Promise<void>
}

export async function saga({ eventBus, executeCompensation, createPR }: Open): Promise<void> {
  await eventBus.subscribe('saga.failures', async (event) => {
    const { sagaId, failedStep, compensationActions } = event.payload

    for (const action of compensationActions) {
      await executeCompensation(action)
    }
  })

  try {
    await createPR()
  } catch (error) {
    await eventBus.publish('saga.failures', 'saga.compensation.required', {
      sagaId: 'saga-123',
      failedStep: 'createPR',
      compensationActions: ['deleteWorktree', 'revertIssueState'],
    })
  }
}
