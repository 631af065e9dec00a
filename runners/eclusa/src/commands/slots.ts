import { EclusaError, closestName } from '@eclusa/sdk'
import type { ReplicationSlot, SourceReplication } from '@eclusa/sdk'
import { confirm, isCancel } from '@clack/prompts'
import type { Command } from 'commander'
import type { CommandContext } from '../command-context.ts'
import type { Outcome } from '../exit-code.ts'
import { openLoaded, readProject } from '../open-project.ts'
import type { OpenPipeline } from '../composition.ts'
import { formatBytes } from '../output/quantity.ts'
import { formatTable } from '../output/table.ts'
import type { RunCommand } from '../run-command.ts'

interface DropOptions {
  readonly yes?: true
  readonly force?: true
}

export function addSlotsCommand(program: Command, run: RunCommand): void {
  const slots = program
    .command('slots')
    .description('List the replication slots of the server, or drop one that nobody needs any more.')
    .addHelpText('after', '\nExamples:\n  eclusa slots\n  eclusa slots drop eclusa_old')
  slots.command('list', { isDefault: true }).description('List the slots.').action(run(listSlots))
  slots
    .command('drop')
    .description('Drop a slot: the server forgets what it kept for it.')
    .argument('<name>', 'the slot')
    .option('-y, --yes', 'do not ask')
    .option('--force', 'also one that is in use, or was not made by eclusa')
    .action(run(async (context, name: string, options: DropOptions) => await dropSlot(context, name, options)))
}

/** Neither the warehouse nor the steps are needed. */
async function openSource(context: CommandContext): Promise<OpenPipeline> {
  const loaded = await readProject(context, ['source'])
  return await openLoaded(context, { ...loaded, project: { ...loaded.project, steps: [] } })
}

function replicationOf({ source }: OpenPipeline): SourceReplication {
  if (source.replication !== undefined) return source.replication
  throw new EclusaError('CONFIG_INVALID', {
    message: `The source "${source.name}" is not configured to replicate: it has no slots.`,
    remedy: 'Let it replicate: `replication_method: { method: CDC }`.',
  })
}

async function listSlots(context: CommandContext): Promise<Outcome> {
  await using opened = await openSource(context)
  const slots = await replicationOf(opened).listSlots(contextOf(context))
  if (slots.length === 0) context.note('The server has no replication slot.')
  context.result({
    text: slots.length === 0 ? '' : slotTable(slots),
    lines: slots.map((slot) => ({ type: 'slot', ...slot })),
  })
  return 'ok'
}

function contextOf(context: CommandContext) {
  return { signal: context.interruption.stopSignal, log: context.log() }
}

function slotTable(slots: readonly ReplicationSlot[]): string {
  return formatTable(
    [
      { name: 'slot' },
      { name: 'owner' },
      { name: 'database' },
      { name: 'plugin' },
      { name: 'in use' },
      { name: 'keeps', align: 'right' },
      { name: 'state' },
    ],
    slots.map((slot) => [
      slot.name,
      ownerTexts[slot.owner],
      slot.database ?? '',
      slot.plugin ?? 'physical',
      slot.isActive ? `by process ${slot.activePid ?? '?'}` : 'no',
      slot.retainedBytes === undefined ? '' : formatBytes(slot.retainedBytes),
      slot.invalidationReason ?? slot.walStatus ?? '',
    ]),
  )
}

const ownerTexts = { own: 'this pipeline', eclusa: 'eclusa', foreign: 'another program' } as const

async function dropSlot(context: CommandContext, name: string, { yes, force }: DropOptions): Promise<Outcome> {
  await using opened = await openSource(context)
  const replication = replicationOf(opened)
  const slots = await replication.listSlots(contextOf(context))
  const slot = slots.find((candidate) => candidate.name === name)
  if (slot === undefined) throw unknownSlot(name, slots)
  if (force !== true) assertDroppable(slot)
  if (yes !== true && !(await isConfirmed(context, slot))) return 'cancelled'
  await replication.dropSlot({ ...contextOf(context), name })
  context.result({ text: `Slot ${name} is dropped.`, lines: [{ type: 'slot_dropped', name }] })
  return 'ok'
}

function unknownSlot(name: string, slots: readonly ReplicationSlot[]): EclusaError {
  const names = slots.map((slot) => slot.name)
  const closest = closestName(name, names)
  return new EclusaError('SLOT_NOT_DROPPED', {
    message: `The server has no slot "${name}"${closest === undefined ? '' : `; the closest is "${closest}"`}.`,
    remedy: 'List them with `eclusa slots`.',
  })
}

/** @throws SLOT_NOT_DROPPED for a slot that somebody needs, or may need. */
function assertDroppable({ name, isActive, activePid, owner }: ReplicationSlot): void {
  if (isActive) {
    throw new EclusaError('SLOT_NOT_DROPPED', {
      message: `Slot "${name}" is in use, by process ${activePid ?? '?'} of the server.`,
      remedy: 'Stop the run that follows it first; `--force` takes it away from whoever uses it.',
    })
  }
  if (owner !== 'foreign') return
  throw new EclusaError('SLOT_NOT_DROPPED', {
    message: `Slot "${name}" was not made by eclusa: another program may need it, and would lose changes.`,
    remedy: 'Drop it where it belongs; `--force` drops it all the same.',
  })
}

/** @throws SLOT_NOT_DROPPED where there is nobody to ask. */
async function isConfirmed(context: CommandContext, { name, owner }: ReplicationSlot): Promise<boolean> {
  if (!context.terminal.isInteractive || !process.stdin.isTTY || context.isJson) {
    throw new EclusaError('SLOT_NOT_DROPPED', {
      message: `Nobody can be asked whether slot "${name}" may be dropped.`,
      remedy: 'Say so with `--yes`.',
    })
  }
  const loss = owner === 'own' ? ' This pipeline then needs `eclusa resync` before it can go on.' : ''
  const answer = await confirm({ message: `Drop slot ${name}?${loss}`, initialValue: false })
  return !isCancel(answer) && answer
}
