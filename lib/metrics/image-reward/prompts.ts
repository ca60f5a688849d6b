/** What is asked of the images of a dataset: `prompts[label]`. */
export interface Prompts {
  readonly prompts: readonly string[]; // one a class, in label order
  /** Whose words they are, for the notes of a result. */
  readonly wording: string;
}

/** The words for datasets of some kind, by class name: the order of the labels is the dataset's own affair. */
interface PromptSet {
  /** Names of datasets, where class names alone could belong to any: digits. */
  readonly datasets?: readonly string[];
  readonly wording: string;
  readonly byClass: Readonly<Record<string, string>>;
}

const asReference = 'prompts of DPImageBench';

/**
 * The prompts of a dataset in the order of its labels: DPImageBench's own (its `get_prompt`), each with the class that it
 * describes, else `An image of <class>`. Its list gives the prompts of EuroSAT in another order than the labels, those of CIFAR-100 by
 * superclass, and calls clothes handwritten: here every prompt is one of its own class. A set is chosen by the names of the
 * classes, however they are written (`AnnualCrop`, `annual crop`), so that a subset or another resolution finds it too.
 *
 * @example promptsOf({ name: 'mnist', classes: ['0', '1', …] }).prompts[3]   // an image of hand-written 3
 */
export function promptsOf({ name, classes }: { readonly name: string; readonly classes: readonly string[] }): Prompts {
  for (const { datasets, wording, byClass } of promptSets) {
    if (datasets && !datasets.includes(name)) continue;
    const words = new Map(Object.entries(byClass).map(([className, prompt]) => [plain(className), prompt]));
    const prompts = classes.map((className) => words.get(plain(className)));
    if (prompts.every((prompt) => prompt !== undefined)) return { prompts, wording };
  }
  return {
    prompts: classes.map((className) => `An image of ${className.replaceAll('_', ' ')}`),
    wording: 'prompts "An image of <class>"',
  };
}

const plain = (className: string): string => className.toLowerCase().replaceAll(/[^a-z0-9]/g, '');

const digits: PromptSet = {
  datasets: ['mnist', 'mnist-10k'],
  wording: asReference,
  byClass: {
    '0': 'A grayscale image of a handwritten digit 0',
    '1': 'A grayscale image of a handwritten digit 1',
    ...Object.fromEntries([2, 3, 4, 5, 6, 7, 8, 9].map((digit) => [digit, `an image of hand-written ${digit}`])),
  },
};

const clothes: PromptSet = {
  wording: `${asReference} in the words of its first one (the others call the clothes handwritten)`,
  byClass: {
    'T-shirt': 'A grayscale image of a T-shirt',
    'T-shirt/top': 'A grayscale image of a T-shirt',
    Trouser: 'A grayscale image of trousers',
    Pullover: 'A grayscale image of a pullover',
    Dress: 'A grayscale image of a dress',
    Coat: 'A grayscale image of a coat',
    Sandal: 'A grayscale image of a sandal',
    Shirt: 'A grayscale image of a shirt',
    Sneaker: 'A grayscale image of a sneaker',
    Bag: 'A grayscale image of a bag',
    'Ankle boot': 'A grayscale image of an ankle boot',
  },
};

const cifar10: PromptSet = {
  wording: asReference,
  byClass: Object.fromEntries(
    'airplane automobile bird cat deer dog frog horse ship truck'
      .split(' ')
      .map((name) => [name, `An image of ${/^a/.test(name) ? 'an' : 'a'} ${name}`]),
  ),
};

/** The 100 fine classes in the order of their labels. */
const fineClasses =
  `apple aquarium_fish baby bear beaver bed bee beetle bicycle bottle bowl boy bridge bus butterfly camel can castle
  caterpillar cattle chair chimpanzee clock cloud cockroach couch crab crocodile cup dinosaur dolphin elephant flatfish forest fox
  girl hamster house kangaroo keyboard lamp lawn_mower leopard lion lizard lobster man maple_tree motorcycle mountain mouse
  mushroom oak_tree orange orchid otter palm_tree pear pickup_truck pine_tree plain plate poppy porcupine possum rabbit raccoon
  ray road rocket rose sea seal shark shrew skunk skyscraper snail snake spider squirrel streetcar sunflower sweet_pepper table
  tank telephone television tiger tractor train trout tulip turtle wardrobe whale willow_tree wolf woman worm`.split(
    /\s+/,
  );

/** Classes that DPImageBench, as the list on the page of CIFAR-100, calls otherwise than the files do. */
const fineWords: Readonly<Record<string, string>> = {
  apple: 'apples',
  bottle: 'bottles',
  bowl: 'bowls',
  can: 'cans',
  cup: 'cups',
  keyboard: 'computer keyboard',
  lawn_mower: 'lawn-mower',
  maple_tree: 'maple',
  mushroom: 'mushrooms',
  oak_tree: 'oak',
  orange: 'oranges',
  orchid: 'orchids',
  palm_tree: 'palm',
  pear: 'pears',
  pine_tree: 'pine',
  plate: 'plates',
  poppy: 'poppies',
  rose: 'roses',
  sunflower: 'sunflowers',
  sweet_pepper: 'sweet peppers',
  tulip: 'tulips',
  willow_tree: 'willow',
};

const cifar100: PromptSet = {
  wording: `${asReference}, each with its own class (its list is in the order of superclasses, the labels are not)`,
  byClass: Object.fromEntries(
    fineClasses.map((name) => [name, `An image of ${fineWords[name] ?? name.replaceAll('_', ' ')}`]),
  ),
};

const landCover: PromptSet = {
  wording: `${asReference}, each with its own class (its list is in another order than the labels)`,
  byClass: {
    AnnualCrop: 'A remote sensing image of an annual crop area',
    Forest: 'A remote sensing image of a forest area',
    HerbaceousVegetation: 'A remote sensing image of a herbaceous veg. area',
    Highway: 'A remote sensing image of a highway area',
    Industrial: 'A remote sensing image of an industrial area',
    Pasture: 'A remote sensing image of a pasture area',
    PermanentCrop: 'A remote sensing image of a permanent crop area',
    Residential: 'A remote sensing image of a residential area',
    River: 'A remote sensing image of a river area',
    SeaLake: 'A remote sensing image of a sea or lake area',
  },
};

const faces: PromptSet = {
  wording: asReference,
  byClass: {
    female: 'An image of a female face',
    'not male': 'An image of a female face',
    male: 'An image of a male face',
  },
};

const lymphNodes: PromptSet = {
  wording: `${asReference} (that of the tumours does not name the tumour)`,
  byClass: {
    normal: 'A normal lymph node image',
    tumour: 'A lymph node histopathology image',
    tumor: 'A lymph node histopathology image',
  },
};

const promptSets: readonly PromptSet[] = [digits, clothes, cifar10, cifar100, landCover, faces, lymphNodes];
