import { describe, expect, it } from 'vitest';
import { datasets } from '../../../../lib/data/datasets.js';
import { promptsOf } from '../../../../lib/metrics/image-reward/prompts.js';

const promptsFor = (name: string) => promptsOf({ name, classes: datasets.describe(name).classes }).prompts;

describe('promptsOf', () => {
  it('has one prompt for each class of every dataset, all different', () => {
    for (const name of datasets.names()) {
      const prompts = promptsFor(name);
      expect(prompts).toHaveLength(datasets.describe(name).classes.length);
      expect(new Set(prompts).size).toBe(prompts.length);
    }
  });

  it.each(['mnist', 'mnist-10k'])('%s: the words of DPImageBench, label by label', (name) => {
    expect(promptsFor(name)).toEqual([
      'A grayscale image of a handwritten digit 0',
      'A grayscale image of a handwritten digit 1',
      'an image of hand-written 2',
      'an image of hand-written 3',
      'an image of hand-written 4',
      'an image of hand-written 5',
      'an image of hand-written 6',
      'an image of hand-written 7',
      'an image of hand-written 8',
      'an image of hand-written 9',
    ]);
  });

  it('fashion-mnist: no clothes are handwritten', () => {
    expect(promptsFor('fashion-mnist')).toEqual([
      'A grayscale image of a T-shirt',
      'A grayscale image of trousers',
      'A grayscale image of a pullover',
      'A grayscale image of a dress',
      'A grayscale image of a coat',
      'A grayscale image of a sandal',
      'A grayscale image of a shirt',
      'A grayscale image of a sneaker',
      'A grayscale image of a bag',
      'A grayscale image of an ankle boot',
    ]);
  });

  it('CIFAR-10', () => {
    const classes = ['airplane', 'automobile', 'bird', 'cat', 'deer', 'dog', 'frog', 'horse', 'ship', 'truck'];
    expect(promptsOf({ name: 'cifar-10', classes }).prompts).toEqual([
      'An image of an airplane',
      'An image of an automobile',
      'An image of a bird',
      'An image of a cat',
      'An image of a deer',
      'An image of a dog',
      'An image of a frog',
      'An image of a horse',
      'An image of a ship',
      'An image of a truck',
    ]);
  });

  it('EuroSAT: in the order of the folders, which the reference has not', () => {
    const classes =
      'AnnualCrop Forest HerbaceousVegetation Highway Industrial Pasture PermanentCrop Residential River SeaLake'.split(
        ' ',
      );
    const areas = [
      'an annual crop area',
      'a forest area',
      'a herbaceous veg. area',
      'a highway area',
      'an industrial area',
      'a pasture area',
      'a permanent crop area',
      'a residential area',
      'a river area',
      'a sea or lake area',
    ].map((area) => `A remote sensing image of ${area}`);
    expect(promptsOf({ name: 'eurosat', classes }).prompts).toEqual(areas);
    const spaced = classes.map((name) => name.replaceAll(/(?<=[a-z])(?=[A-Z])/g, ' ').toLowerCase());
    expect(promptsOf({ name: 'eurosat', classes: spaced.reverse() }).prompts).toEqual([...areas].reverse());
  });

  it('CelebA and Camelyon: 0 is female and normal', () => {
    const faces = ['An image of a female face', 'An image of a male face'];
    expect(promptsOf({ name: 'celeba', classes: ['female', 'male'] }).prompts).toEqual(faces);
    expect(promptsOf({ name: 'celeba', classes: ['not Male', 'Male'] }).prompts).toEqual(faces);
    const nodes = ['A normal lymph node image', 'A lymph node histopathology image'];
    expect(promptsOf({ name: 'camelyon', classes: ['normal', 'tumour'] }).prompts).toEqual(nodes);
    expect(promptsOf({ name: 'camelyon', classes: ['normal', 'tumor'] }).prompts).toEqual(nodes);
  });

  it('other datasets are asked for by the names of their classes, digits of others too', () => {
    expect(promptsOf({ name: 'mine', classes: ['red_panda', 'owl', '0'] }).prompts).toEqual([
      'An image of red panda',
      'An image of owl',
      'An image of 0',
    ]);
    expect(promptsOf({ name: 'street-numbers', classes: ['0', '1'] }).prompts).toEqual([
      'An image of 0',
      'An image of 1',
    ]);
  });

  it('says whose words they are', () => {
    const wording = (classes: string[]) => promptsOf({ name: 'any', classes }).wording;
    expect(wording(['cat', 'dog'])).toBe('prompts of DPImageBench');
    expect(wording(['River'])).toContain('each with its own class');
    expect(wording(['owl'])).toBe('prompts "An image of <class>"');
  });
});

