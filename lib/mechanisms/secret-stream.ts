import { SeededStream, type SecureStream } from '../core/rng.js';

/** A stream that nobody can repeat, with a key of more than 256 bits of the noise; it can be forked, unlike the noise itself. */
export function secretStream(noise: SecureStream): SeededStream {
  const key = new Float64Array(8);
  noise.fillNormal(key);
  return new SeededStream(key.join());
}
