import { PickleReader } from './pickle-reader.js';
import { call, refused, storageOf, StridedTensor, target, Target, type Storage, type Value } from './torch-values.js';
import type { Source } from './weight-file.js';

/**
 * Reads one pickle of torch.save (protocols 1 to 5) as data. A pickle is a program for a machine with a stack and a memo
 * (https://docs.python.org/3.11/library/pickletools.html has the list of opcodes); here the machine can make plain values,
 * storages and tensors. Nothing is looked up or called. Every step takes a byte of the file and makes at most one value, and
 * values are never walked in depth, so time and memory stay in proportion to the file.
 *
 * @returns the value, where the pickle ends, and the storages that it names, by key.
 * @throws DataError naming the class or function when it asks for any other; also when it is damaged or ends early.
 */
export function readPickle(
  problem: Source['problem'],
  bytes: Buffer,
  start = 0,
): { value: Value; end: number; storages: ReadonlyMap<string, Storage> } {
  const machine = new Machine(problem, bytes, start);
  const value = machine.run();
  return { value, end: machine.reader.at, storages: machine.storages };
}

class Machine {
  readonly reader: PickleReader;
  readonly storages = new Map<string, Storage>();
  readonly memo = new Map<number, Value>();
  readonly stack: Value[] = [];
  /** Heights of the stack at the marks. */
  readonly marks: number[] = [];

  constructor(
    readonly problem: Source['problem'],
    bytes: Buffer,
    start: number,
  ) {
    this.reader = new PickleReader(problem, bytes, start);
  }

  run(): Value {
    for (;;) {
      const code = this.reader.uint(1);
      if (code === stop) return this.pop();
      const step = steps[code];
      if (!step) throw this.reader.damaged('has an opcode that torch.save does not use', code);
      const made = step(this);
      if (made !== undefined) this.stack.push(made);
    }
  }

  pop(): Value {
    if (this.stack.length <= (this.marks.at(-1) ?? 0)) throw this.reader.damaged('takes a value that is not there');
    return this.stack.pop()!;
  }

  popList(count: number): Value[] {
    const values: Value[] = [];
    for (let i = 0; i < count; i++) values.unshift(this.pop());
    return values;
  }

  /** All values above the last mark. */
  popMarked(): Value[] {
    const height = this.marks.pop();
    if (height === undefined) throw this.reader.damaged('takes a mark that is not there');
    return this.stack.splice(height);
  }

  /** The value on top of the stack, which stays. */
  top(): Value {
    const value = this.pop();
    this.stack.push(value);
    return value;
  }

  remember(key: number): undefined {
    this.memo.set(key, this.top());
  }

  recall(key: number): Value {
    const value = this.memo.get(key);
    if (value === undefined) throw this.reader.damaged('recalls a value that it did not remember', key);
    return value;
  }

  append(values: readonly Value[]): undefined {
    const list = this.top();
    if (!Array.isArray(list)) throw this.reader.damaged('appends to what is no list');
    for (const value of values) list.push(value);
  }

  setItems(values: readonly Value[]): undefined {
    const dict = this.top();
    if (!(dict instanceof Map) || values.length % 2 !== 0) throw this.reader.damaged('sets items of what is no dict');
    for (let i = 0; i < values.length; i += 2) dict.set(values[i]!, values[i + 1]!);
  }

  callTop(): Value {
    const [callee, values] = this.popList(2);
    if (!(callee instanceof Target) || !Array.isArray(values)) throw this.reader.damaged('calls what is no function');
    return call(this.problem, callee, values);
  }

  /** An OrderedDict may carry attributes, such as the `_metadata` of a state dict: they are let go. */
  build(): undefined {
    const state = this.pop();
    const owner = this.top();
    if (owner instanceof Map && state instanceof Map) return;
    const name = owner instanceof Target ? owner.name : owner instanceof StridedTensor ? 'a tensor' : 'a plain value';
    throw refused(this.problem, `attributes of ${name}`);
  }

  makeByClass(opcode: string, callee: Value | undefined): never {
    throw refused(this.problem, `${opcode} of ${callee instanceof Target ? callee.name : 'a plain value'}`);
  }

  nameOnStack(): string {
    const [module, name] = this.popList(2);
    if (typeof module !== 'string' || typeof name !== 'string') throw this.reader.damaged('has a name that is no text');
    return `${module}.${name}`;
  }

