import { checkKeys, checkOneOf } from '../../core/check.js';
import { OptionError } from '../../core/errors.js';
import { displaySymbol, type Displayable, type MimeBundle } from '../../core/mime.js';
import { scales } from '../../core/options.js';
import { progressGroup } from '../../core/progress.js';
import { datasets } from '../../data/datasets.js';
import { inShape } from '../../data/shape-of-images.js';
import { htmlTable, plainTable, type TextTable } from '../../display/html-table.js';
import { methods } from '../../methods/methods.js';
import { methodParameters } from '../../methods/settings.js';
import { checkPublicDataset, type RunOptions } from '../run-options.js';
import { PretrainedFolder, type PretrainedModel } from './pretrained-folder.js';

/** What `dp.pretrain` takes: as `dp.run`, but nothing that only private training needs. */
export type PretrainOptions = Pick<RunOptions, 'method' | 'dataset' | 'scale' | 'params' | 'root' | 'signal'> & {
  /** Name of the public dataset. */
  readonly publicDataset: NonNullable<RunOptions['publicDataset']>;
};

/**
 * Trains what a method trains on public images alone, and keeps it: every run that begins with the same finds it. No private
 * record is read; of the private dataset only the shape of its images and its classes are needed.
 *
 * @throws OptionError for unknown names and bad values, and for a method that trains nothing on public images alone.
 * @example
 * await dp.pretrain({ method: 'pdp-diffusion', dataset: 'mnist', publicDataset: 'kmnist' });
 * await dp.sweep({ methods: ['pdp-diffusion'], datasets: ['mnist'], publicDataset: 'kmnist', epsilons: [1, 10] });
 */
export async function pretrain(options: PretrainOptions): Promise<PretrainedModels> {
  const asked = 'dp.pretrain';
  checkKeys(asked, options, ['method', 'dataset', 'publicDataset', 'scale', 'params', 'root', 'signal']);
  const { scale = 'laptop', root, signal } = options;
  checkOneOf(asked, 'scale', scale, scales);
  for (const name of ['method', 'dataset'] as const)
    if (options[name] === undefined)
      throw new OptionError({ asked, wrong: `${name} is missing`, expected: 'method, dataset and publicDataset' });
  const method = methods.get(options.method);
  if (!method.pretrain)
    throw new OptionError({
      asked,
      wrong: 'the method trains nothing on public images alone that could be kept',
      got: method.id,
      expected: methods
        .all()
        .filter((each) => each.pretrain !== undefined)
        .map(({ id }) => id)
        .join(', '),
    });
  const params = methodParameters(method, { scale, dataset: options.dataset }, options.params) as never;
  const { shape, classes } = datasets.describe(options.dataset);
  if (options.publicDataset === undefined)
    throw new OptionError({ asked, wrong: 'publicDataset is missing', expected: datasets.publicNames().join(', ') });
  checkPublicDataset(method, options);
  const loaded = await datasets.loadPublic(options.publicDataset, { root });
  const publicDataset = { ...loaded, images: inShape(loaded.images, shape) };
  method.refuse?.({ facts: { shape, classes }, params, publicDataset });
  const pretrained = new PretrainedFolder(signal);
  const owned: { dispose(): void }[] = [];
  const own = <T extends { dispose(): void }>(disposable: T): T => (owned.push(disposable), disposable);
  const context = { facts: { shape, classes }, params, publicDataset, pretrained, own, ...(signal && { signal }) };
  try {
    await progressGroup(`${method.id}, on ${publicDataset.name}`, () => method.pretrain!(context));
  } finally {
    for (const disposable of owned.reverse()) disposable.dispose();
  }
  return new PretrainedModels(pretrained.models, pretrained.folder);
}

/** The models that a method begins with, as they are kept. It draws itself. */
export class PretrainedModels implements Displayable {
  constructor(
    readonly models: readonly PretrainedModel[],
    readonly folder: string,
  ) {}

  toString(): string {
    return `${plainTable(this.#table())}\nkept in ${this.folder}`;
  }

  [displaySymbol](): MimeBundle {
    return { 'text/plain': this.toString(), 'text/html': htmlTable(this.#table()) };
  }

  #table(): TextTable {
    const rows = this.models.map(({ of, dataset, images, values, seconds, trained, key }) => [
      ...[of, dataset, images.toLocaleString('en'), values.toLocaleString('en')],
      ...[`${seconds.toFixed(0)} s`, trained ? 'trained now' : 'was there', key],
    ]);
    const header = ['model', 'trained on', 'images', 'trained values', 'training took', 'here', 'key'];
    return { header, rows, numeric: [2, 3, 4] };
  }
}
