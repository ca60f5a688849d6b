import { spawn } from 'node:child_process';

export interface ProgramResult {
  /** The exit status; undefined when there is no such program, or a signal ended it. */
  readonly status: number | undefined;
  /** False when the program could not be started at all. */
  readonly started: boolean;
  readonly stdout: string;
  readonly stderr: string;
}

/** Runs a program to its end and gathers what it wrote; a program that does not exist is a result, not an error. */
export function runProgram(
  program: string,
  args: readonly string[],
  onLine?: (line: string) => void,
): Promise<ProgramResult> {
  return new Promise((resolve) => {
    const child = spawn(program, args, { stdio: ['ignore', 'pipe', 'pipe'] });
    let stdout = '';
    let stderr = '';
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      for (const line of text.split('\n')) if (line.trim() !== '') onLine?.(line.trimEnd());
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
    child.on('error', (error) => resolve({ status: undefined, started: false, stdout, stderr: error.message }));
    child.on('close', (code) => resolve({ status: code ?? undefined, started: true, stdout, stderr }));
  });
}

/** The last lines of what a program wrote, on one line: what an error message shows of it. */
export function lastLines(text: string, count = 3): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  return lines.slice(-count).join(' | ');
}
