import type { ExampleLosses } from '../../../../lib/nn/tape.js';
import { parameterNames } from '../../../../lib/nn/layers/role.js';
import { noiseLosses, type LatentNetworks } from '../../../../lib/nn/latent-diffusion/noise-losses.js';
import { forwardTape } from '../../../../lib/nn/tape.js';
import { tf, type Tensor, type Variable } from '../../../../lib/tensor/index.js';

/** What DP-LDM trains, and DP-LoRA. */
export const tunedRoles = { 'DP-LDM': ['class', 'transformer'], 'DP-LoRA': ['class', 'adapter'] } as const;

/** The losses of networks as a function of the trained weights alone, the others being given. */
export function lossesOfTrained(networks: LatentNetworks, weights: Record<string, Variable>, roles: readonly string[]) {
  const names = parameterNames(networks.unet.layers, { roles });
  const trained: Record<string, Variable> = Object.fromEntries(names.map((name) => [name, weights[name]!]));
  const frozen = forwardTape(weights);
  const losses: ExampleLosses = (tape, ...inputs) => {
    const of = (name: string) => (names.includes(name) ? tape : frozen);
    const all = noiseLosses(networks);
    return all({ use: (layer, x) => of(Object.keys(layer.parameters)[0]!).use(layer, x) }, ...inputs);
  };
  return { trained, losses };
}

/** With a single token the softmax over tokens is 1: what goes into it has no gradient, but for rounding. */
export const withoutGradient = (name: string) => /\.class\.(query|key)\.|\.attention\.norm1\.(scale|shift)$/.test(name);

/** The largest size of any value. */
export async function largest(tensor: Tensor): Promise<number> {
  const size = tf.tidy(() => tensor.abs().max());
  const [value] = await size.data();
  size.dispose();
  return value!;
}
