/** The result of a command: JSON for programs or text for people, on stdout; everything else goes to stderr. */
export function printResult(result: unknown, text: string, json: boolean | undefined): void {
  process.stdout.write(json ? `${JSON.stringify(result)}\n` : `${text}\n`);
}
