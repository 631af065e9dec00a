import { redactDeep } from '@eclusa/sdk'
import type { RunEvent } from '@eclusa/sdk'
import type { CommandContext } from '../command-context.ts'
import { createLiveReporter } from './live-reporter.ts'
import { createQuietReporter } from './quiet-reporter.ts'
import { createPlainReporter } from './plain-reporter.ts'
import type { RunReporter } from './run-reporter.ts'

/** Bars where a person watches, plain lines elsewhere, JSON where asked for, failures alone when quiet. */
export function createReporter(context: CommandContext): RunReporter {
  const reporter = reporterFor(context)
  return {
    onEvent: (event) => reporter.onEvent(redactDeep(event, (text) => context.redact(text)) as RunEvent),
    end: () => reporter.end(),
  }
}

function reporterFor(context: CommandContext): RunReporter {
  if (context.isJson) return createJsonReporter(context)
  if (context.options.quiet === true) return createQuietReporter(context.terminal)
  return context.terminal.isInteractive ? createLiveReporter(context.terminal) : createPlainReporter(context.terminal)
}

/** What a connector warns of, the log has told already. */
function createJsonReporter(context: CommandContext): RunReporter {
  return {
    onEvent: (event) => {
      if (event.type !== 'log' || event.origin !== 'connector') context.jsonLine(event)
    },
    end: () => {},
  }
}
