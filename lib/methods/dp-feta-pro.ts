/**
 * DP-FETA-Pro. Gong, Li, Lin, Wang: From Easy to Hard++: Promoting Differentially Private Image Synthesis Through Spatial-Frequency
 * Curriculum. USENIX Security 2026, arXiv 2601.06368.
 *
 * DP-FETA with a stage between the easy and the hard one: after the central images ("time") the diffusion model learns from images
 * of a generator that was trained, as in DP-MERF, on a noisy mean embedding by random Fourier features ("freq"), and then by
 * DP-SGD. Each stage begins with the average of the one before, and with a new Adam and a new average. `schedule` changes
 * their order, leaves one out, or makes one stage of both; a stage that is left out is neither asked for nor paid for.
 *
 * What the reference implementation does differently: it asks and pays for central images that the schedule `freq` does not use, and
 * its schedule `mix` cannot run. The mass of a class in its embedding is the class's part of the records, while its generator
 * makes all classes alike; here the columns are divided by masses that are released with them, a 32nd more noise. It trains the
 * generator between the two stages of the diffusion model, here before both: neither sees the other. Images above 32 pixels it
 * reduces to 32 for the embedding; here they are embedded as they are. For central images see `dp-feta`, for DP-SGD `dpdm`.
 */
import { takeImages, type LabeledImages } from '../core/images.js';
import type { PublicDataset } from '../data/contract.js';
import { count, oneOf } from '../core/options.js';
import { centralImages, centralOutline } from './central-images/central-images.js';
import { centralImageParameters } from './central-images/parameters.js';
import { publishedCentralImages } from './central-images/published-settings.js';
import { spendsOnCentralImages } from './central-images/query.js';
import { together } from './central-images/together.js';
import { defineMethod } from './contract.js';
import { denoiserValues, DiffusionModel } from './diffusion/model.js';
import { diffusionParameters } from './diffusion/parameters.js';
import { publishedTrainings } from './diffusion/published-settings.js';
import { easyParameters, trainOnReleased, type EasyParameters } from './diffusion/train-on-released.js';
import { spendsOnTraining, trainPrivately } from './diffusion/train-privately.js';
import { frequencyGenerator, frequencyImages } from './frequency-images/frequency-images.js';
import { spendsOnFrequencies } from './frequency-images/frequency-query.js';
import { frequencyParameters } from './frequency-images/parameters.js';
import { refuseTooFew } from './pretraining/train-on-images.js';

type Part = 'time' | 'freq';

/** Stages before DP-SGD, and what each is trained on. */
const schedules = {
  'time-freq': [['time'], ['freq']],
  'freq-time': [['freq'], ['time']],
  time: [['time']],
  freq: [['freq']],
  mix: [['time', 'freq']],
} as const satisfies Readonly<Record<string, readonly (readonly Part[])[]>>;

type Schedule = keyof typeof schedules;

const takes = (schedule: Schedule, part: Part): boolean => schedules[schedule].flat().some((each) => each === part);

interface StageParameters extends EasyParameters {
  readonly frequencySteps: number;
  readonly frequencyBatchSize: number;
}

const stageOf = (part: Part, params: StageParameters) =>
  part === 'time'
    ? { title: 'central images', steps: params.easySteps, batchSize: params.easyBatchSize }
    : { title: 'generated images', steps: params.frequencySteps, batchSize: params.frequencyBatchSize };

/** The first eight images of each class, to show; classes come one after the other. */
function firstOfEach(images: LabeledImages, classes: number): LabeledImages {
  const first = Array.from({ length: classes }, (_, label) => images.labels.indexOf(label));
  const rows = [...images.labels.keys()].filter((row) => row - first[images.labels[row]!]! < 8);
  return takeImages(images, rows);
}

const manyRounds = { centralRounds: 250, centralBatchSize: 12000, easySteps: 10_000 };
const slowly = { generatorLearningRate: 0.005, generatorBatchSize: 500 };

