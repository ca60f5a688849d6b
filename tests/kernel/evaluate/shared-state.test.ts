import { expect, it } from 'vitest';
import { giveInput, makeSharedState, takeInput } from '../../../kernel/evaluate/shared-state.js';

it('hands over lines, empty ones, and the end of the input', () => {
  const state = makeSharedState();
  for (const value of ['ä😀', '', null]) expect(takeInput(state, () => giveInput(state, value))).toBe(value);
});

it('leaves out an answer that came before the question', () => {
  const state = makeSharedState();
  giveInput(state, 'late answer to an interrupted question');
  expect(takeInput(state, () => giveInput(state, 'now'))).toBe('now');
});