/** https://www.cs.toronto.edu/~kriz/cifar.html, the table of CIFAR-100: the classes of each superclass, in DPImageBench's order. */
const bySuperclass = `beaver, dolphin, otter, seal, whale; aquarium fish, flatfish, ray, shark, trout;
  orchids, poppies, roses, sunflowers, tulips; bottles, bowls, cans, cups, plates;
  apples, mushrooms, oranges, pears, sweet peppers; clock, computer keyboard, lamp, telephone, television;
  bed, chair, couch, table, wardrobe; bee, beetle, butterfly, caterpillar, cockroach; bear, leopard, lion, tiger, wolf;
  bridge, castle, house, road, skyscraper; cloud, forest, mountain, plain, sea; camel, cattle, chimpanzee, elephant, kangaroo;
  fox, porcupine, possum, raccoon, skunk; crab, lobster, snail, spider, worm; baby, boy, girl, man, woman;
  crocodile, dinosaur, lizard, snake, turtle; hamster, mouse, rabbit, shrew, squirrel; maple, oak, palm, pine, willow;
  bicycle, bus, motorcycle, pickup truck, train; lawn-mower, rocket, streetcar, tank, tractor`.split(/[,;]\s+/);

describe('CIFAR-100', () => {
  /** `fine_label_names` of the data set, by label. */
  const fine = new Map([
    [0, 'apple'],
    [1, 'aquarium_fish'],
    [9, 'bottle'],
    [19, 'cattle'],
    [39, 'keyboard'],
    [41, 'lawn_mower'],
    [47, 'maple_tree'],
    [58, 'pickup_truck'],
    [62, 'poppy'],
    [83, 'sweet_pepper'],
    [96, 'willow_tree'],
    [99, 'worm'],
  ]);

  it('names the class in the words of the reference', () => {
    const { prompts, wording } = promptsOf({ name: 'cifar-100', classes: [...fine.values()] });
    expect(wording).toContain('superclasses');
    expect(prompts).toEqual(
      [
        'apples',
        'aquarium fish',
        'bottles',
        'cattle',
        'computer keyboard',
        'lawn-mower',
        'maple',
        'pickup truck',
        'poppies',
        'sweet peppers',
        'willow',
        'worm',
      ].map((name) => `An image of ${name}`),
    );
  });

  it('has all prompts of the reference, in the order of the labels', () => {
    const trees = new Set(['maple', 'oak', 'palm', 'pine', 'willow']);
    const singular: Record<string, string> = { poppies: 'poppy', 'computer keyboard': 'keyboard' };
    // The names of the files: one of each kind, trees by their full name, alphabetical.
    const names = bySuperclass.map((name) => {
      if (trees.has(name)) return `${name}_tree`;
      const one = singular[name] ?? (/[^su]s$/.test(name) ? name.slice(0, -1) : name);
      return one.replaceAll(/[ -]/g, '_');
    });
    const classes = [...names].sort();
    for (const [label, name] of fine) expect(classes[label]).toBe(name);
    const { prompts, wording } = promptsOf({ name: 'cifar-100', classes });
    expect(wording).toContain('superclasses');
    expect(prompts).toEqual(classes.map((name) => `An image of ${bySuperclass[names.indexOf(name)]}`));
  });
});
