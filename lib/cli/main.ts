#!/usr/bin/env node
import { Command, CommanderError } from 'commander';
import { OptionError } from '../core/errors.js';
import { addBudgetCommands } from './budget-commands.js';
import { addEngineCommands } from './engine-commands.js';
import { addEvaluateCommand } from './evaluate-command.js';
import { addKernelCommands } from './kernel-commands.js';
import { addListCommand } from './list-command.js';
import { addRunCommands } from './run-commands.js';

const commands = [
  addEngineCommands,
  addListCommand,
  addRunCommands,
  addEvaluateCommand,
  addBudgetCommands,
  addKernelCommands,
];

/** Exit codes: 0 done, 1 failed, 2 bad usage. */
async function main(): Promise<void> {
  const program = new Command('dpbench')
    .description('Differentially private image synthesis: methods, accountants, metrics, and a Jupyter kernel.')
    .exitOverride()
    .showSuggestionAfterError(true)
    .configureHelp({ showGlobalOptions: true });
  for (const add of commands) add(program);
  try {
    await program.parseAsync();
  } catch (error) {
    if (error instanceof CommanderError) process.exitCode = error.exitCode === 0 ? 0 : 2;
    else {
      process.stderr.write(`dpbench: ${error instanceof Error ? error.message : String(error)}\n`);
      if (process.env['DPBENCH_STACK'] && error instanceof Error) process.stderr.write(`${error.stack}\n`);
      process.exitCode = error instanceof OptionError ? 2 : 1;
    }
  }
}

await main();