  persistent(): Storage {
    const storage = storageOf(this.problem, this.pop());
    const known = this.storages.get(storage.key) ?? storage;
    if (known.dtype !== storage.dtype || known.count !== storage.count)
      throw this.problem(`the pickle names storage '${storage.key.slice(0, 40)}' in two ways`);
    this.storages.set(storage.key, known);
    return known;
  }
}

const stop = '.'.charCodeAt(0);

type Step = (machine: Machine) => Value | undefined;

/** By the byte of the opcode; a step gives the value to push, if any. */
const steps: readonly (Step | undefined)[] = table({
  '\x80': ({ reader }) => void reader.uint(1), // PROTO
  '\x95': ({ reader }) => void reader.bytes(8), // FRAME: its length is no news
  // Plain values
  N: () => null,
  '\x88': () => true,
  '\x89': () => false,
  I: ({ reader }) => reader.decimal(),
  L: ({ reader }) => reader.decimal(),
  J: ({ reader }) => reader.int32(),
  K: ({ reader }) => reader.uint(1),
  M: ({ reader }) => reader.uint(2),
  '\x8a': ({ reader }) => reader.long(reader.uint(1)),
  '\x8b': ({ reader }) => reader.long(reader.uint(4)),
  G: ({ reader }) => reader.float64(),
  U: ({ reader }) => reader.text(reader.uint(1)),
  T: ({ reader }) => reader.text(reader.uint(4)),
  X: ({ reader }) => reader.text(reader.uint(4)),
  '\x8c': ({ reader }) => reader.text(reader.uint(1)),
  '\x8d': ({ reader }) => reader.text(reader.uint64()),
  C: ({ reader }) => reader.bytes(reader.uint(1)),
  B: ({ reader }) => reader.bytes(reader.uint(4)),
  '\x8e': ({ reader }) => reader.bytes(reader.uint64()),
  '\x96': ({ reader }) => reader.bytes(reader.uint64()),
  // Lists, tuples and dicts
  '(': (machine) => void machine.marks.push(machine.stack.length),
  ']': () => [],
  a: (machine) => machine.append([machine.pop()]),
  e: (machine) => machine.append(machine.popMarked()),
  ')': () => [],
  '\x85': (machine) => machine.popList(1),
  '\x86': (machine) => machine.popList(2),
  '\x87': (machine) => machine.popList(3),
  t: (machine) => machine.popMarked(),
  '}': () => new Map(),
  s: (machine) => machine.setItems(machine.popList(2)),
  u: (machine) => machine.setItems(machine.popMarked()),
  '0': (machine) => void machine.pop(),
  '1': (machine) => void machine.popMarked(),
  // The memo
  q: (machine) => machine.remember(machine.reader.uint(1)),
  r: (machine) => machine.remember(machine.reader.uint(4)),
  '\x94': (machine) => machine.remember(machine.memo.size),
  h: (machine) => machine.recall(machine.reader.uint(1)),
  j: (machine) => machine.recall(machine.reader.uint(4)),
  // Names, and what is made by them
  c: ({ problem, reader }) => target(problem, `${reader.line()}.${reader.line()}`),
  '\x93': (machine) => target(machine.problem, machine.nameOnStack()),
  R: (machine) => machine.callTop(),
  b: (machine) => machine.build(),
  Q: (machine) => machine.persistent(),
  i: ({ problem, reader }) => {
    throw refused(problem, `${reader.line()}.${reader.line()}`);
  },
  o: (machine) => machine.makeByClass('OBJ', machine.popMarked()[0]),
  '\x81': (machine) => machine.makeByClass('NEWOBJ', machine.popList(2)[0]),
  '\x92': (machine) => machine.makeByClass('NEWOBJ_EX', machine.popList(3)[0]),
  '\x82': (machine) => extension(machine, 1),
  '\x83': (machine) => extension(machine, 2),
  '\x84': (machine) => extension(machine, 4),
});

function extension({ problem, reader }: Machine, bytes: 1 | 2 | 4): never {
  throw refused(problem, `copyreg extension ${reader.uint(bytes)}`);
}

function table(byCharacter: Readonly<Record<string, Step>>): (Step | undefined)[] {
  const list = new Array<Step | undefined>(256);
  for (const [character, step] of Object.entries(byCharacter)) list[character.charCodeAt(0)] = step;
  return list;
}
