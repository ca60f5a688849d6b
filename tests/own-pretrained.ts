import { mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// Models that tests train are not the user's: each test process keeps them in a folder of its own.
process.env['DPBENCH_PRETRAINED'] = mkdtempSync(join(tmpdir(), 'dpbench-pretrained-'));
