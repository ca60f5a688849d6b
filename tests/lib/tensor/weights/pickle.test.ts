import { readFile } from 'node:fs/promises';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { DataError, type Problem } from '../../../../lib/core/errors.js';
import { readPickle } from '../../../../lib/tensor/weights/pickle.js';
import { StridedTensor } from '../../../../lib/tensor/weights/torch-values.js';
import { bytes, storage, tensor, text } from './torch-files.js';

const problem = (wrong: string, more: Partial<Problem> = {}) => new DataError({ asked: 'test', wrong, ...more });
const read = (pickle: string) => readPickle(problem, bytes(pickle)).value;

/** The message of the refusal. */
function refusal(pickle: string): string {
  try {
    read(pickle);
  } catch (error) {
    expect(error).toBeInstanceOf(DataError);
    return (error as DataError).message;
  }
  return 'not refused';
}

describe('readPickle', () => {
  it('reads plain values as Python has them', () => {
    // pickle.dumps([None, True, -5, 2**70, 0.25, 'naïve', b'ab', (1, 2, 3, 4), {'a': []}], protocol)
    const file = [null, true, -5, 2n ** 70n, 0.25, 'naïve', Buffer.from('ab'), [1, 2, 3, 4], new Map([['a', []]])];
    const protocol3 =
      '\x80\x03]q\x00(N\x88J\xfb\xff\xff\xff\x8a\t\x00\x00\x00\x00\x00\x00\x00\x00@G?\xd0\x00\x00\x00\x00\x00\x00X\x06\x00\x00\x00na\xc3\xafveq\x01C\x02abq\x02(K\x01K\x02K\x03K\x04tq\x03}q\x04X\x01\x00\x00\x00aq\x05]q\x06se.';
    const protocol5 =
      '\x80\x05\x95B\x00\x00\x00\x00\x00\x00\x00]\x94(N\x88J\xfb\xff\xff\xff\x8a\t\x00\x00\x00\x00\x00\x00\x00\x00@G?\xd0\x00\x00\x00\x00\x00\x00\x8c\x06na\xc3\xafve\x94C\x02ab\x94(K\x01K\x02K\x03K\x04t\x94}\x94\x8c\x01a\x94]\x94se.';
    expect(read(protocol3)).toEqual(file);
    expect(read(protocol5)).toEqual(file);
    expect(read('\x80\x02\x8a\x00.')).toBe(0);
    expect(read('\x80\x02\x8a\x01\xff.')).toBe(-1);
    expect(read('\x80\x02\x8b\x02\0\0\0\x00\x01.')).toBe(256);
    expect(read('(I00\nI01\nI-7\nL12L\nt.')).toEqual([false, true, -7, 12]);
  });

  it('recalls values, and lets others go', () => {
    expect(read(']q\x05K\x010h\x05a.')).toHaveLength(1);
    expect(read('](K\x01K\x021K\x03a.')).toEqual([3]);
  });

  it('makes a dict of the pairs that Python 2 wrote', () => {
    const pairs = ']]U\x01aaK\x01aa';
    expect(read(`ccollections\nOrderedDict\n${pairs}\x85R.`)).toEqual(new Map([['a', 1]]));
    // The same list twice.
    const twice = `${pairs}q\x000ccollections\nOrderedDict\nh\0\x85R0ccollections\nOrderedDict\nh\0\x85R.`;
    expect(refusal(twice)).toBe('test: the pickle calls collections.OrderedDict wrongly.');
  });

  it('refuses by name whatever could run, however it is asked for', async () => {
    const golden = JSON.parse(await readFile('tests/golden/torch-weights.json', 'utf8')) as {
      refused: Record<string, string>;
    };
    expect(Object.keys(golden.refused)).toHaveLength(8);
    const wrong = 'test: the pickle asks for something other than tensors, and nothing of it was executed; got ';
    for (const [name, file] of Object.entries(golden.refused)) {
      // The fourth pickle of the file is the object.
      const all = Buffer.from(file, 'base64');
      let end = 0;
      for (let i = 0; i < 3; i++) ({ end } = readPickle(problem, all, end));
      expect(() => readPickle(problem, all, end)).toThrow(
        `${wrong}'${name}', expected a state dict's own names alone.`,
      );
    }
    const os = `${text('os')}${text('system')}`;
    const asked = {
      [`cos\nsystem\n(${text('ls')}tR.`]: 'os.system',
      [`${os}\x93${text('ls')}\x85R.`]: 'os.system',
      [`(${text('ls')}ios\nsystem\n.`]: 'os.system',
      'c\ntorch.FloatStorage\n.': '.torch.FloatStorage',
      'c__builtin__\ngetattr\n.': '__builtin__.getattr',
      'ctorch\n__proto__\n.': 'torch.__proto__',
      'c\x1b[2J\nx\n.': '?[2J.x',
      'ctorch\nFloatStorage\n)R.': 'a call of torch.FloatStorage',
      'ccollections\nOrderedDict\n)\x81.': 'NEWOBJ of collections.OrderedDict',
      'ccollections\nOrderedDict\n)}\x92.': 'NEWOBJ_EX of collections.OrderedDict',
      '(ccollections\nOrderedDict\no.': 'OBJ of collections.OrderedDict',
      'N)\x81.': 'NEWOBJ of a plain value',
      '\x82\x07.': 'copyreg extension 7',
      '\x83\x07\x01.': 'copyreg extension 263',
      '\x84\0\0\0\x01.': 'copyreg extension 16777216',
      'ccollections\nOrderedDict\n}b.': 'attributes of collections.OrderedDict',
      [`${tensor(storage('0', 1))}}b.`]: 'attributes of a tensor',
      '}Nb.': 'attributes of a plain value',
    };
    for (const [pickle, name] of Object.entries(asked))
      expect(refusal(pickle)).toContain(`${wrong}'${name}', expected`);
    expect(refusal('cos\nsystem\n.')).toMatch(
      / save `model\.state_dict\(\)` alone with PyTorch's torch\.save and read that\.$/,
    );
  });

  it('refuses tensors that reach beyond their storage or contradict themselves', () => {
    const of = storage('0', 6);
    const whole = read(`${tensor(of, 'K\0', 'K\x02K\x03\x86', 'K\x03K\x01\x86')}.`);
    expect(whole).toBeInstanceOf(StridedTensor);
    const wrong = 'test: the pickle calls torch._utils._rebuild_tensor_v2 wrongly.';
    for (const [offset, shape, strides] of [
      ['K\x01', 'K\x02K\x03\x86', 'K\x03K\x01\x86'],
      ['K\0', 'K\x02K\x03\x86', 'K\x04K\x01\x86'],
      ['K\0', 'K\x02K\x03\x86', 'K\x03\x85'],
      ['I-1\n', 'K\x01\x85', 'K\x01\x85'],
      ['K\0', 'I-1\n\x85', 'K\x01\x85'],
      ['K\0', 'K\x02\x85', 'I-1\n\x85'],
      ['K\0', 'L9007199254740993L\n\x85', 'K\0\x85'],
      ['K\0', `(${'K\x01'.repeat(65)}t`, `(${'K\x01'.repeat(65)}t`],
      ['N', ')', ')'],
    ] as const)
      expect(refusal(`${tensor(of, offset, shape, strides)}.`)).toBe(wrong);
    expect(refusal(`${tensor('N')}.`)).toBe(wrong);
    expect(refusal('ctorch._utils\n_rebuild_parameter\n(N\x89)tR.')).toBe(
      'test: the pickle calls torch._utils._rebuild_parameter wrongly.',
    );
    expect(refusal('ctorch\nSize\nN\x85R.')).toBe('test: the pickle calls torch.Size wrongly.');
    const unnamed = 'test: the pickle names a storage wrongly, or as PyTorch did before 0.4.';
    for (const id of ['N', ')', `(${text('module')}t`, `(${text('storage')}NNNNt`])
      expect(refusal(`${id}Q.`)).toBe(unnamed);
    expect(refusal(`${storage('0', 6)}${storage('0', 7)}.`)).toBe("test: the pickle names storage '0' in two ways.");
  });

  it('refuses damaged pickles', () => {
    const damaged = (pickle: string) =>
      /^test: the pickle is damaged: before byte (.*)\. Copy or make it again\.$/.exec(refusal(pickle))?.[1];
    expect(damaged('.')).toBe('1 it takes a value that is not there');
    expect(damaged('N(0.')).toBe('3 it takes a value that is not there');
    expect(damaged('Nt.')).toBe('2 it takes a mark that is not there');
    expect(damaged('h\x03.')).toBe('2 it recalls a value that it did not remember; got 3');
    expect(damaged('NNa.')).toBe('3 it appends to what is no list');
    expect(damaged('}(Nu.')).toBe('4 it sets items of what is no dict');
    expect(damaged('NNR.')).toBe('3 it calls what is no function');
    expect(damaged('NN\x93.')).toBe('3 it has a name that is no text');
    expect(damaged('X\x01\0\0\0\xff.')).toBe('6 it has text that is not UTF-8');
    expect(damaged('Ix\n.')).toBe('3 it has a whole number that is none');
    expect(damaged(`L${'9'.repeat(256)}L\n.`)).toBe('259 it has a whole number that is none');
    expect(damaged('\x8b\0\0\x10\0.')).toBe('5 it has a whole number that is too long; got 1048576');
    // PERSID, of protocol 0: torch.load cannot read it either.
    expect(damaged('Pkey\n.')).toBe('1 it has an opcode that torch.save does not use; got 80');
    for (const pickle of [
      '',
      'X\xff\xff\xff\x7fa',
      '\x8d\xff\xff\xff\xff\xff\xff\xff\x7fa',
      'cos',
      'B\xff\xff\xff\xff',
      '('.repeat(9),
    ])
      expect(refusal(pickle)).toMatch(
        /^test: the file ends inside its pickle, as if it had been cut off; got \d+, expected/,
      );
  });

  it('neither hangs nor fills the memory for values that hold each other', () => {
    // Lists of the list before, twice: 2^1000 when walked. A list in itself. A million marks.
    const laughs = `]q\0${'](h\0h\0eq\0'.repeat(1000)}.`;
    expect(read(laughs)).toHaveLength(2);
    expect(read(']q\0h\0a.')).toHaveLength(1);
    expect(refusal('('.repeat(1_000_000) + '.')).toContain('takes a value that is not there');
    expect(refusal(']'.repeat(1_000_000) + '\x85'.repeat(1_000_000) + 'R.')).toContain('calls what is no function');
  });

  it('answers any bytes with a value or a DataError', () => {
    const opcodes = [...'NIJKMGUTXCB(]ae)t}su01qhcRbQio.\n\x80\x85\x86\x87\x88\x89\x8a\x8c\x93\x94\x95'];
    const names = [
      'ctorch\nFloatStorage\n',
      'ccollections\nOrderedDict\n',
      'ctorch._utils\n_rebuild_tensor_v2\n',
      text('storage'),
    ];
    const piece = fc.oneof(
      fc.constantFrom(...opcodes, ...names),
      fc.integer({ min: 0, max: 255 }).map((n) => String.fromCharCode(n)),
    );
    let values = 0;
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 40 }), (pieces) => {
        if (refusal(`${pieces.join('')}.`) === 'not refused') values++;
      }),
      { numRuns: 5000 },
    );
    expect(values).toBeGreaterThan(0);
  });
});
