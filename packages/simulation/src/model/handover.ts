import type { Loan } from './loan.ts'
import type { Member } from './member.ts'
import type { Slot } from './slot.ts'

/** Takes slots back from a member that may be at work on them: with its leave or, after the deadline, without. */
export function handOver(giver: Member, slots: readonly Slot[], done: () => void): void {
  const { scene, owner } = giver
  const { agenda, oracle } = scene
  const deadline = new AbortController()
  const concerned = (loan: Loan): boolean => loan.item.slot !== undefined && slots.includes(loan.item.slot)
  let open: readonly Loan[] = []
  let over = false
  const finish = (how: string): void => {
    if (over) return
    over = true
    agenda.cancel(late)
    giver.ended.delete(gone)
    scene.say?.(`${giver.name} has handed over (${how})`)
    // What the member said is recorded before anything is let go.
    if (owner.alive) for (const loan of open) loan.flush()
    for (const loan of giver.loans) if (concerned(loan)) loan.lose('moved')
    done()
  }
  const gone = (): void => {
    if (!owner.alive) oracle.handovers.ends(open)
    finish('it is gone')
  }
  const late = agenda.add(scene.backend, scene.plan.world.handoverMs, () => {
    oracle.handovers.ends(open)
    finish('too late')
    if (owner.alive) deadline.abort()
  })
  giver.ended.add(gone)
  for (const slot of slots) slot.moving = true
  agenda.add(owner, 0, () => {
    if (over) return
    giver.retract(concerned)
    open = [...giver.loans].filter(concerned)
    scene.say?.(
      `${giver.name} hands over ${slots.map(({ name }) => name).join(' ')}: ${open.map(String).join(', ') || 'nothing open'}`,
    )
    oracle.handovers.begins(giver, open)
    if (giver.handover === undefined) {
      oracle.handovers.ends(open)
      return finish('it need not be asked')
    }
    giver.handover(open, deadline.signal).then(
      () => {
        oracle.handovers.ends(open)
        if (over) return
        oracle.handovers.isDone(giver, open)
        finish('done')
      },
      (error: unknown) => scene.fail('a hand-over never rejects', String(error)),
    )
  })
}
