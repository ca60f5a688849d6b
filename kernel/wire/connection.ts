import { readFileSync } from 'node:fs';

/** The connection file that the client writes before it starts the kernel. */
export interface Connection {
  readonly transport: 'tcp' | 'ipc';
  readonly ip: string;
  readonly shell_port: number;
  readonly iopub_port: number;
  readonly stdin_port: number;
  readonly control_port: number;
  readonly hb_port: number;
  readonly key: string;
  readonly signature_scheme: string;
  readonly curve_publickey?: string;
  readonly curve_secretkey?: string;
}

export type Channel = 'shell' | 'iopub' | 'stdin' | 'control' | 'hb';

export function readConnection(path: string): Connection {
  const value = JSON.parse(readFileSync(path, 'utf8')) as Connection & { registration_port?: number };
  if (value.registration_port !== undefined) {
    throw new Error(
      `${path}: this is a registration file (JEP 66); the kernel needs a connection file with five ports.`,
    );
  }
  for (const channel of ['shell', 'iopub', 'stdin', 'control', 'hb'] as const) {
    if (!Number.isInteger(value[`${channel}_port`])) throw new Error(`${path}: ${channel}_port is missing.`);
  }
  const isLocal = value.transport === 'ipc' || ['127.0.0.1', '::1', 'localhost'].includes(value.ip);
  if (!value.key && !isLocal) {
    throw new Error(`${path}: the key is empty and ${value.ip} can be reached from outside; anybody could run code.`);
  }
  return value;
}

export function address(connection: Connection, channel: Channel): string {
  const port = connection[`${channel}_port`];
  return connection.transport === 'ipc' ? `ipc://${connection.ip}-${port}` : `tcp://${connection.ip}:${port}`;
}
