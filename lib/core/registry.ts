import { OptionError } from './errors.js';
import { didYouMean } from './nearest.js';

/** Something that has a name of its own in lists, options and completions. */
export interface Named {
  readonly id: string;
}

/**
 * The members of one family (methods, metrics, datasets, accountants, charts), by name.
 *
 * @example
 * const shapes = new Registry('shape', [circle, square]);
 * shapes.get('circel');   // OptionError: shape: no such name; got 'circel', expected 'circle', 'square'. Did you mean …
 */
export class Registry<Member extends Named> {
  readonly #members = new Map<string, Member>();

  constructor(
    readonly family: string,
    members: readonly Member[] = [],
  ) {
    for (const member of members) this.define(member);
  }

  /** Adds a member; one of the same name is replaced only when `replace` says so. */
  define<M extends Member>(member: M, { replace = false } = {}): M {
    if (!/^[a-z0-9][a-z0-9-]*$/.test(member.id))
      throw new OptionError({ asked: this.family, wrong: 'not a name', got: member.id, expected: 'kebab-case' });
    if (!replace && this.#members.has(member.id))
      throw new OptionError({
        asked: this.family,
        wrong: 'the name is taken',
        got: member.id,
        next: 'Pass { replace: true } to replace it.',
      });
    this.#members.set(member.id, member);
    return member;
  }

  /** The member of that name; throws `OptionError` with the nearest names when there is none. */
  get(id: string): Member {
    const member = this.#members.get(id);
    if (member) return member;
    throw new OptionError({
      asked: this.family,
      wrong: 'no such name',
      got: id,
      expected: this.names().join(', '),
      next: didYouMean(id, this.names()),
    });
  }

  has(id: string): boolean {
    return this.#members.has(id);
  }

  names(): string[] {
    return [...this.#members.keys()];
  }

  all(): Member[] {
    return [...this.#members.values()];
  }
}
