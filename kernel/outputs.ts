import type { Message } from './wire/message.js';

/** An output as a notebook file stores it (nbformat 4). */
export type CellOutput =
  | { output_type: 'stream'; name: string; text: string }
  | { output_type: 'error'; ename: string; evalue: string; traceback: string[] }
  | { output_type: 'display_data'; data: Record<string, unknown>; metadata: Record<string, unknown> }
  | {
      output_type: 'execute_result';
      data: Record<string, unknown>;
      metadata: Record<string, unknown>;
      execution_count: number;
    };

/**
 * Collects the outputs of cells as a front-end shows them: joined streams, cleared outputs, and displays that later
 * messages replace, also in cells before.
 */
export class OutputCollector {
  #displays = new Map<string, Extract<CellOutput, { data: unknown }>[]>();
  #clearNext = new WeakSet<CellOutput[]>();

  /** Applies one IOPub message to the outputs of the cell that it belongs to. */
  apply(outputs: CellOutput[], { header, content }: Message): void {
    const type = header.msg_type;
    if (type === 'update_display_data') return this.#update(content);
    if (type === 'clear_output') {
      if (content.wait === true) this.#clearNext.add(outputs);
      else outputs.length = 0;
      return;
    }
    const output = toOutput(type, content);
    if (!output) return;
    if (this.#clearNext.delete(outputs)) outputs.length = 0;
    const last = outputs.at(-1);
    if (output.output_type === 'stream' && last?.output_type === 'stream' && last.name === output.name) {
      last.text += output.text;
      return;
    }
    outputs.push(output);
    const id = displayId(content);
    if (id !== undefined && 'data' in output) this.#displays.set(id, [...(this.#displays.get(id) ?? []), output]);
  }

  #update(content: Message['content']): void {
    for (const output of this.#displays.get(displayId(content) ?? '') ?? []) {
      output.data = content.data as Record<string, unknown>;
      output.metadata = content.metadata as Record<string, unknown>;
    }
  }
}

function toOutput(type: string, content: Message['content']): CellOutput | undefined {
  const fields = content as never as {
    name: string;
    text: string;
    data: Record<string, unknown>;
    metadata: Record<string, unknown>;
    execution_count: number;
    ename: string;
    evalue: string;
    traceback: string[];
  };
  const { data, metadata } = fields;
  switch (type) {
    case 'stream':
      return { output_type: 'stream', name: fields.name, text: fields.text };
    case 'error':
      return { output_type: 'error', ename: fields.ename, evalue: fields.evalue, traceback: fields.traceback };
    case 'display_data':
      return { output_type: 'display_data', data, metadata };
    case 'execute_result':
      return { output_type: 'execute_result', data, metadata, execution_count: fields.execution_count };
    default:
      return undefined;
  }
}

function displayId(content: Message['content']): string | undefined {
  return (content.transient as { display_id?: string } | undefined)?.display_id;
}
