import { describe, expect, it } from 'vitest';
import { OptionError } from '../../../../lib/core/errors.js';
import { dense } from '../../../../lib/nn/layers/dense.js';
import { inRole, parameterNames } from '../../../../lib/nn/layers/role.js';

const size = { inputs: 2, outputs: 2 };
const layers = [
  inRole('stem', dense({ name: 'first', ...size })),
  inRole('attention', dense({ name: 'middle', ...size })),
  dense({ name: 'last', ...size }),
];

describe('names of parameters', () => {
  it.each([
    ['all', {}, ['first.kernel', 'first.bias', 'middle.kernel', 'middle.bias', 'last.kernel', 'last.bias']],
    ['by role', { roles: ['attention'] }, ['middle.kernel', 'middle.bias']],
    ['by roles', { roles: ['attention', 'stem'] }, ['first.kernel', 'first.bias', 'middle.kernel', 'middle.bias']],
    ['by name', { names: ['last.bias'] }, ['last.bias']],
    ['by pattern', { names: [/bias$/] }, ['first.bias', 'middle.bias', 'last.bias']],
    [
      'by role or name',
      { roles: ['stem'], names: [/^last/g] },
      ['first.kernel', 'first.bias', 'last.kernel', 'last.bias'],
    ],
    ['none', { roles: [] }, []],
  ])('%s', (_title, choice, expected) => {
    expect(parameterNames(layers, choice)).toEqual(expected);
  });

  it('refuse what takes nothing', () => {
    const wrong = () => parameterNames(layers, { roles: ['atention'] });
    expect(wrong).toThrow(OptionError);
    expect(wrong).toThrow(
      "parameterNames: no parameter has this role; got 'atention', expected stem, attention. Did you mean 'attention'?",
    );
    expect(() => parameterNames(layers, { names: [/scale/] })).toThrow(
      "parameterNames: no parameter has this name; got '/scale/', expected first.kernel,",
    );
  });
});
