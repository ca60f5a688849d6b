import { existsSync, readFileSync } from 'node:fs';
import { rename, writeFile, mkdir } from 'node:fs/promises';
import { dirname, join, resolve } from 'node:path';
import type { TensorflowSource } from './find.js';
import { recipe } from './recipe.js';

/** What `dpbench setup` made ready, as it is written in the cache: loading reads this and looks for nothing. */
export interface EngineRecord {
  readonly tensorflow: string;
  readonly version: string;
  readonly source: TensorflowSource;
  /** What DPBENCH_TENSORFLOW said at set-up; empty when it was not set. */
  readonly asked: string;
  /** Set up with a build that can use CUDA. */
  readonly cuda: boolean;
  readonly binding: string;
  /** What the binding was built from: `recipe()` at set-up. */
  readonly recipe: string;
}

function recordPath(cache: string): string {
  return join(cache, 'engine', 'current.json');
}

/**
 * The engine that is set up, if all its files are there, this dpbench would build the same, and DPBENCH_TENSORFLOW does
 * not ask for another.
 */
export function readRecord(cache: string): EngineRecord | undefined {
  let record: EngineRecord;
  try {
    record = JSON.parse(readFileSync(recordPath(cache), 'utf8')) as EngineRecord;
  } catch {
    return undefined;
  }
  const asked = process.env['DPBENCH_TENSORFLOW'];
  if (asked && record.asked !== asked && record.tensorflow !== resolve(asked)) return undefined;
  if (record.recipe !== recipe()) return undefined;
  return existsSync(record.binding) && existsSync(record.tensorflow) ? record : undefined;
}

export async function writeRecord(cache: string, record: EngineRecord): Promise<void> {
  const path = recordPath(cache);
  await mkdir(dirname(path), { recursive: true });
  const temporary = `${path}.${process.pid}`;
  await writeFile(temporary, JSON.stringify(record, null, 2));
  await rename(temporary, path);
}
