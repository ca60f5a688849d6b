import { spawnSync } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import type { Command } from 'commander';

/** `dpbench kernel …` and `dpbench notebook run`: programs of the kernel, which lib does not import, as processes. */
export function addKernelCommands(program: Command): void {
  delegate(
    program,
    'kernel',
    'install the Jupyter kernel: kernel install [--user | --prefix P | --sys-prefix]',
    'install',
  );
  delegate(program, 'notebook', 'execute a notebook: notebook run FILE [--out FILE]', 'notebook', 'run');
}

/** Hands all arguments to `kernel/<file>.js`; a first word that only names the deed is left out. */
function delegate(program: Command, name: string, description: string, file: string, word?: string): void {
  program
    .command(name)
    .description(description)
    .allowUnknownOption()
    .helpOption(false)
    .argument('[arguments...]')
    .action((given: string[]) => {
      const script = fileURLToPath(new URL(`../../kernel/${file}.js`, import.meta.url));
      const rest = word && given[0] === word ? given.slice(1) : given;
      const { status } = spawnSync(process.execPath, [script, ...rest], { stdio: 'inherit' });
      process.exitCode = status ?? 1;
    });
}
