import type { Command } from 'commander';

/** `dpbench setup` and `dpbench doctor`. */
export function addEngineCommands(program: Command): void {
  program
    .command('setup')
    .description('find or fetch TensorFlow and build its binding; does nothing when both are there')
    .option('--gpu', 'the build for NVIDIA GPUs')
    .option('--tensorflow <folder>', 'a TensorFlow that is on this machine')
    .action(async (options: { gpu?: boolean; tensorflow?: string }) => {
      const { setupEngine } = await import('../tensor/index.js');
      const onLine = (line: string) => process.stderr.write(`dpbench: ${line}\n`);
      await setupEngine({ ...options, onLine });
    });
  program
    .command('doctor')
    .description('what works here, and the command that mends the first thing that does not')
    .option('--json', 'print JSON')
    .action(async ({ json }: { json?: boolean }) => {
      const { inspectEngine } = await import('../tensor/index.js');
      const lines = await inspectEngine();
      if (json) process.stdout.write(`${JSON.stringify(lines)}\n`);
      else
        for (const { name, ok, value } of lines)
          process.stdout.write(`${ok ? 'ok  ' : 'FAIL'} ${name.padEnd(22)} ${value}\n`);
      const broken = lines.find(({ ok }) => !ok);
      if (!broken) return;
      process.stderr.write(`dpbench: ${broken.name} fails. ${broken.mend ?? ''}\n`);
      process.exitCode = 1;
    });
}
