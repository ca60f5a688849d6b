import { tf, type Tensor } from '../tensor/index.js';

/** Gradients in units of the clip norm, so that Adam's epsilon means the same whatever the norm is; disposes what it gets. */
export function inClipNorms(gradients: Record<string, Tensor>, clipNorm: number): Record<string, Tensor> {
  const scaled = tf.tidy(() =>
    Object.fromEntries(Object.entries(gradients).map(([name, gradient]) => [name, gradient.div(clipNorm)])),
  );
  tf.dispose(gradients);
  return scaled;
}