export const dpFetaPro = defineMethod({
  id: 'dp-feta-pro',
  title: 'DP-FETA-Pro',
  paper: {
    title: 'From Easy to Hard++: Promoting Differentially Private Image Synthesis Through Spatial-Frequency Curriculum',
    authors: 'Gong, Li, Lin, Wang',
    year: 2026,
    url: 'https://arxiv.org/abs/2601.06368',
  },
  summary: {
    idea: 'as DP-FETA, with images by frequency features (DP-MERF) between the mean images and DP-SGD',
    noised: 'the mean images, a mean embedding, and each gradient of the denoiser',
    noisedValues: (params, facts) => denoiserValues(params, facts, facts.classes.length),
  },
  params: {
    ...diffusionParameters,
    ...centralImageParameters,
    ...easyParameters,
    easySteps: count({ smoke: 4, laptop: 800, paper: 1000 }, 'training steps on the central images'),
    ...frequencyParameters,
    schedule: oneOf(
      Object.keys(schedules) as Schedule[],
      'time-freq',
      'stages before DP-SGD: central images (time), images by frequency features (freq), or both in one (mix)',
    ),
  },
  published: [
    ...publishedTrainings({
      'celeba-male-64': { epochs: 50, copies: 4 },
      'celeba-male-128': { epochs: 50, copies: 4 },
      camelyon17: { epochs: 50 },
    }),
    { datasets: ['eurosat'], params: { sampler: 'ddim', samplerSteps: 250 } },
    {
      ...{ datasets: ['mnist', 'fashion-mnist'], epsilon: 1 },
      params: { centralNoiseMultiplier: 20, frequencyNoiseMultiplier: 26.6 },
    },
    { datasets: ['cifar-10'], params: { frequencyNoiseMultiplier: 8.2, ...slowly, generatorSteps: 500 } },
    {
      ...{ datasets: ['cifar-10'], epsilon: 1 },
      params: {
        ...{ centralNoiseMultiplier: 15, frequencyNoiseMultiplier: 32.6 },
        ...{ generatorLearningRate: 0.01, generatorBatchSize: 100, generatorSteps: 2500 },
      },
    },
    { datasets: ['eurosat'], params: { frequencyNoiseMultiplier: 8.2, ...slowly, generatorSteps: 230 } },
    {
      datasets: ['celeba-male-32', 'celeba-male-64', 'celeba-male-128'],
      params: { ...manyRounds, centralNoiseMultiplier: 50, frequencyNoiseMultiplier: 8.2, generatorSteps: 8135 },
    },
    {
      ...{ datasets: ['celeba-male-32'], epsilon: 1 },
      params: { centralNoiseMultiplier: 15, frequencyNoiseMultiplier: 25, ...slowly, generatorSteps: 1625 },
    },
    { datasets: ['celeba-male-128'], params: { frequencySteps: 9370, frequencyBatchSize: 64 } },
    ...publishedCentralImages,
    {
      datasets: ['camelyon17'],
      params: { ...manyRounds, frequencyNoiseMultiplier: 8.4, ...slowly, generatorSteps: 3020 },
    },
    {
      ...{ datasets: ['camelyon17'], epsilon: 1 },
      params: { centralNoiseMultiplier: 10, frequencyNoiseMultiplier: 49.6 },
    },
  ],
  samples: { smoke: 100, laptop: 4000, paper: 60000 },

  /** A record changes the central images and the embedding of one class, and each sum of clipped gradients by at most clipNorm. */
  spends: (params, facts) => [
    ...(takes(params.schedule, 'time') ? [spendsOnCentralImages(params, facts)] : []),
    ...(takes(params.schedule, 'freq') ? [spendsOnFrequencies(params, facts)] : []),
    spendsOnTraining(params, facts),
  ],

  refuse({ facts, params }) {
    denoiserValues(params, facts, facts.classes.length);
    const counts = { time: centralOutline(params, facts).images.count, freq: params.frequencyImages };
    for (const parts of schedules[params.schedule] as readonly (readonly Part[])[]) {
      const last = parts.at(-1)!;
      const count = parts.reduce((sum, part) => sum + counts[part], 0);
      const outline = { name: parts.map((part) => stageOf(part, params).title).join(' and '), images: { count } };
      refuseTooFew(outline, last === 'time' ? 'easyBatchSize' : 'frequencyBatchSize', stageOf(last, params).batchSize);
    }
  },

  async fit(context) {
    const { mechanisms, facts, params, stream, own, onStage } = context;
    const { schedule } = params;
    const model = own(new DiffusionModel(facts, params, facts.classes.length, stream));
    const generator = takes(schedule, 'freq') ? own(frequencyGenerator(context)) : undefined;
    const datasets: Partial<Record<Part, PublicDataset>> = {};
    if (takes(schedule, 'time')) {
      const { released, dataset } = await centralImages(mechanisms, params);
      await onStage('central images', released);
      datasets.time = dataset;
    }
    let checkpoint = context.checkpoint;
    if (generator) {
      const made = await frequencyImages(generator, context);
      await onStage('generated images', firstOfEach(made.images, facts.classes.length));
      datasets.freq = { name: 'generated images', classes: facts.classes, images: made.images };
      checkpoint = made.checkpoint;
    }
    for (const parts of schedules[schedule] as readonly (readonly Part[])[]) {
      const title = parts.map((part) => stageOf(part, params).title).join(' and ');
      const steps = parts.reduce((sum, part) => sum + stageOf(part, params).steps, 0);
      const { batchSize } = stageOf(parts.at(-1)!, params);
      const images = together(parts.map((part) => datasets[part]!.images));
      const stage = { title, steps, batchSize, dataset: { name: title, classes: facts.classes, images } };
      await trainOnReleased(model, stage, `after the ${title}`, { ...context, checkpoint });
    }
    return trainPrivately(model, { ...context, checkpoint });
  },
});
