import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, it } from 'vitest';
import { address, readConnection } from '../../../kernel/wire/connection.js';

const folder = mkdtempSync(join(tmpdir(), 'dpbench-connection-'));
afterAll(() => rmSync(folder, { recursive: true }));

const ports = { shell_port: 1, iopub_port: 2, stdin_port: 3, control_port: 4, hb_port: 5 };
const good = { transport: 'tcp', ip: '127.0.0.1', key: 'k', signature_scheme: 'hmac-sha256', ...ports };

function file(content: object): string {
  const path = join(folder, 'connection.json');
  writeFileSync(path, JSON.stringify(content));
  return path;
}

it('gives the addresses of the sockets', () => {
  const connection = readConnection(file(good));
  expect(address(connection, 'shell')).toBe('tcp://127.0.0.1:1');
  expect(address({ ...connection, transport: 'ipc', ip: '/run/k' }, 'hb')).toBe('ipc:///run/k-5');
});

it.each([
  ['hb_port is missing.', { ...good, hb_port: undefined }],
  [
    'this is a registration file (JEP 66); the kernel needs a connection file with five ports.',
    { registration_port: 9 },
  ],
  [
    'the key is empty and 0.0.0.0 can be reached from outside; anybody could run code.',
    { ...good, key: '', ip: '0.0.0.0' },
  ],
])('refuses: %s', (message, content) => {
  expect(() => readConnection(file(content))).toThrow(`${join(folder, 'connection.json')}: ${message}`);
});

it('takes an empty key on the loopback interface', () => {
  expect(readConnection(file({ ...good, key: '' })).key).toBe('');
});
