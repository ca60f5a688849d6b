import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';

/** `dpbench kernel …` and `dpbench notebook run`: programs of the kernel, which lib does not import, as processes. */
export function addKernelCommands(program: Command): void {
  const place = '[--user | --prefix DIR | --sys-prefix]';
  delegate(program, 'kernel', `the Jupyter kernel: kernel install | uninstall | list ${place}`, 'install');
  delegate(program, 'notebook', 'execute a notebook: notebook run FILE [--out FILE] [--html FILE]', 'notebook', 'run');
}

/** Hands all arguments to `kernel/<file>.js`; a first word that only names the deed is left out. */
function delegate(program: Command, name: string, description: string, file: string, word?: string): void {
  program
    .command(name)
    .description(description)
    .allowUnknownOption()
    .helpOption(false)
    .argument('[arguments...]')
    .action(async (given: string[]) => {
      const script = fileURLToPath(new URL(`../../kernel/${file}.js`, import.meta.url));
      const rest = word && given[0] === word ? given.slice(1) : given;
      process.exitCode = await runScript(script, rest);
    });
}

/** Resolves to the exit code. The script decides what a signal does: it may have work to save. */
function runScript(script: string, args: readonly string[]): Promise<number> {
  const child = spawn(process.execPath, [script, ...args], { stdio: 'inherit' });
  // A terminal sends Ctrl-C to both; what was sent to this process alone is handed on.
  process.on('SIGINT', () => undefined);
  process.on('SIGTERM', () => child.kill('SIGTERM'));
  return new Promise((resolve) => {
    child.on('error', () => resolve(1));
    child.on('exit', (code) => resolve(code ?? 1));
  });
}
