import { runOp, tf, type Tensor2D, type Variable } from '../tensor/index.js';
import type { SeededStream } from '../core/rng.js';

/**
 * A weight whose matrix `[everything else, outputs]` (the last axis counts outputs) has orthonormal columns, or orthonormal
 * rows where there are fewer of them; uniform among those (Saxe, McClelland and Ganguli 2014; Mezzadri 2007 for the signs).
 * All its singular values are 1.
 */
export function orthogonal(shape: readonly number[], stream: SeededStream): Variable {
  const outputs = shape.at(-1)!;
  const rest = shape.reduce((product, length) => product * length, 1) / outputs;
  const [long, short] = [Math.max(rest, outputs), Math.min(rest, outputs)];
  const values = new Float32Array(long * short);
  stream.fillNormal(values);
  return tf.tidy(() => {
    const drawn = tf.tensor2d(values, [long, short]);
    const attributes = { T: { type: 'float32' }, full_matrices: { bool: false } } as const;
    const [q, r] = runOp('Qr', attributes, [drawn], 2) as [Tensor2D, Tensor2D];
    const diagonal = r.mul(tf.eye(short)).sum(0); // [short]
    const columns = q.mul<Tensor2D>(diagonal.sign()); // [long, short]
    return tf.variable((rest < outputs ? columns.transpose() : columns).reshape([...shape]));
  });
}
